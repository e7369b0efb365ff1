/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers for the tests of the 9P server, most with a temporary directory as the share, and a client's
 * requests to them.
 */
#ifndef TESTS_UNIT_P9_CLIENT_H
#define TESTS_UNIT_P9_CLIENT_H

#include "tests/unit/p9_call.h"
#include "tests/unit/p9_change.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * Of tests/confined/worker.c, where that is linked in: requests are then served on another thread than the
 * test's.
 */
extern const int confined_workers __attribute__((weak));

/* How many descriptors this process has. */
static inline size_t descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* A server for the first `count` of c->exports, with a session; root is fid 0. */
static inline void client_serve(struct client *c, size_t count, const struct p9_hides *hides)
{
	struct p9_share share = {
		.exports = c->exports,
		.export_count = count,
		.proc_fd = c->proc_fd,
		.hides = hides,
		.max_files = CLIENT_FILES,
	};

	(void)umask(022);
	assert_int_equal(p9_server_new(&c->server, &share), 0);
	assert_int_equal(umask(0), 0); /* modes are the guest's to choose */
	c->worker = p9_worker_new(c->server);
	assert_non_null(c->worker);
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
	assert_int_equal(attach(c, 0), 0);
}

static inline void client_stop(struct client *c)
{
	p9_worker_free(c->worker);
	p9_server_free(c->server);
}

/* A client without a server yet: its exports[0] is path, read-only. */
static inline struct client *client_prepare(const char *path)
{
	struct client *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->rx_room = sizeof(c->rx);
	c->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(c->dir_fd >= 0);
	c->proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(c->proc_fd >= 0);
	c->exports[0] = (struct p9_export){
		.name = "",
		.fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	return c;
}

/* A server over path, read-only, with a session; root is fid 0. */
static inline struct client *client_new(const char *path)
{
	struct client *c = client_prepare(path);

	client_serve(c, 1, NULL);
	return c;
}

static inline struct client *client_new_temporary(bool writable)
{
	char dir[] = "/tmp/snug-p9-XXXXXX";
	struct client *c;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	c = client_prepare(dir);
	c->exports[0].writable = writable;
	client_serve(c, 1, NULL);
	strcpy(c->dir, dir);
	return c;
}

/* rm(1), as a path below may be longer than a system call takes. */
static inline void remove_tree(const char *dir)
{
	char command[PATH_MAX];

	(void)snprintf(command, sizeof(command), "rm -rf --one-file-system %s", dir);
	assert_int_equal(system(command), 0);
}

static inline void client_free(struct client *c)
{
	client_stop(c);
	close(c->proc_fd);
	close(c->dir_fd);
	if (c->dir[0])
		remove_tree(c->dir);
	free(c);
}

/* cmocka fixtures: *state is a client over a temporary directory. */
static inline int setup_client(void **state)
{
	*state = client_new_temporary(false);
	return 0;
}

/* The same, writable. */
static inline int setup_writable(void **state)
{
	*state = client_new_temporary(true);
	return 0;
}

static inline int teardown_client(void **state)
{
	client_free(*state);
	return 0;
}

static inline void make_file(struct client *c, const char *name, const char *content)
{
	int fd = openat(c->dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	close(fd);
}

static inline void make_dir(struct client *c, const char *name)
{
	assert_int_equal(mkdirat(c->dir_fd, name, 0755), 0);
}

/* A server that may have 16 descriptors. */
static inline struct client *client_new_few(bool writable)
{
	struct client *c;
	struct rlimit limit, few;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = (struct rlimit){.rlim_cur = 64 + 16, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	c = client_new_temporary(writable);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return c;
}

static inline int setup_few(void **state)
{
	*state = client_new_few(false);
	return 0;
}

static inline int setup_few_writable(void **state)
{
	*state = client_new_few(true);
	return 0;
}

/* Makes the server close what it has not used for long: everything but what is used here. */
static inline void use_others(struct client *c)
{
	char name[16];

	for (uint32_t i = 0; i < 16; i++) {
		(void)snprintf(name, sizeof(name), "other%u", i);
		make_file(c, name, "");
		assert_int_equal(walk(c, 0, 700 + i, name), 0);
	}
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(clunk(c, 700 + i), 0);
}

/* The client's share is "share" in its temporary directory; "outside" is beside it and holds a secret. */
static inline int setup_inner_as(void **state, bool writable)
{
	struct client *c = client_new_temporary(writable);
	char path[128];

	client_stop(c);
	make_dir(c, "share");
	make_dir(c, "outside");
	make_file(c, "outside/secret", SECRET);
	(void)snprintf(path, sizeof(path), "%s/share", c->dir);
	c->exports[0].fd = open(path, O_PATH | O_CLOEXEC);
	client_serve(c, 1, NULL);
	*state = c;
	return 0;
}

static inline int setup_inner(void **state)
{
	return setup_inner_as(state, false);
}

static inline int setup_inner_writable(void **state)
{
	return setup_inner_as(state, true);
}

static inline uint64_t inode(struct client *c, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(c->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_ino;
}

static inline const char *path_of(struct client *c, const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", c->dir, name);
	return path;
}

static bool may_mount;

/*
 * A mount namespace of this program's own, so that nothing it mounts stays behind. Descriptors opened
 * before would still show the old one.
 */
static inline int enter_mount_namespace(void **state)
{
	(void)state;
	may_mount = unshare(CLONE_NEWNS) == 0 &&
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	if (!may_mount)
		print_message("no right to mount anything: what needs that is skipped\n");
	return 0;
}

/* The same, with temporary directories in memory: for tests that would keep a disk busy. */
static inline int enter_memory(void **state)
{
	int r = enter_mount_namespace(state);

	if (may_mount)
		(void)mount("snug-test", "/tmp", "tmpfs", 0, NULL);
	return r;
}

/* Reads a whole small file as the guest would: walk, open, read, clunk. */
static inline int slurp(struct client *c, uint32_t fid, const char *path, char *data, size_t size)
{
	int r = walk(c, fid, 999, path);

	if (r)
		return r < 0 ? r : -ENOENT;
	r = lopen(c, 999, P9_DOTL_RDONLY);
	if (r == 0)
		r = read_bytes(c, P9_TREAD, 999, 0, (uint32_t)size - 1);
	if (r >= 0) {
		memcpy(data, c->in.at, (size_t)r);
		data[r] = 0;
	}
	assert_int_equal(clunk(c, 999), 0);
	return r;
}

#define assert_slurp(c, fid, path, expected)                                                   \
	do {                                                                                   \
		char data_[256];                                                               \
		assert_int_equal(slurp(c, fid, path, data_, sizeof(data_)), strlen(expected)); \
		assert_string_equal(data_, expected);                                          \
	} while (0)

/* What the host finds in a file of the share. */
static inline void assert_content(struct client *c, const char *name, const char *expected)
{
	char data[4096];
	int fd = openat(c->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, data, sizeof(data));
	close(fd);
	assert_int_equal(n, strlen(expected));
	assert_memory_equal(data, expected, (size_t)n);
}

static inline struct stat stat_of(struct client *c, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(c->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st;
}

static inline bool is_there(struct client *c, const char *name)
{
	struct stat st;

	return fstatat(c->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* cmocka's skip() takes no reason: tests/run-all finds it in the line before. */
#define skip_because(reason)                            \
	do {                                            \
		print_message("skipped: %s\n", reason); \
		skip();                                 \
	} while (0)

#endif
