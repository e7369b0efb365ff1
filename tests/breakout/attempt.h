/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody would try who runs code of his own in the monitor. */
#ifndef TESTS_BREAKOUT_ATTEMPT_H
#define TESTS_BREAKOUT_ATTEMPT_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the test prepares, from its environment. */
struct breakout_world {
	const char *dir; /* has ro/ and rw/, which may be shared, and outside/, which is not */
	int victim;      /* another process of the same user */
	int kvm_fd;
};

/*
 * Each makes one attempt: 0 if it got through, -errno. Raw system calls wherever libc would make others
 * besides.
 */
struct breakout_attempt {
	const char *name;
	long (*make)(const struct breakout_world *world);
};

typedef const struct breakout_world world_t;

/* Each ends with a name of NULL. */
extern const struct breakout_attempt breakout_files[], breakout_others[], breakout_kernel[];

/* Of a system call: 0 or -errno. */
static inline long result(long r)
{
	return r < 0 ? -errno : 0;
}

/* Good until the next call. */
static inline const char *path(world_t *world, const char *below)
{
	static char text[512];

	(void)snprintf(text, sizeof(text), "%s/%s", world->dir, below);
	return text;
}

static inline long try_open(const char *name, int flags)
{
	return result(syscall(SYS_openat, AT_FDCWD, name, flags, 0600));
}

#endif
