/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts at other processes: those of the same user, new ones, and who listens on a socket. */
#include "tests/breakout/attempt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

/* tests/breakout/run listens there. */
#define ABSTRACT_NAME "snug-breakout"

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
	return reach(
		AF_UNIX, SOCK_STREAM, &address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(ABSTRACT_NAME)));
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

const struct breakout_attempt breakout_others[] = {
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
	{NULL, NULL},
};
