/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct p9_file_id p9_fs_id(const struct statx *stx)
{
	return (struct p9_file_id){
		.dev = makedev(stx->stx_dev_major, stx->stx_dev_minor),
		.ino = stx->stx_ino,
		.type = stx->stx_mode & S_IFMT,
	};
}

bool p9_fs_id_equal(const struct p9_file_id *a, const struct p9_file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->type == b->type;
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
		      STATX_BASIC_STATS, stx);

	return r ? -errno : 0;
}

static int open_beneath(int dir_fd, const char *name, unsigned int flags)
{
	struct open_how how = {
		.flags = flags | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

int p9_fs_lookup(int dir_fd, const char *name)
{
	return open_beneath(dir_fd, name, O_PATH);
}

int p9_fs_open_file(int dir_fd, const char *name)
{
	return open_beneath(dir_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

int p9_fs_open_dir(int fd)
{
	return open_beneath(fd, ".", O_RDONLY | O_DIRECTORY);
}
