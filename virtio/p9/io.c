/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/libc.h"
#include "core/util.h"
#include "virtio/p9/request.h"
#include "virtio/p9/scatter.h"

/*
 * The host's file is not opened with O_APPEND: see write_file(). The bits of sync and dsync reach it, so
 * that such a write is on the disk when it is answered. All others are the guest kernel's business.
 */
int p9_open_flags(const struct p9_node *node, uint32_t dotl, int *flags)
{
	uint32_t mode = dotl & P9_DOTL_NOACCESS;

	if (mode == P9_DOTL_NOACCESS)
		return -EINVAL;
	*flags = mode == P9_DOTL_RDONLY ? O_RDONLY : mode == P9_DOTL_WRONLY ? O_WRONLY : O_RDWR;
	if (dotl & P9_DOTL_TRUNC)
		*flags |= O_TRUNC;
	if (*flags == O_RDONLY)
		return 0;
	if (dotl & P9_DOTL_DSYNC)
		*flags |= (dotl & P9_DOTL_SYNC) == P9_DOTL_SYNC ? O_SYNC : O_DSYNC;
	return p9_node_writable(node);
}

int p9_put_opened(struct p9_server *server, struct p9_request *request, const struct p9_fid *fid)
{
	const struct p9_node *node = fid->node;
	struct statx stx;
	struct p9_qid qid;
	int r;

	if (node->id.type == S_IFREG && node->export->direct) {
		/* Nothing in it changes: no need to ask. */
		qid = (struct p9_qid){
			.type = P9_QTFILE,
			.path = p9_qid_path(&server->devices, node->id.dev, node->id.ino),
		};
	} else {
		r = fid->fd >= 0 ? p9_fs_stat(fid->fd, &stx) : p9_node_stat(fid->node, &stx);
		if (r)
			return r;
		qid = p9_node_qid(server, node, &stx);
	}
	p9_put_qid(&request->out, &qid);
	p9_put_u32(&request->out, 0);
	return 0;
}

static int open_node(struct p9_fid *new, uint32_t dotl)
{
	struct p9_node *node = new->node;
	int flags, fd, r = p9_open_flags(node, dotl, &flags);

	if (r)
		return r;
	if ((dotl & P9_DOTL_DIRECTORY) && node->id.type != S_IFDIR)
		return -ENOTDIR;
	if (node->id.type == S_IFDIR && flags != O_RDONLY)
		return -EISDIR;
	new->state = P9_FID_OPEN;
	new->append = dotl &P9_DOTL_APPEND;
	if (node->kind != P9_NODE_FILE)
		return 0;
	fd = p9_node_open(node, flags);
	if (fd < 0)
		return fd;
	new->fd = fd;
	return 0;
}

/* Tlopen fid[4] flags[4] - Rlopen qid[13] iounit[4] */
int p9_lopen(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint32_t dotl = p9_get_u32(&request->in);
	_cleanup_fid_ struct p9_fid *fid = NULL, *new = NULL;
	int r = p9_get_end(&request->in);

	if (r == 0)
		r = p9_find_fid(server, number, P9_FID_IS(P9_FID_WALKED), &fid);
	if (r)
		return r;
	new = p9_fid_new(&server->fids, fid->node, fid->uid);
	if (!new)
		return -ENOMEM;
	r = open_node(new, dotl);
	if (r == 0)
		r = p9_put_opened(server, request, new);
	return r ? r : p9_fid_replace(fid, new);
}

/* Moves data between the file and buffers of the guest's, which start `skip` bytes into its list. */
typedef ssize_t mover(const struct p9_fid *fid, const struct iovec *iov, int count, off_t offset);

static ssize_t move(struct p9_request *request, const struct p9_fid *fid, const struct iovec *list,
		    size_t list_count, size_t skip, uint64_t offset, size_t count, mover *call)
{
	size_t done = 0;

	if (offset > INT64_MAX - P9_MSIZE_MAX)
		return -EINVAL;
	while (done < count) {
		size_t pieces = scatter_slice(list, list_count, skip + done, count - done,
					      request->iov, P9_IOV_MAX);
		size_t asked = scatter_size(request->iov, pieces);
		ssize_t n = call(fid, request->iov, (int)pieces, (off_t)(offset + done));

		if (n < 0)
			return done ? (ssize_t)done : -errno;
		done += (size_t)n;
		/* The end of the file, or of the disk: asking again would cost every small file a call. */
		if ((size_t)n < asked || asked == 0)
			break;
	}
	return (ssize_t)done;
}

static ssize_t read_file(const struct p9_fid *fid, const struct iovec *iov, int count, off_t offset)
{
	return preadv(fid->fd, iov, count, offset);
}

/*
 * A guest that appends writes to where it believes the end to be. Where it does not cache, the host may
 * have appended since: the write goes to the real end. Where it does, the same fid may be used to write
 * back a page in the middle (Linux from 6.4 on takes any that is open), and the offset is what counts.
 */
static ssize_t write_file(const struct p9_fid *fid, const struct iovec *iov, int count,
			  off_t offset)
{
	bool append = fid->append && fid->node->export->direct;

	return pwritev2(fid->fd, iov, count, offset, append ? RWF_APPEND : 0);
}

static ssize_t read_xattr(struct p9_request *request, const struct p9_fid *fid, uint64_t offset,
			  size_t count)
{
	size_t pieces;

	if (offset >= fid->xattr.size)
		return 0;
	count = min_u64(count, fid->xattr.size - offset);
	pieces = scatter_slice(request->reply, request->reply_count, P9_RREAD_HEAD, count,
			       request->iov, P9_IOV_MAX);
	return (ssize_t)scatter_write(request->iov, pieces, fid->xattr.value + offset, count);
}

/* Tread fid[4] offset[8] count[4] - Rread count[4] data[count] */
int p9_read(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint64_t offset = p9_get_u64(&request->in);
	size_t count = p9_get_u32(&request->in);
	_cleanup_fid_ struct p9_fid *fid = NULL;
	ssize_t n = 0;
	int r = p9_get_end(&request->in);

	if (r == 0)
		r = p9_find_fid(server, number, P9_FID_IS(P9_FID_OPEN) | P9_FID_IS(P9_FID_XATTR),
				&fid);
	if (r)
		return r;
	count = min_u64(count, request->room - P9_RREAD_HEAD);
	if (fid->state == P9_FID_XATTR)
		n = read_xattr(request, fid, offset, count);
	else if (fid->node->id.type == S_IFDIR)
		return -EISDIR;
	else if (fid->fd >= 0)
		n = move(request, fid, request->reply, request->reply_count, P9_RREAD_HEAD, offset,
			 count, read_file);
	if (n < 0)
		return (int)n;
	p9_put_u32(&request->out, (uint32_t)n);
	request->payload = (size_t)n;
	return 0;
}

static ssize_t write_xattr(struct p9_request *request, struct p9_fid *fid, uint64_t offset,
			   size_t count)
{
	ssize_t n = -ENOSPC;

	(void)pthread_mutex_lock(&fid->lock);
	if (offset == fid->xattr.written && count <= fid->xattr.size - fid->xattr.written) {
		n = (ssize_t)scatter_read_from(request->message, request->message_count,
					       P9_TWRITE_HEAD, fid->xattr.value + offset, count);
		fid->xattr.written += (size_t)n;
	}
	(void)pthread_mutex_unlock(&fid->lock);
	return n;
}

static ssize_t write_fid(struct p9_request *request, struct p9_fid *fid, uint64_t offset,
			 size_t count)
{
	if (fid->state == P9_FID_XATTR_SET)
		return write_xattr(request, fid, offset, count);
	if (fid->node->id.type == S_IFDIR)
		return -EISDIR;
	/* Of a read-only file no descriptor is open for writing; but this says so in every case. */
	if (p9_node_writable(fid->node))
		return p9_node_writable(fid->node);
	return move(request, fid, request->message, request->message_count, P9_TWRITE_HEAD, offset,
		    count, write_file);
}

/* Twrite fid[4] offset[8] count[4] data[count] - Rwrite count[4] */
int p9_write(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint64_t offset = p9_get_u64(&request->in);
	size_t count = p9_get_u32(&request->in);
	size_t sent = scatter_size(request->message, request->message_count);
	_cleanup_fid_ struct p9_fid *fid = NULL;
	ssize_t n;
	int r = p9_get_end(&request->in);

	if (r)
		return r;
	/* The message is as long as it says it is, and so is what it carries. */
	if (request->size < P9_TWRITE_HEAD || count > request->size - P9_TWRITE_HEAD ||
	    request->size > sent || count > P9_MSIZE_MAX)
		return -EPROTO;
	r = p9_find_fid(server, number, P9_FID_IS(P9_FID_OPEN) | P9_FID_IS(P9_FID_XATTR_SET), &fid);
	if (r)
		return r;
	n = write_fid(request, fid, offset, count);
	if (n < 0)
		return (int)n;
	p9_put_u32(&request->out, (uint32_t)n);
	return 0;
}

/* Tfsync fid[4] datasync[4] - Rfsync: answered when it is on the disk. */
int p9_fsync(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint32_t datasync = p9_get_u32(&request->in);
	_cleanup_fid_ struct p9_fid *fid = NULL;
	int r = p9_get_end(&request->in);

	if (r == 0)
		r = p9_find_fid(server, number, P9_FID_ANY_FILE, &fid);
	/* What cannot be written needs no syncing, and a guest shall not make the host's disk busy. */
	if (r || fid->fd < 0 || p9_node_writable(fid->node))
		return r;
	return (datasync ? fdatasync(fid->fd) : fsync(fid->fd)) ? -errno : 0;
}
