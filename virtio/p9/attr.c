/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "virtio/p9/creds.h"
#include "virtio/p9/request.h"

/* Takes the one fid that a request consists of. To be put back. */
static int get_fid(struct p9_server *server, struct p9_request *request, struct p9_fid **fid)
{
	uint32_t number = p9_get_u32(&request->in);
	int r = p9_get_end(&request->in);

	return r ? r : p9_find_fid(server, number, ~0u, fid);
}

static void put_time(struct p9_writer *out, const struct statx_timestamp *time)
{
	p9_put_u64(out, (uint64_t)time->tv_sec);
	p9_put_u64(out, time->tv_nsec);
}

static void put_attributes(struct p9_writer *out, const struct p9_qid *qid, const struct statx *stx)
{
	static const struct statx_timestamp no_time;

	p9_put_u64(out, P9_GETATTR_BASIC);
	p9_put_qid(out, qid);
	p9_put_u32(out, stx->stx_mode);
	p9_put_u32(out, stx->stx_uid);
	p9_put_u32(out, stx->stx_gid);
	p9_put_u64(out, stx->stx_nlink);
	p9_put_u64(out, makedev(stx->stx_rdev_major, stx->stx_rdev_minor));
	p9_put_u64(out, stx->stx_size);
	p9_put_u64(out, stx->stx_blksize);
	p9_put_u64(out, stx->stx_blocks);
	put_time(out, &stx->stx_atime);
	put_time(out, &stx->stx_mtime);
	put_time(out, &stx->stx_ctime);
	put_time(out, &no_time);
	p9_put_u64(out, 0);
	p9_put_u64(out, 0);
}

/*
 * Tgetattr fid[4] request_mask[8]
 * Rgetattr valid[8] qid[13] mode[4] uid[4] gid[4] nlink[8] rdev[8] size[8] blksize[8] blocks[8]
 *          atime[16] mtime[16] ctime[16] btime[16] gen[8] data_version[8]
 *
 * Everything costs the same: what is asked for does not matter.
 */
int p9_getattr(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	_cleanup_fid_ struct p9_fid *fid = NULL;
	struct p9_qid qid;
	struct statx stx;
	int r;

	(void)p9_get_u64(&request->in);
	r = p9_get_end(&request->in);
	if (r == 0)
		r = p9_find_fid(server, number, ~0u, &fid);
	if (r)
		return r;
	r = fid->fd >= 0 ? p9_fs_stat(fid->fd, &stx) : p9_node_stat(fid->node, &stx);
	if (r)
		return r;
	qid = p9_node_qid(server, fid->node, &stx);
	put_attributes(&request->out, &qid, &stx);
	return 0;
}

/* What a Tsetattr asks for. */
struct wish {
	uint32_t valid; /* enum p9_setattr */
	uint32_t mode, uid, gid;
	uint64_t size;
	struct timespec times[2]; /* atime, mtime */
};

static void get_wish(struct p9_reader *in, struct wish *wish)
{
	wish->valid = p9_get_u32(in);
	wish->mode = p9_get_u32(in);
	wish->uid = p9_get_u32(in);
	wish->gid = p9_get_u32(in);
	wish->size = p9_get_u64(in);
	for (int i = 0; i < 2; i++) {
		wish->times[i].tv_sec = (time_t)p9_get_u64(in);
		wish->times[i].tv_nsec = (long)p9_get_u64(in);
	}
}

int p9_set_mode(const struct p9_node *node, int fd, mode_t mode)
{
	/* The guest decides who may set these bits: it knows its users' groups. */
	bool fsetid = mode & (S_ISUID | S_ISGID);
	int r;
	if (fsetid)
		p9_creds_fsetid(true);
	r = p9_fs_chmod(p9_node_proc_fd(node), fd, mode);
	if (fsetid)
		p9_creds_fsetid(false);
	return r;
}

int p9_set_owner(int fd, uid_t uid, gid_t gid)
{
	return fchownat(fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

static int set_owner(int fd, const struct wish *wish)
{
	return p9_set_owner(fd, wish->valid & P9_SETATTR_UID ? wish->uid : (uid_t)-1,
			    wish->valid & P9_SETATTR_GID ? wish->gid : (gid_t)-1);
}

/* An open fid may be truncated whatever has become of the file's mode. */
static int set_size(struct p9_fid *fid, uint64_t size)
{
	int fd, r;

	if (size > INT64_MAX)
		return -EFBIG;
	if (fid->node->id.type != S_IFREG)
		return fid->node->id.type == S_IFDIR ? -EISDIR : -EINVAL;
	if (fid->fd >= 0 && ftruncate(fid->fd, (off_t)size) == 0)
		return 0;
	if (fid->fd >= 0 && errno != EINVAL && errno != EBADF) /* those: not open for writing */
		return -errno;
	fd = p9_node_open(fid->node, O_WRONLY);
	if (fd < 0)
		return fd;
	r = ftruncate(fd, (off_t)size) ? -errno : 0;
	p9_node_close(fid->node->nodes, fd);
	return r;
}

static struct timespec time_wish(const struct wish *wish, int which)
{
	uint32_t change = which ? P9_SETATTR_MTIME : P9_SETATTR_ATIME;
	uint32_t set = which ? P9_SETATTR_MTIME_SET : P9_SETATTR_ATIME_SET;
	struct timespec time = wish->times[which];

	if (!(wish->valid & change))
		time.tv_nsec = UTIME_OMIT;
	else if (!(wish->valid & set))
		time.tv_nsec = UTIME_NOW;
	else if (time.tv_nsec < 0 || time.tv_nsec > 999999999)
		time.tv_nsec = -1; /* neither of the two above: the kernel refuses it */
	return time;
}

static int set_times(int fd, const struct wish *wish)
{
	const struct timespec times[2] = {time_wish(wish, 0), time_wish(wish, 1)};

	return utimensat(fd, "", times, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

/* The time of change alone: any change that changes nothing else. A chown would clear mode bits. */
static int touch(const struct p9_node *node, int fd)
{
	struct statx stx;
	int r;

	if (node->id.type == S_IFLNK)
		return p9_set_owner(fd, (uid_t)-1, (gid_t)-1);
	r = p9_fs_stat(fd, &stx);
	return r ? r : p9_set_mode(node, fd, stx.stx_mode & 07777);
}

/* In this order: another size and another owner clear bits of the mode, and all set the time of modification. */
static int apply(struct p9_fid *fid, int fd, const struct wish *wish)
{
	uint32_t valid = wish->valid;
	int r = 0;

	if (valid & P9_SETATTR_SIZE)
		r = set_size(fid, wish->size);
	if (r == 0 && (valid & (P9_SETATTR_UID | P9_SETATTR_GID)))
		r = set_owner(fd, wish);
	if (r == 0 && (valid & P9_SETATTR_MODE))
		r = p9_set_mode(fid->node, fd, wish->mode & 07777);
	if (r == 0 && (valid & (P9_SETATTR_ATIME | P9_SETATTR_MTIME)))
		r = set_times(fd, wish);
	if (valid == P9_SETATTR_CTIME)
		r = touch(fid->node, fd);
	return r;
}

/*
 * Tsetattr fid[4] valid[4] mode[4] uid[4] gid[4] size[8] atime[16] mtime[16] - Rsetattr
 *
 * As far as the kernel lets this process: a server that is not root's cannot give files away.
 */
int p9_setattr(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	_cleanup_release_ struct p9_node *held = NULL;
	_cleanup_fid_ struct p9_fid *fid = NULL;
	struct wish wish;
	int fd, r;

	get_wish(&request->in, &wish);
	r = p9_get_end(&request->in);
	if (r == 0)
		r = p9_find_fid(server, number, P9_FID_ANY_FILE, &fid);
	if (r == 0)
		r = p9_node_writable(fid->node);
	if (r)
		return r;
	fd = p9_fid_file(fid, &held);
	return fd < 0 ? fd : apply(fid, fd, &wish);
}

/* A hidden file's file system is empty, whatever the host's may be. */
static int stat_filesystem(const struct p9_fid *fid, struct statfs *fs)
{
	_cleanup_release_ struct p9_node *held = NULL;
	int fd;

	if (fid->node->kind != P9_NODE_FILE) {
		*fs = (struct statfs){.f_bsize = 4096, .f_namelen = NAME_MAX};
		return 0;
	}
	fd = p9_fid_file(fid, &held);
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
	_cleanup_fid_ struct p9_fid *fid = NULL;
	struct statfs fs;
	uint64_t fsid;
	int r = get_fid(server, request, &fid);

	if (r == 0)
		r = stat_filesystem(fid, &fs);
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
	_cleanup_release_ struct p9_node *held = NULL;
	_cleanup_fid_ struct p9_fid *fid = NULL;
	ssize_t len;
	int fd, r = get_fid(server, request, &fid);

	if (r)
		return r;
	if (fid->node->id.type != S_IFLNK)
		return -EINVAL;
	fd = p9_fid_file(fid, &held);
	if (fd < 0)
		return fd;
	len = readlinkat(fd, "", (char *)request->scratch, PATH_MAX);
	if (len < 0)
		return -errno;
	p9_put_str(&request->out, (const char *)request->scratch, (size_t)len);
	return 0;
}
