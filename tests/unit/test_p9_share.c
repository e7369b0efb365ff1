/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 9P: nothing outside the share, and nothing that blocks, whatever the guest asks for and whatever the
 * host renames at the same time.
 */
#include "tests/unit/p9_client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "core/util.h"
#include "virtio/p9/fs.h"

/* Walks from fid 0 to the qid path of where it ends. */
static uint64_t walk_to(struct client *c, const char *path)
{
	struct p9_qid qid = {0};
	size_t walked;

	assert_int_equal(walk_some(c, 0, 900, path, &walked, &qid), 0);
	assert_int_equal(clunk(c, 900), 0);
	return qid.path;
}

static void bad_names_are_refused(void **state)
{
	struct client *c = *state;
	char longest[256];

	make_dir(c, "share/d");
	make_file(c, "share/d/f", "x");
	assert_int_equal(walk_bytes(c, 0, 1, "", 0), -EINVAL);
	assert_int_equal(walk_bytes(c, 0, 1, ".", 1), -EINVAL);
	assert_int_equal(walk_bytes(c, 0, 1, "/", 1), -EINVAL);
	assert_int_equal(walk_bytes(c, 0, 1, "d/f", 3), -EINVAL);
	assert_int_equal(walk_bytes(c, 0, 1, "d/", 2), -EINVAL);
	assert_int_equal(walk_bytes(c, 0, 1, "/etc", 4), -EINVAL);
	assert_int_equal(walk_bytes(c, 0, 1, "../outside", 10), -EINVAL);
	assert_int_equal(walk_bytes(c, 0, 1, "d\0", 2), -EINVAL);
	assert_int_equal(walk_bytes(c, 0, 1, "\0d", 2), -EINVAL);
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(walk_bytes(c, 0, 1, longest, 256), -ENAMETOOLONG);
	assert_int_equal(walk_bytes(c, 0, 1, longest, 255), -ENOENT);
	assert_int_equal(walk_bytes(c, 0, 1, "...", 3), -ENOENT);
	assert_int_equal(walk_bytes(c, 0, 1, "d", 1), 0);
}

/* Behind the check of names stands the kernel: what got past it would still not leave the directory. */
static void the_kernel_refuses_them_too(void **state)
{
	struct client *c = *state;
	int fd = openat(c->dir_fd, "share", O_PATH);

	make_dir(c, "share/d");
	make_file(c, "share/d/f", "x");
	assert_int_equal(symlinkat("d", c->dir_fd, "share/l"), 0);
	assert_int_equal(symlinkat("/etc", c->dir_fd, "share/etc"), 0);
	assert_int_equal(p9_fs_lookup(fd, ".."), -EXDEV);
	assert_int_equal(p9_fs_lookup(fd, "../outside"), -EXDEV);
	assert_int_equal(p9_fs_lookup(fd, "/etc/passwd"), -EXDEV);
	assert_int_equal(p9_fs_lookup(fd, "l/f"), -ELOOP);
	assert_int_equal(p9_fs_lookup(fd, "etc/passwd"), -ELOOP);
	assert_int_equal(p9_fs_create(fd, "../outside/new", O_RDWR, 0644), -EXDEV);
	assert_int_equal(p9_fs_create(fd, "/tmp/new", O_RDWR, 0644), -EXDEV);
	assert_int_equal(p9_fs_create(fd, "etc/new", O_RDWR, 0644), -ELOOP);
	close(fd);
}

static void dot_dot_stops_at_the_root(void **state)
{
	struct client *c = *state;
	uint64_t root = inode(c, "share");

	make_dir(c, "share/a");
	make_dir(c, "share/a/b");
	assert_int_equal(walk_to(c, ".."), root);
	assert_int_equal(walk_to(c, "../../../.."), root);
	assert_int_equal(walk_to(c, "a/.."), root);
	assert_int_equal(walk_to(c, "a/b/../../.."), root);
	assert_int_equal(walk_to(c, "a/b/.."), inode(c, "share/a"));
	assert_int_equal(walk_to(c, "../a/../a/b"), inode(c, "share/a/b"));
	assert_int_equal(walk(c, 0, 1, "../outside"), 1);
}

static void dot_dot_survives_a_move_by_the_host(void **state)
{
	struct client *c = *state;
	struct p9_qid qid;
	size_t walked;

	make_dir(c, "share/a");
	make_dir(c, "share/a/b");
	assert_int_equal(walk(c, 0, 1, "a/b"), 0);
	assert_int_equal(renameat(c->dir_fd, "share/a", c->dir_fd, "outside/a"), 0);
	assert_int_equal(walk_some(c, 1, 2, "../..", &walked, &qid), 0);
	assert_int_equal(qid.path, inode(c, "share"));
	assert_int_equal(walk(c, 1, 3, "../../secret"), 1);
	assert_int_equal(walk(c, 1, 3, "../../../outside"), 1);
}

/* A host that never rests: does and undoes, until told to stop. */
struct host {
	struct client *c;
	const char *from, *to;
	unsigned int flags;
	atomic_bool stop;
	pthread_t thread;
};

static void *keep_renaming(void *arg)
{
	struct host *host = arg;

	while (!host->stop) {
		(void)renameat2(host->c->dir_fd, host->from, host->c->dir_fd, host->to,
				host->flags);
		(void)renameat2(host->c->dir_fd, host->to, host->c->dir_fd, host->from,
				host->flags);
	}
	return NULL;
}

static void host_starts(struct host *host)
{
	assert_int_equal(pthread_create(&host->thread, NULL, keep_renaming, host), 0);
}

static void host_stops(struct host *host)
{
	host->stop = true;
	pthread_join(host->thread, NULL);
}

/* How often it is tried: SNUG_TEST_RACES, or a few seconds' worth. */
static int races(void)
{
	const char *text = getenv("SNUG_TEST_RACES");

	return text ? atoi(text) : 20000;
}

static void dot_dot_never_escapes_a_busy_host(void **state)
{
	struct client *c = *state;
	struct host host = {.c = c, .from = "share/a/b", .to = "outside/b"};
	uint64_t outside = inode(c, "outside"), top;
	int count = races();
	struct stat st;

	assert_int_equal(fstat(c->dir_fd, &st), 0);
	top = st.st_ino;
	make_dir(c, "share/a");
	make_dir(c, "share/a/b");
	host_starts(&host);
	for (int i = 0; i < count; i++) {
		struct p9_qid qid;
		size_t walked;
		int r = walk_some(c, 0, 1, "a/b/../../..", &walked, &qid);

		assert_true(r == 0 || r == 1 || r == -ENOENT);
		if (r == 0) {
			assert_int_not_equal(qid.path, outside);
			assert_int_not_equal(qid.path, top);
			assert_int_equal(clunk(c, 1), 0);
		}
	}
	host_stops(&host);
}

static void symlinks_are_never_followed(void **state)
{
	struct client *c = *state;
	struct attr attr;

	assert_int_equal(symlinkat("../outside", c->dir_fd, "share/dir"), 0);
	assert_int_equal(symlinkat("../outside/secret", c->dir_fd, "share/file"), 0);
	assert_int_equal(symlinkat("/etc", c->dir_fd, "share/etc"), 0);
	assert_int_equal(symlinkat(".", c->dir_fd, "share/self"), 0);
	assert_int_equal(walk(c, 0, 1, "dir/secret"), 1);
	assert_int_equal(walk(c, 0, 1, "etc/passwd"), 1);
	assert_int_equal(walk(c, 0, 1, "self/dir"), 1);
	assert_int_equal(walk(c, 0, 1, "file"), 0);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_true(S_ISLNK(attr.mode));
	assert_int_equal(attr.qid.type, P9_QTSYMLINK);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), -ELOOP);
	assert_int_equal(walk(c, 0, 2, "dir"), 0);
	assert_int_equal(walk(c, 2, 3, "secret"), -ENOTDIR);
	assert_int_equal(walk(c, 2, 3, ".."), -ENOTDIR);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY | P9_DOTL_DIRECTORY), -ENOTDIR);
}

static bool is_a_lost_race(int r)
{
	return r == 1 || r == -ENOENT || r == -ESTALE || r == -ELOOP || r == -ENOTDIR ||
	       r == -ENXIO;
}

/* The guest reads path while the host exchanges it with other, a way out of the share. */
static void race_for_secret(struct client *c, const char *path, const char *from, const char *to)
{
	struct host host = {.c = c, .from = from, .to = to, .flags = RENAME_EXCHANGE};
	char data[64];
	int reads = 0, count = races();

	/* Whatever blocks here ends the test. */
	alarm(3600);
	host_starts(&host);
	for (int i = 0; i < count; i++) {
		int r = slurp(c, 0, path, data, sizeof(data));

		if (r > 0) {
			assert_string_equal(data, "harmless");
			reads++;
		} else {
			if (!is_a_lost_race(r))
				fail_msg("%s: %d", path, r);
		}
	}
	host_stops(&host);
	alarm(0);
	assert_true(reads > 0);
}

static void a_file_that_becomes_a_symlink(void **state)
{
	struct client *c = *state;

	make_file(c, "share/f", "harmless");
	assert_int_equal(symlinkat("../outside/secret", c->dir_fd, "share/l"), 0);
	race_for_secret(c, "f", "share/f", "share/l");
}

static void a_directory_that_becomes_a_symlink(void **state)
{
	struct client *c = *state;

	make_dir(c, "share/d");
	make_file(c, "share/d/secret", "harmless");
	assert_int_equal(symlinkat("../outside", c->dir_fd, "share/l"), 0);
	race_for_secret(c, "d/secret", "share/d", "share/l");
}

static void a_file_that_becomes_a_fifo(void **state)
{
	struct client *c = *state;

	make_file(c, "share/f", "harmless");
	assert_int_equal(mkfifoat(c->dir_fd, "share/p", 0666), 0);
	race_for_secret(c, "f", "share/f", "share/p");
}

static void make_socket(struct client *c, const char *name)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", c->dir, name);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
}

static void special_files_are_not_opened(void **state)
{
	struct client *c = *state;
	static const char *const names[] = {"fifo", "socket", "device"};
	struct attr attr;

	assert_int_equal(mkfifoat(c->dir_fd, "share/fifo", 0666), 0);
	make_socket(c, "share/socket");
	if (mknodat(c->dir_fd, "share/device", S_IFCHR | 0666, makedev(1, 3)))
		print_message("no right to make a device node: not tested with one\n");
	/* Whatever blocks here ends the test. */
	alarm(10);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (walk(c, 0, 1, names[i]))
			continue;
		assert_int_equal(getattr(c, 1, &attr), 0);
		assert_int_equal(attr.qid.type, P9_QTFILE);
		assert_false(S_ISREG(attr.mode));
		assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), -ENXIO);
		assert_int_equal(xattrwalk(c, 1, 2, "user.x"), -EOPNOTSUPP);
		assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, 1), -EBADF);
		assert_int_equal(clunk(c, 1), 0);
	}
	alarm(0);
}

/* The fid is still the file it was. */
static void a_file_replaced_by_a_fifo(void **state)
{
	struct client *c = *state;

	make_file(c, "share/f", "x");
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(unlinkat(c->dir_fd, "share/f", 0), 0);
	assert_int_equal(mkfifoat(c->dir_fd, "share/f", 0666), 0);
	alarm(10);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, 10), 1);
	alarm(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define INNER(name) cmocka_unit_test_setup_teardown(name, setup_inner, teardown_client)
		INNER(bad_names_are_refused),
		INNER(the_kernel_refuses_them_too),
		INNER(dot_dot_stops_at_the_root),
		INNER(dot_dot_survives_a_move_by_the_host),
		INNER(dot_dot_never_escapes_a_busy_host),
		INNER(symlinks_are_never_followed),
		INNER(a_file_that_becomes_a_symlink),
		INNER(a_directory_that_becomes_a_symlink),
		INNER(a_file_that_becomes_a_fifo),
		INNER(special_files_are_not_opened),
		INNER(a_file_replaced_by_a_fifo),
#undef INNER
	};

	return cmocka_run_group_tests_name("p9 share", tests, NULL, NULL);
}
