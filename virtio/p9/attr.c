/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/magic.h>
#include <linux/xattr.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "virtio/p9/request.h"

/* Takes the one fid that a request consists of. */
static int get_fid(struct p9_server *server, struct p9_request *request, struct p9_fid **fid)
{
	uint32_t number = p9_get_u32(&request->in);
	int r = p9_get_end(&request->in);

	if (r)
		return r;
	*fid = p9_fid_find(&server->fids, number);
	return *fid ? 0 : -EBADF;
}

static void put_time(struct p9_writer *out, const struct statx_timestamp *time)
{
	p9_put_u64(out, (uint64_t)time->tv_sec);
	p9_put_u64(out, time->tv_nsec);
}

/*
 * Tgetattr fid[4] request_mask[8]
 * Rgetattr valid[8] qid[13] mode[4] uid[4] gid[4] nlink[8] rdev[8] size[8] blksize[8] blocks[8]
 *          atime[16] mtime[16] ctime[16] btime[16] gen[8] data_version[8]
 */
int p9_getattr(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	static const struct statx_timestamp no_time;
	struct p9_writer *out = &request->out;
	const struct p9_fid *fid;
	struct p9_qid qid;
	struct statx stx;
	int r;

	/* Everything costs the same: what is asked for does not matter. */
	(void)p9_get_u64(&request->in);
	r = p9_get_end(&request->in);
	if (r)
		return r;
	fid = p9_fid_find(&server->fids, number);
	if (!fid)
		return -EBADF;
	r = fid->fd >= 0 ? p9_fs_stat(fid->fd, &stx)
			 : p9_node_stat(&server->nodes, fid->node, &stx);
	if (r)
		return r;
	qid = p9_qid_of(&server->devices, &stx);
	p9_put_u64(out, P9_GETATTR_BASIC);
	p9_put_qid(out, &qid);
	p9_put_u32(out, stx.stx_mode);
	p9_put_u32(out, stx.stx_uid);
	p9_put_u32(out, stx.stx_gid);
	p9_put_u64(out, stx.stx_nlink);
	p9_put_u64(out, makedev(stx.stx_rdev_major, stx.stx_rdev_minor));
	p9_put_u64(out, stx.stx_size);
	p9_put_u64(out, stx.stx_blksize);
	p9_put_u64(out, stx.stx_blocks);
	put_time(out, &stx.stx_atime);
	put_time(out, &stx.stx_mtime);
	put_time(out, &stx.stx_ctime);
	put_time(out, &no_time);
	p9_put_u64(out, 0);
	p9_put_u64(out, 0);
	return 0;
}

/* A hidden file's file system is empty, whatever the host's may be. */
static int stat_filesystem(struct p9_server *server, const struct p9_fid *fid, struct statfs *fs)
{
	int fd;

	if (fid->node->hidden) {
		*fs = (struct statfs){.f_bsize = 4096, .f_namelen = NAME_MAX};
		return 0;
	}
	fd = fid->fd >= 0 ? fid->fd : p9_node_fd(&server->nodes, fid->node);
	if (fd < 0)
		return fd;
	return fstatfs(fd, fs) ? -errno : 0;
}

/*
 * Tstatfs fid[4]
 * Rstatfs type[4] bsize[4] blocks[8] bfree[8] bavail[8] files[8] ffree[8] fsid[8] namelen[4]
 *
 * The type is 9P's own: that is what the guest has mounted, and programs choose how to lock by it.
 */
int p9_statfs(struct p9_server *server, struct p9_request *request)
{
	struct p9_writer *out = &request->out;
	struct p9_fid *fid;
	struct statfs fs;
	uint64_t fsid;
	int r = get_fid(server, request, &fid);

	if (r)
		return r;
	r = stat_filesystem(server, fid, &fs);
	if (r)
		return r;
	_Static_assert(sizeof(fs.f_fsid) == sizeof(fsid), "fsid is two words");
	memcpy(&fsid, &fs.f_fsid, sizeof(fsid));
	p9_put_u32(out, V9FS_MAGIC);
	p9_put_u32(out, (uint32_t)fs.f_bsize);
	p9_put_u64(out, fs.f_blocks);
	p9_put_u64(out, fs.f_bfree);
	p9_put_u64(out, fs.f_bavail);
	p9_put_u64(out, fs.f_files);
	p9_put_u64(out, fs.f_ffree);
	p9_put_u64(out, fsid);
	p9_put_u32(out, (uint32_t)fs.f_namelen);
	return 0;
}

/* Treadlink fid[4] - Rreadlink target[s] */
int p9_readlink(struct p9_server *server, struct p9_request *request)
{
	struct p9_fid *fid;
	ssize_t len;
	int fd, r = get_fid(server, request, &fid);

	if (r)
		return r;
	if (fid->node->id.type != S_IFLNK)
		return -EINVAL;
	fd = p9_node_fd(&server->nodes, fid->node);
	if (fd < 0)
		return fd;
	len = readlinkat(fd, "", (char *)server->scratch, PATH_MAX);
	if (len < 0)
		return -errno;
	p9_put_str(&request->out, (const char *)server->scratch, (size_t)len);
	return 0;
}

/* Copies the list of names without those of trusted.*, in place; returns its new length. */
static size_t hide_trusted(char *list, size_t len)
{
	size_t from = 0, to = 0;

	while (from < len) {
		size_t n = strnlen(list + from, len - from);

		n += from + n < len;
		if (strncmp(list + from, XATTR_TRUSTED_PREFIX, XATTR_TRUSTED_PREFIX_LEN) != 0) {
			memmove(list + to, list + from, n);
			to += n;
		}
		from += n;
	}
	return to;
}

/* The value of an attribute, or the list of names if name is empty, into the server's scratch. */
static ssize_t read_xattr(struct p9_server *server, int fd, const char *name)
{
	ssize_t len;

	if (name[0])
		len = fgetxattr(fd, name, server->scratch, XATTR_SIZE_MAX);
	else
		len = flistxattr(fd, (char *)server->scratch, XATTR_LIST_MAX);
	if (len < 0)
		return -errno;
	return name[0] ? len : (ssize_t)hide_trusted((char *)server->scratch, (size_t)len);
}

/*
 * Attributes need a descriptor that is open for reading; what cannot be opened has none as far as this
 * server can tell.
 */
static ssize_t fetch_xattr(struct p9_server *server, const struct p9_fid *fid, const char *name)
{
	struct p9_node *node = fid->node;
	struct statx stx;
	ssize_t len;
	int fd;

	if (node->hidden || (node->id.type != S_IFREG && node->id.type != S_IFDIR))
		return -EOPNOTSUPP;
	if (fid->fd >= 0)
		return read_xattr(server, fid->fd, name);
	fd = p9_node_open(&server->nodes, node, &stx);
	if (fd < 0)
		return fd == -EACCES || fd == -EPERM ? -EOPNOTSUPP : fd;
	len = read_xattr(server, fd, name);
	p9_node_close(&server->nodes, fd);
	return len;
}

static int xattr_name(struct p9_str str, char name[XATTR_NAME_MAX + 1])
{
	if (str.len > XATTR_NAME_MAX)
		return -ERANGE;
	if (memchr(str.bytes, 0, str.len))
		return -EINVAL;
	memcpy(name, str.bytes, str.len);
	name[str.len] = 0;
	return 0;
}

/*
 * Txattrwalk fid[4] newfid[4] name[s] - Rxattrwalk size[8]
 *
 * newfid is then read, and clunked. trusted.* is not shown: it is for the host's administrator, and an
 * overlay in the guest, which asks for trusted.overlay.* on every lookup, must not take the host's
 * overlays for its own.
 */
int p9_xattrwalk(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint32_t newfid = p9_get_u32(&request->in);
	struct p9_str str = p9_get_str(&request->in);
	char name[XATTR_NAME_MAX + 1];
	struct p9_fid *fid, *new;
	ssize_t len;
	int r = p9_get_end(&request->in);

	if (r == 0)
		r = xattr_name(str, name);
	if (r)
		return r;
	fid = p9_fid_find(&server->fids, number);
	if (!fid || fid->state == P9_FID_XATTR)
		return -EBADF;
	if (strncmp(name, XATTR_TRUSTED_PREFIX, XATTR_TRUSTED_PREFIX_LEN) == 0)
		return -ENODATA;
	len = fetch_xattr(server, fid, name);
	if (len < 0)
		return (int)len;
	r = p9_fid_add(&server->fids, newfid, fid->node, &new);
	if (r)
		return r;
	r = p9_fid_set_xattr(&server->fids, new, server->scratch, (size_t)len);
	if (r) {
		p9_fid_remove(&server->fids, new);
		return r;
	}
	p9_put_u64(&request->out, (uint64_t)len);
	return 0;
}
