/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor with hostile code in it: linked into a program of its own with --wrap, so that the real one
 * has no hook for it. What BREAKOUT says, as THREAD:ATTEMPT, is tried once by that thread when the guest
 * makes it work; the guest then goes on. On standard error, one line:
 *
 *   breakout: through     breakout: ERROR
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/util.h"
#include "tests/breakout/attempt.h"
#include "virtio/p9/server.h"
#include "vmm/klog.h"
#include "vmm/vcpu.h"

void __real_vcpu_handle_exit(struct vcpu *vcpu);
void __wrap_vcpu_handle_exit(struct vcpu *vcpu);
size_t __real_p9_worker_serve(struct p9_worker *worker, const struct iovec *reply, size_t count);
size_t __wrap_p9_worker_serve(struct p9_worker *worker, const struct iovec *reply, size_t count);
void __real_klog_show(struct klog *klog);
void __wrap_klog_show(struct klog *klog);

static int number(const char *name)
{
	const char *text = getenv(name);

	return text ? atoi(text) : -1;
}

static const struct breakout_attempt *find(const char *name)
{
	const struct breakout_attempt *const lists[] = {breakout_files, breakout_others,
							breakout_kernel};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		for (const struct breakout_attempt *at = lists[i]; at->name; at++) {
			if (strcmp(at->name, name) == 0)
				return at;
		}
	}
	return NULL;
}

/* musl has no function for it. */
static const char *error_name(long error)
{
	static const struct {
		int error;
		const char *name;
	} names[] = {
		{EPERM, "EPERM"},   {EACCES, "EACCES"}, {EXDEV, "EXDEV"},   {ENOMEM, "ENOMEM"},
		{EINVAL, "EINVAL"}, {EFBIG, "EFBIG"},   {ENOSYS, "ENOSYS"}, {EBADF, "EBADF"},
		{EROFS, "EROFS"},   {ENOENT, "ENOENT"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].error == error)
			return names[i].name;
	}
	return strerror((int)error);
}

static void tell(long r)
{
	char line[64];
	int n = snprintf(line, sizeof(line), "breakout: %s\n", r == 0 ? "through" : error_name(-r));

	(void)!write(STDERR_FILENO, line, (size_t)n);
}

static void be_hostile(const char *thread)
{
	static atomic_bool done;
	const char *what = getenv("BREAKOUT");
	const size_t len = strlen(thread);
	const struct breakout_world world = {
		.dir = getenv("BREAKOUT_DIR"),
		.victim = number("BREAKOUT_VICTIM"),
		.kvm_fd = 3,
	};
	const struct breakout_attempt *attempt;

	if (!what || strncmp(what, thread, len) != 0 || what[len] != ':' ||
	    atomic_exchange(&done, true))
		return;
	attempt = find(what + len + 1);
	if (attempt)
		tell(attempt->make(&world));
}

void __wrap_vcpu_handle_exit(struct vcpu *vcpu)
{
	be_hostile("vcpu");
	__real_vcpu_handle_exit(vcpu);
}

size_t __wrap_p9_worker_serve(struct p9_worker *worker, const struct iovec *reply, size_t count)
{
	be_hostile("server");
	return __real_p9_worker_serve(worker, reply, count);
}

/* The main thread's, at the end at the latest. */
void __wrap_klog_show(struct klog *klog)
{
	be_hostile("main");
	__real_klog_show(klog);
}
