/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p9-serve [--direct] DIR SOCKET: serves DIR by the monitor's 9P server on a UNIX socket, for
 *
 *   mount -t 9p -o trans=unix,version=9p2000.L,msize=512000,access=user SOCKET MOUNTPOINT
 *
 * so that the kernel's own client, and whatever runs on it, tests the server with no VM. Each
 * connection gets a process with a server of its own, and that has a few threads. --direct: as the
 * monitor's export of that name, for a client that caches no files.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "virtio/p9/server.h"

#define MESSAGE_MAX (1024 * 1024)
#define FILES_MAX   (1024 * 1024)
#define THREADS     4

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

/* Of one connection; its descriptors end with the process. */
static struct p9_export export = {.name = "", .fd = -1, .writable = true};
static struct p9_share share = {.exports = &export, .export_count = 1, .max_files = FILES_MAX};
static struct p9_server *server;
static int connection;
static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER, writing = PTHREAD_MUTEX_INITIALIZER;

/* Takes the next message; -1 at the end of the connection, or of its sense. */
static int take(struct p9_worker *worker, uint8_t *request)
{
	struct iovec in = {request, 0};
	uint32_t size;

	if (read_all(connection, request, sizeof(size)))
		return -1;
	memcpy(&size, request, sizeof(size));
	size = le32toh(size);
	if (size < sizeof(size) || size > MESSAGE_MAX ||
	    read_all(connection, request + sizeof(size), size - sizeof(size)))
		return -1;
	in.iov_len = size;
	return p9_worker_take(worker, &in, 1) ? 0 : -1;
}

static void *work(void *arg)
{
	struct p9_worker *worker = p9_worker_new(server);
	uint8_t *request = malloc(MESSAGE_MAX), *reply = malloc(MESSAGE_MAX);
	struct iovec out = {reply, MESSAGE_MAX};
	int r = worker && request && reply ? 0 : -1;

	(void)arg;
	while (r == 0) {
		(void)pthread_mutex_lock(&reading);
		r = take(worker, request);
		(void)pthread_mutex_unlock(&reading);
		if (r == 0) {
			size_t n = p9_worker_serve(worker, &out, 1);

			(void)pthread_mutex_lock(&writing);
			r = n > 0 ? write_all(connection, reply, n) : -1;
			(void)pthread_mutex_unlock(&writing);
			p9_worker_done(worker);
		}
	}
	(void)shutdown(connection, SHUT_RDWR);
	p9_worker_free(worker);
	free(request);
	free(reply);
	return NULL;
}

static int serve(const char *dir, bool direct)
{
	pthread_t threads[THREADS];
	int r;

	export.direct = direct;
	export.fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	share.proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (export.fd < 0 || share.proc_fd < 0)
		return fail(dir);
	r = p9_server_new(&server, &share);
	for (size_t i = 0; i < THREADS && r == 0; i++)
		r = -pthread_create(&threads[i], NULL, work, NULL);
	if (r) {
		errno = -r;
		return fail("no server");
	}
	for (size_t i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	p9_server_free(server);
	return 0;
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = -1;

	errno = ENAMETOOLONG;
	if (strlen(path) < sizeof(addr.sun_path)) {
		strcpy(addr.sun_path, path);
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	}
	if (fd >= 0 && (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 8))) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

int main(int argc, char **argv)
{
	bool direct = argc > 1 && strcmp(argv[1], "--direct") == 0;
	struct rlimit files;
	int listener;

	if (argc != 3 + direct) {
		(void)fprintf(stderr, "usage: p9-serve [--direct] DIR SOCKET\n");
		return 2;
	}
	(void)signal(SIGCHLD, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	listener = listen_at(argv[argc - 1]);
	if (listener < 0)
		return fail(argv[argc - 1]);
	for (;;) {
		connection = accept(listener, NULL, NULL);
		if (connection < 0)
			return fail("accept");
		if (fork() == 0)
			return serve(argv[argc - 2], direct);
		(void)close(connection);
	}
}
