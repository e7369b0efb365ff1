/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/util.h"
#include "virtio/p9/request.h"
#include "virtio/p9/scatter.h"

/*
 * Tlopen fid[4] flags[4] - Rlopen qid[13] iounit[4]
 *
 * iounit 0: reads may be as large as msize allows.
 */
int p9_lopen(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint32_t flags = p9_get_u32(&request->in);
	struct p9_fid *fid;
	struct p9_qid qid;
	struct statx stx;
	int fd = -1, r = p9_get_end(&request->in);

	if (r)
		return r;
	fid = p9_fid_find(&server->fids, number);
	if (!fid || fid->state != P9_FID_WALKED)
		return -EBADF;
	if ((flags & P9_DOTL_NOACCESS) != P9_DOTL_RDONLY ||
	    (flags & (P9_DOTL_CREATE | P9_DOTL_TRUNC | P9_DOTL_APPEND)))
		return -EROFS;
	if ((flags & P9_DOTL_DIRECTORY) && fid->node->id.type != S_IFDIR)
		return -ENOTDIR;
	if (fid->node->hidden)
		r = p9_node_stat(&server->nodes, fid->node, &stx);
	else
		r = fd = p9_node_open(&server->nodes, fid->node, &stx);
	if (r < 0)
		return r;
	fid->fd = fd;
	fid->dir_offset = 0;
	fid->state = P9_FID_OPEN;
	qid = p9_qid_of(&server->devices, &stx);
	p9_put_qid(&request->out, &qid);
	p9_put_u32(&request->out, 0);
	return 0;
}

/* Straight from the file into the reply, behind its head. Returns the bytes read. */
static ssize_t read_file(struct p9_server *server, struct p9_request *request, int fd,
			 uint64_t offset, size_t count)
{
	size_t done = 0;

	if (offset > INT64_MAX - P9_MSIZE_MAX)
		return -EINVAL;
	while (done < count) {
		size_t pieces =
			scatter_slice(request->reply, request->reply_count, P9_RREAD_HEAD + done,
				      count - done, server->iov, P9_IOV_MAX);
		size_t asked = scatter_size(server->iov, pieces);
		ssize_t n = preadv(fd, server->iov, (int)pieces, (off_t)(offset + done));

		if (n < 0)
			return done ? (ssize_t)done : -errno;
		done += (size_t)n;
		/* The end of the file: asking again would cost every small file a system call. */
		if ((size_t)n < asked)
			break;
	}
	return (ssize_t)done;
}

static ssize_t read_xattr(struct p9_server *server, struct p9_request *request,
			  const struct p9_fid *fid, uint64_t offset, size_t count)
{
	size_t pieces;

	if (offset >= fid->xattr_size)
		return 0;
	count = min_u64(count, fid->xattr_size - offset);
	pieces = scatter_slice(request->reply, request->reply_count, P9_RREAD_HEAD, count,
			       server->iov, P9_IOV_MAX);
	return (ssize_t)scatter_write(server->iov, pieces, fid->xattr + offset, count);
}

/* Tread fid[4] offset[8] count[4] - Rread count[4] data[count] */
int p9_read(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint64_t offset = p9_get_u64(&request->in);
	size_t count = p9_get_u32(&request->in);
	const struct p9_fid *fid;
	ssize_t n = 0;
	int r = p9_get_end(&request->in);

	if (r)
		return r;
	count = min_u64(count, request->room - P9_RREAD_HEAD);
	fid = p9_fid_find(&server->fids, number);
	if (!fid || fid->state == P9_FID_WALKED)
		return -EBADF;
	if (fid->state == P9_FID_XATTR)
		n = read_xattr(server, request, fid, offset, count);
	else if (fid->node->id.type == S_IFDIR)
		return -EISDIR;
	else if (!fid->node->hidden)
		n = read_file(server, request, fid->fd, offset, count);
	if (n < 0)
		return (int)n;
	p9_put_u32(&request->out, (uint32_t)n);
	request->payload = (size_t)n;
	return 0;
}

/* A listing under way: what is being listed, and how much may still be put. */
struct listing {
	struct p9_server *server;
	const struct p9_node *dir;
	struct p9_writer *out;
	size_t left;
};

/*
 * One entry, if there is room for all of it. No stat for each: inode and type are those of the
 * directory's entry, so a mount point shows the inode it covers until it is walked to. "." and ".." are
 * what a walk makes of them: above the root there is nothing.
 */
static bool put_entry(struct listing *listing, const char *name, uint64_t ino, uint64_t offset,
		      uint8_t d_type)
{
	const struct p9_node *dir = listing->dir;
	struct p9_file_id id = {.dev = dir->id.dev, .ino = ino};
	size_t len = strlen(name), size = P9_DIRENT_FIXED + len;
	struct p9_qid qid;

	if (size > listing->left)
		return false;
	if (strcmp(name, ".") == 0)
		id = dir->id;
	else if (strcmp(name, "..") == 0)
		id = dir->parent ? dir->parent->id : dir->id;
	qid = (struct p9_qid){
		.type = p9_qid_type((unsigned int)DTTOIF(d_type)),
		.path = p9_qid_path(&listing->server->devices, id.dev, id.ino),
	};
	p9_put_qid(listing->out, &qid);
	p9_put_u64(listing->out, offset);
	p9_put_u8(listing->out, d_type);
	p9_put_str(listing->out, name, len);
	listing->left -= size;
	return true;
}

/* A hidden directory: only "." and "..", at offsets 0 and 1. */
static int list_hidden(struct listing *listing, uint64_t offset)
{
	static const char *const names[] = {".", ".."};

	for (; offset < ARRAY_SIZE(names); offset++) {
		if (!put_entry(listing, names[offset], 0, offset + 1, DT_DIR))
			return offset == 0 ? -EINVAL : 0;
	}
	return 0;
}

/*
 * How much to ask getdents64 for. Its records are at least 20 bytes and the name, rounded up to 8; an
 * entry here is 24 bytes and the name: at most 4 more, on 24 at least. So 6/7 of the room always fits,
 * and one record of any name must.
 */
static size_t dirents_for(size_t room)
{
	size_t one = offsetof(struct dirent64, d_name) + NAME_MAX + 1;
	size_t size = min_u64(room / 7 * 6, P9_SCRATCH_MAX);

	return size > one ? size : align_up(one, 8);
}

/* No offset a stream can have. */
#define OFFSET_UNKNOWN UINT64_MAX

/* Puts the first `len` bytes of records in scratch; true if all of them had room. */
static bool put_records(struct listing *listing, size_t len, uint64_t *last)
{
	const uint8_t *scratch = listing->server->scratch;

	for (size_t at = 0; at < len;) {
		const struct dirent64 *record = (const void *)(scratch + at);

		*last = (uint64_t)record->d_off;
		if (!put_entry(listing, record->d_name, record->d_ino, *last, record->d_type))
			return false;
		at += record->d_reclen;
	}
	return true;
}

/* Entries from the fid's directory stream. Those that have no room are read again. */
static int list_dir(struct listing *listing, struct p9_fid *fid, uint64_t offset)
{
	size_t room = listing->left;
	uint64_t last = offset;
	long n;

	if (offset > INT64_MAX)
		return -EINVAL;
	if (offset != fid->dir_offset && lseek(fid->fd, (off_t)offset, SEEK_SET) < 0)
		return -errno;
	fid->dir_offset = OFFSET_UNKNOWN;
	n = syscall(SYS_getdents64, fid->fd, listing->server->scratch, dirents_for(room));
	if (n < 0)
		return -errno;
	if (put_records(listing, (size_t)n, &last))
		fid->dir_offset = last;
	return n > 0 && listing->left == room ? -EINVAL : 0;
}

/* Treaddir fid[4] offset[8] count[4] - Rreaddir count[4] data[count]: whole dirents */
int p9_readdir(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint64_t offset = p9_get_u64(&request->in);
	size_t count = p9_get_u32(&request->in);
	struct listing listing = {.server = server, .out = &request->out};
	struct p9_fid *fid;
	int r = p9_get_end(&request->in);

	if (r)
		return r;
	fid = p9_fid_find(&server->fids, number);
	if (!fid || fid->state != P9_FID_OPEN)
		return -EBADF;
	if (fid->node->id.type != S_IFDIR)
		return -ENOTDIR;
	count = min_u64(count, request->out.room - P9_RREAD_HEAD);
	listing.dir = fid->node;
	listing.left = count;
	p9_put_u32(&request->out, 0);
	r = fid->node->hidden ? list_hidden(&listing, offset) : list_dir(&listing, fid, offset);
	if (r)
		return r;
	p9_set_u32(&request->out, P9_HEAD_SIZE, (uint32_t)(count - listing.left));
	return 0;
}
