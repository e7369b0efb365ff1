/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The name of a descriptor below /proc/self/fd. */
struct fd_name {
	char text[12];
};

static struct fd_name fd_name(int fd)
{
	struct fd_name name;

	(void)snprintf(name.text, sizeof(name.text), "%d", fd);
	return name;
}

struct p9_file_id p9_fs_id(const struct statx *stx)
{
	struct p9_file_id id = {
		.dev = makedev(stx->stx_dev_major, stx->stx_dev_minor),
		.ino = stx->stx_ino,
		.mount = stx->stx_mnt_id,
		.type = stx->stx_mode & S_IFMT,
	};

	if (stx->stx_mask & STATX_BTIME)
		id.birth = (uint64_t)stx->stx_btime.tv_sec * 1000000000ULL + stx->stx_btime.tv_nsec;
	return id;
}

bool p9_fs_id_equal(const struct p9_file_id *a, const struct p9_file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->mount == b->mount &&
	       a->birth == b->birth && a->type == b->type;
}

int p9_fs_name(struct p9_str str, char name[NAME_MAX + 1])
{
	if (str.len > NAME_MAX)
		return -ENAMETOOLONG;
	if (str.len == 0 || memchr(str.bytes, '/', str.len) || memchr(str.bytes, 0, str.len))
		return -EINVAL;
	memcpy(name, str.bytes, str.len);
	name[str.len] = 0;
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ? -EINVAL : 0;
}

int p9_fs_stat(int fd, struct statx *stx)
{
	int r = statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		      STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID, stx);

	return r ? -errno : 0;
}

static int open_beneath(int dir_fd, const char *name, unsigned int flags, mode_t mode)
{
	struct open_how how = {
		.flags = flags | O_NOFOLLOW | O_CLOEXEC,
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

int p9_fs_lookup(int dir_fd, const char *name)
{
	return open_beneath(dir_fd, name, O_PATH, 0);
}

int p9_fs_open_dir(int fd)
{
	return open_beneath(fd, ".", O_RDONLY | O_DIRECTORY, 0);
}

int p9_fs_reopen(int proc_fd, int fd, int flags)
{
	struct fd_name name = fd_name(fd);
	int new = openat(proc_fd, name.text, flags | O_CLOEXEC | O_NOCTTY);

	if (new < 0)
		return -errno;
	return new;
}

int p9_fs_create(int dir_fd, const char *name, int flags, mode_t mode)
{
	return open_beneath(dir_fd, name, (unsigned int)flags | O_CREAT | O_EXCL | O_NOCTTY, mode);
}

int p9_fs_chmod(int proc_fd, int fd, mode_t mode)
{
	struct fd_name name = fd_name(fd);

	return fchmodat(proc_fd, name.text, mode, 0) ? -errno : 0;
}

int p9_fs_link(int proc_fd, int fd, int dir_fd, const char *new_name)
{
	struct fd_name name = fd_name(fd);

	return linkat(proc_fd, name.text, dir_fd, new_name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}
