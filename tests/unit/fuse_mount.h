/* SPDX-License-Identifier: Apache-2.0 */
/* A file system that does not answer: for tests of what a share does that hangs. */
#ifndef TESTS_UNIT_FUSE_MOUNT_H
#define TESTS_UNIT_FUSE_MOUNT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

/*
 * A file system whose server, this test, answers nothing but the first greeting. Its descriptor, -1 if
 * there is no right to have one.
 */
static inline int mount_fuse(const char *dir)
{
	struct {
		struct fuse_out_header head;
		struct fuse_init_out init;
	} greeting = {.head = {.len = sizeof(greeting)},
		      .init = {.major = FUSE_KERNEL_VERSION,
			       .minor = FUSE_KERNEL_MINOR_VERSION,
			       .max_write = 4096}};
	union {
		struct fuse_in_header head;
		char room[FUSE_MIN_READ_BUFFER];
	} in;
	char options[128];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -1;
	(void)snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (mount("snug-test", dir, "fuse", 0, options)) {
		(void)close(fd);
		return -1;
	}
	assert_in_range(read(fd, &in, sizeof(in)), sizeof(in.head), sizeof(in));
	greeting.head.unique = in.head.unique;
	assert_int_equal(write(fd, &greeting, sizeof(greeting)), sizeof(greeting));
	return fd;
}

#endif
