/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts at the kernel by its other doors, and at more of the host's resources. */
#include "tests/breakout/attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/kvm.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "core/util.h"

/* --- the kernel's other doors ----------------------------------------------------------------------- */

static long make_vm(world_t *world)
{
	return result(syscall(SYS_ioctl, world->kvm_fd, KVM_CREATE_VM, 0));
}

/* Of a descriptor that is not KVM's. */
static long other_ioctl(world_t *world)
{
	int n;

	(void)world;
	return result(syscall(SYS_ioctl, STDERR_FILENO, FIONREAD, &n)) == -ENOTTY
		       ? 0
		       : result(syscall(SYS_ioctl, STDERR_FILENO, FIONREAD, &n));
}

static long mount_something(world_t *world)
{
	return result(syscall(SYS_mount, "none", path(world, "outside"), "tmpfs", 0, NULL));
}

static long new_namespace(world_t *world)
{
	(void)world;
	return result(syscall(SYS_unshare, CLONE_NEWUTS));
}

static long become_user(world_t *world)
{
	(void)world;
	return result(syscall(SYS_setresuid, 12345, 12345, 12345));
}

static long keyring(world_t *world)
{
	(void)world;
	return result(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1));
}

static long bpf_map(world_t *world)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	(void)world;
	return result(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static long io_uring(world_t *world)
{
	struct io_uring_params params = {0};

	(void)world;
	return result(syscall(SYS_io_uring_setup, 4, &params));
}

static long userfaultfd(world_t *world)
{
	(void)world;
	return result(syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */));
}

static long perf_event(world_t *world)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	(void)world;
	return result(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
}

/* An image that is none: that this is what is wrong means that it was looked at. */
static long load_module(world_t *world)
{
	static const char image[64];

	(void)world;
	if (syscall(SYS_init_module, image, sizeof(image), "") < 0)
		return errno == ENOEXEC ? 0 : -errno;
	return 0;
}

static long map_code(world_t *world)
{
	(void)world;
	return result(syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static long change_code(world_t *world)
{
	const uintptr_t page = (uintptr_t)&change_code & ~(uintptr_t)4095;

	(void)world;
	return result(syscall(SYS_mprotect, page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
}

static long memory_file(world_t *world)
{
	(void)world;
	return result(syscall(SYS_memfd_create, "x", 0));
}

/* --- the host's resources --------------------------------------------------------------------------- */

static long take_memory(world_t *world)
{
	(void)world;
	return result(syscall(SYS_mmap, 0, GIB(64), PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
}

static long take_descriptors(world_t *world)
{
	(void)world;
	return result(syscall(SYS_fcntl, STDERR_FILENO, F_DUPFD, 9000));
}

static long dump_core(world_t *world)
{
	struct rlimit limit = {0};

	(void)world;
	if (syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, &limit) < 0)
		return -errno;
	return limit.rlim_max > 0 ? 0 : -EFBIG;
}

/*
 * No attempt, but an end that shall be what it is without confinement: libc finds something wrong with the
 * heap. glibc says so and aborts, musl halts at once.
 */
static long free_nonsense(world_t *world)
{
	static _Alignas(16) char nonsense[64];
	void *volatile inside = nonsense + 16;

	(void)world;
	free(inside);
	return 0;
}

const struct breakout_attempt breakout_kernel[] = {
	{"make-vm", make_vm},
	{"other-ioctl", other_ioctl},
	{"mount", mount_something},
	{"new-namespace", new_namespace},
	{"become-user", become_user},
	{"keyring", keyring},
	{"bpf-map", bpf_map},
	{"io-uring", io_uring},
	{"userfaultfd", userfaultfd},
	{"perf-event", perf_event},
	{"load-module", load_module},
	{"map-code", map_code},
	{"change-code", change_code},
	{"memory-file", memory_file},
	{"take-memory", take_memory},
	{"take-descriptors", take_descriptors},
	{"dump-core", dump_core},
	{"free-nonsense", free_nonsense},
	{NULL, NULL},
};
