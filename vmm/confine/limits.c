/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/confine/limits.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/util.h"
#include "virtio/p9.h"

/* The file servers' (virtio/p9/server.h), and what they leave to the rest of the process. */
#define DESCRIPTORS_MAX 4096

/* The program itself, buffers, and what malloc holds back for each thread that allocates. */
#define MEMORY_FIXED MIB(256)

static int lower(unsigned int resource, rlim_t to)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0)
		return -errno;
	if (limit.rlim_max > to)
		limit.rlim_max = to;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

/* Address space of a thread's stack. */
static uint64_t stack_size(void)
{
	pthread_attr_t attributes;
	size_t size = 0;

	if (pthread_getattr_default_np(&attributes) == 0) {
		(void)pthread_attr_getstacksize(&attributes, &size);
		(void)pthread_attr_destroy(&attributes);
	}
	return size;
}

/*
 * Private memory that can be written (RLIMIT_DATA): the guest's, once more for aligning it; half of it
 * again for what the file servers remember (vmm/machine.c); stacks.
 */
static uint64_t memory_limit(const struct config *config)
{
	const uint64_t threads =
		config->cpus + (uint64_t)config->share_count * VIRTIO_P9_THREADS_MAX;

	return config->memory + config->memory / 2 + threads * stack_size() + MEMORY_FIXED;
}

int limits_set(const struct config *config)
{
	int r = lower(RLIMIT_CORE, 0);

	if (r == 0)
		r = lower(RLIMIT_NOFILE, DESCRIPTORS_MAX + config->hide_count);
#ifndef SNUG_SANITIZED
	/* A sanitizer maps terabytes, and looks for leaks as a debugger. */
	if (r == 0)
		r = lower(RLIMIT_DATA, memory_limit(config));
	if (r == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = -errno;
#else
	(void)memory_limit;
#endif
	return r;
}

int limits_follow_parent(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	/* It may have died before that call. */
	return getppid() == parent ? 0 : -ESRCH;
}
