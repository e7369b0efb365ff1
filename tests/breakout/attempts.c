/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/breakout/attempt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/kvm.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/util.h"

/* tests/breakout/run listens there. */
#define ABSTRACT_NAME "snug-breakout"

typedef const struct breakout_world world_t;

static long result(long r)
{
	return r < 0 ? -errno : 0;
}

static const char *path(world_t *world, const char *below)
{
	static char text[512];

	(void)snprintf(text, sizeof(text), "%s/%s", world->dir, below);
	return text;
}

static long try_open(const char *name, int flags)
{
	return result(syscall(SYS_openat, AT_FDCWD, name, flags, 0600));
}

/* --- files ------------------------------------------------------------------------------------------ */

static long open_outside(world_t *world)
{
	return try_open(path(world, "outside/file"), O_RDONLY);
}

static long open_outside_2(world_t *world)
{
	const struct {
		uint64_t flags, mode, resolve;
	} how = {.flags = O_RDONLY};

	return result(syscall(SYS_openat2, AT_FDCWD, path(world, "outside/file"), &how, sizeof(how)));
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
	const struct {
		uint64_t flags, mode, resolve;
	} how = {.flags = O_WRONLY};

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
	return result(syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, path(world, "outside/moved")));
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

	if (syscall(SYS_name_to_handle_at, AT_FDCWD, path(world, "outside/file"), &u, &mount, 0) < 0)
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
	return result(syscall(SYS_mknodat, AT_FDCWD, path(world, "rw/device"), S_IFCHR | 0600, 0x103));
}

/* --- other processes -------------------------------------------------------------------------------- */

static long spawn(world_t *world)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	(void)world;
	if (pid == 0)
		(void)syscall(SYS_exit_group, 0);
	return result(pid);
}

/* Says itself that it got through: tests/breakout/run knows the status. */
static long execute(world_t *world)
{
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"exit 77"}, NULL};

	(void)world;
	return result(syscall(SYS_execve, "/bin/sh", argv, NULL));
}

static long trace(world_t *world)
{
	return result(syscall(SYS_ptrace, PTRACE_SEIZE, world->victim, 0, 0));
}

static long send_signal(world_t *world)
{
	return result(syscall(SYS_kill, world->victim, SIGCONT));
}

static long read_memory(world_t *world)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "/proc/%d/mem", world->victim);
	return try_open(name, O_RDONLY);
}

static long read_environment(world_t *world)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "/proc/%d/environ", world->victim);
	return try_open(name, O_RDONLY);
}

/* Address 0 is nobody's: that this is what is wrong means that the process may be read. */
static long process_vm_read(world_t *world)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {NULL, 1};

	if (syscall(SYS_process_vm_readv, world->victim, &here, 1, &there, 1, 0) < 0)
		return errno == EFAULT ? 0 : -errno;
	return 0;
}

static long take_descriptor(world_t *world)
{
	long fd = syscall(SYS_pidfd_open, world->victim, 0);

	return fd < 0 ? -errno : result(syscall(SYS_pidfd_getfd, fd, 0, 0));
}

static long limit_other(world_t *world)
{
	struct rlimit limit;

	return result(syscall(SYS_prlimit64, world->victim, RLIMIT_CPU, NULL, &limit));
}

/* --- sockets ---------------------------------------------------------------------------------------- */

static long reach(int domain, int type, const void *address, socklen_t len)
{
	long fd = syscall(SYS_socket, domain, type, 0);

	if (fd < 0)
		return -errno;
	/* Nobody listens: but who did could be reached. */
	if (syscall(SYS_connect, fd, address, len) < 0)
		return errno == ECONNREFUSED ? 0 : -errno;
	return 0;
}

static long connect_inet(int type)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr = {htonl(INADDR_LOOPBACK)},
	};

	return reach(AF_INET, type, &address, sizeof(address));
}

static long connect_tcp(world_t *world)
{
	(void)world;
	return connect_inet(SOCK_STREAM);
}

static long connect_udp(world_t *world)
{
	(void)world;
	return connect_inet(SOCK_DGRAM);
}

static long listen_tcp(world_t *world)
{
	const struct sockaddr_in address = {.sin_family = AF_INET};
	long fd = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);

	(void)world;
	return fd < 0 ? -errno : result(syscall(SYS_bind, fd, &address, sizeof(address)));
}

static long connect_abstract(world_t *world)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)world;
	memcpy(address.sun_path + 1, ABSTRACT_NAME, strlen(ABSTRACT_NAME));
	return reach(AF_UNIX, SOCK_STREAM, &address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
				 strlen(ABSTRACT_NAME)));
}

static long connect_path(world_t *world)
{
	const char *name = path(world, "outside/socket");
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memcpy(address.sun_path, name, strnlen(name, sizeof(address.sun_path) - 1));
	return reach(AF_UNIX, SOCK_STREAM, &address, sizeof(address));
}

static long netlink(world_t *world)
{
	(void)world;
	return result(syscall(SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
}

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

const struct breakout_attempt breakout_attempts[] = {
	{"open-outside", open_outside},
	{"open-outside-2", open_outside_2},
	{"list-outside", list_outside},
	{"write-outside", write_outside},
	{"create-outside", create_outside},
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
	{"spawn", spawn},
	{"execute", execute},
	{"trace", trace},
	{"signal", send_signal},
	{"read-memory", read_memory},
	{"read-environment", read_environment},
	{"process-vm-read", process_vm_read},
	{"take-descriptor", take_descriptor},
	{"limit-other", limit_other},
	{"connect-tcp", connect_tcp},
	{"connect-udp", connect_udp},
	{"listen-tcp", listen_tcp},
	{"connect-abstract", connect_abstract},
	{"connect-path", connect_path},
	{"netlink", netlink},
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
	{NULL, NULL},
};
