/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p9-serve DIR SOCKET: serves DIR by the monitor's 9P server on a UNIX socket, for
 *
 *   mount -t 9p -o trans=unix,version=9p2000.L,msize=512000,access=user SOCKET MOUNTPOINT
 *
 * so that the kernel's own client, and whatever runs on it, tests the server with no VM. Each
 * connection gets a process with a server of its own.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "virtio/p9/server.h"

#define MESSAGE_MAX (1024 * 1024)
#define FILES_MAX   (1024 * 1024)

static int fail(const char *what)
{
	(void)fprintf(stderr, "p9-serve: %s: %s\n", what, strerror(errno));
	return 1;
}

static int read_all(int fd, uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, data, len);

		if (n <= 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n <= 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* One message and its answer; -1 at the end of the connection, or of its sense. */
static int serve_one(int fd, struct p9_server *server)
{
	static uint8_t request[MESSAGE_MAX], reply[MESSAGE_MAX];
	struct iovec in = {request, 0};
	struct iovec out = {reply, sizeof(reply)};
	uint32_t size;
	size_t n;

	if (read_all(fd, request, sizeof(size)))
		return -1;
	memcpy(&size, request, sizeof(size));
	size = le32toh(size);
	if (size < sizeof(size) || size > sizeof(request) ||
	    read_all(fd, request + sizeof(size), size - sizeof(size)))
		return -1;
	in.iov_len = size;
	n = p9_server_serve(server, &in, 1, &out, 1);
	return n > 0 ? write_all(fd, reply, n) : -1;
}

static int serve(int fd, const char *dir)
{
	struct p9_share share = {.read_only = true, .max_files = FILES_MAX};
	struct p9_server *server;
	int r;

	share.root_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (share.root_fd < 0)
		return fail(dir);
	r = p9_server_new(&server, &share);
	if (r) {
		errno = -r;
		return fail("no server");
	}
	while (serve_one(fd, server) == 0)
		continue;
	p9_server_free(server);
	return 0;
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(addr.sun_path))
		return -1;
	strcpy(addr.sun_path, path);
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 8))
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	struct rlimit files;
	int listener;

	if (argc != 3) {
		(void)fprintf(stderr, "usage: p9-serve DIR SOCKET\n");
		return 2;
	}
	/* Modes are the client's to decide: it has applied its umask. */
	(void)umask(0);
	(void)signal(SIGCHLD, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	listener = listen_at(argv[2]);
	if (listener < 0)
		return fail(argv[2]);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			return fail("accept");
		if (fork() == 0)
			return serve(fd, argv[1]);
		(void)close(fd);
	}
}
