/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts at files: outside the shares, or changing what is shared for reading. */
#include "tests/breakout/attempt.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static long open_outside(world_t *world)
{
	return try_open(path(world, "outside/file"), O_RDONLY);
}

static long open_outside_2(world_t *world)
{
	const struct open_how how = {.flags = O_RDONLY};

	return result(
		syscall(SYS_openat2, AT_FDCWD, path(world, "outside/file"), &how, sizeof(how)));
}

static long write_outside(world_t *world)
{
	return try_open(path(world, "outside/file"), O_WRONLY);
}

static long create_outside(world_t *world)
{
	return try_open(path(world, "outside/new"), O_WRONLY | O_CREAT);
}

static long list_outside(world_t *world)
{
	return try_open(path(world, "outside"), O_RDONLY | O_DIRECTORY);
}

static long write_read_only(world_t *world)
{
	const struct open_how how = {.flags = O_WRONLY};

	return result(syscall(SYS_openat2, AT_FDCWD, path(world, "ro/file"), &how, sizeof(how)));
}

static long truncate_read_only(world_t *world)
{
	return result(syscall(SYS_truncate, path(world, "ro/file"), 0));
}

static long mkdir_read_only(world_t *world)
{
	return result(syscall(SYS_mkdirat, AT_FDCWD, path(world, "ro/made"), 0700));
}

static long unlink_read_only(world_t *world)
{
	return result(syscall(SYS_unlinkat, AT_FDCWD, path(world, "ro/victim"), 0));
}

static long rename_outside(world_t *world)
{
	char from[512];

	(void)snprintf(from, sizeof(from), "%s", path(world, "outside/file"));
	return result(
		syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, path(world, "outside/moved")));
}

static long link_outside_in(world_t *world)
{
	char from[512];

	(void)snprintf(from, sizeof(from), "%s", path(world, "outside/file"));
	return result(syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, path(world, "rw/link"), 0));
}

static long chmod_outside(world_t *world)
{
	return result(syscall(SYS_fchmodat, AT_FDCWD, path(world, "outside/file"), 0666));
}

static long chown_outside(world_t *world)
{
	return result(syscall(SYS_fchownat, AT_FDCWD, path(world, "outside/file"), -1, -1, 0));
}

static long setxattr_outside(world_t *world)
{
	return result(syscall(SYS_setxattr, path(world, "outside/file"), "user.x", "y", 1, 0));
}

static long stat_outside(world_t *world)
{
	char buffer[256];

	return result(syscall(SYS_statx, AT_FDCWD, path(world, "outside/file"), 0, 0x7ff, buffer));
}

static long open_by_handle(world_t *world)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + 128];
	} u = {.handle = {.handle_bytes = 128}};
	int mount;

	if (syscall(SYS_name_to_handle_at, AT_FDCWD, path(world, "outside/file"), &u, &mount, 0) <
	    0)
		return -errno;
	return result(syscall(SYS_open_by_handle_at, AT_FDCWD, &u, O_RDONLY)); /* its file system */
}

static long open_device(world_t *world)
{
	(void)world;
	return try_open("/dev/zero", O_RDWR);
}

static long make_device(world_t *world)
{
	return result(
		syscall(SYS_mknodat, AT_FDCWD, path(world, "rw/device"), S_IFCHR | 0600, 0x103));
}

const struct breakout_attempt breakout_files[] = {
	{"open-outside", open_outside},
	{"open-outside-2", open_outside_2},
	{"write-outside", write_outside},
	{"create-outside", create_outside},
	{"list-outside", list_outside},
	{"write-read-only", write_read_only},
	{"truncate-read-only", truncate_read_only},
	{"mkdir-read-only", mkdir_read_only},
	{"unlink-read-only", unlink_read_only},
	{"rename-outside", rename_outside},
	{"link-outside-in", link_outside_in},
	{"chmod-outside", chmod_outside},
	{"chown-outside", chown_outside},
	{"setxattr-outside", setxattr_outside},
	{"stat-outside", stat_outside},
	{"open-by-handle", open_by_handle},
	{"open-device", open_device},
	{"make-device", make_device},
	{NULL, NULL},
};
