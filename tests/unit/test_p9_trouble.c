/* SPDX-License-Identifier: Apache-2.0 */
/* 9P: a host in trouble, of which the guest hears by the right error, and from which the server goes on. */
#include "tests/unit/fuse_mount.h"
#include "tests/unit/p9_client.h"

#include "virtio/p9/request.h"

/* A small tmpfs in the share, and the server over it. */
static void serve_tmpfs(struct client *c, const char *options)
{
	client_stop(c);
	make_dir(c, "m");
	assert_int_equal(mount("t", path_of(c, "m"), "tmpfs", 0, options), 0);
	c->exports[0].fd = openat(c->dir_fd, "m", O_PATH | O_DIRECTORY | O_CLOEXEC);
	client_serve(c, 1, NULL);
}

static void stop_tmpfs(struct client *c)
{
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
	assert_int_equal(umount2(path_of(c, "m"), MNT_DETACH), 0);
}

static void a_full_disk(void **state)
{
	struct client *c = *state;
	static uint8_t data[32768];
	uint64_t offset = 0;
	struct attr attr;
	int n;

	if (!may_mount)
		skip_because("no right to mount anything");
	serve_tmpfs(c, "size=256k");
	assert_int_equal(create(c, 1, "f", 0644), 0);
	while ((n = twrite(c, 1, offset, data, sizeof(data))) > 0)
		offset += (uint64_t)n;
	assert_int_equal(n, -ENOSPC);
	assert_int_equal(offset, 256 << 10);
	assert_int_equal(twrite(c, 1, offset, "x", 1), -ENOSPC);
	/* What is there can be read, written over, and made room with. */
	assert_int_equal(read_bytes(c, P9_TREAD, 1, offset - 10, 100), 10);
	assert_int_equal(twrite(c, 1, 0, "over", 4), 4);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.size, offset);
	assert_int_equal(set_size(c, 1, 8192), 0);
	assert_int_equal(twrite(c, 1, 8192, "x", 1), 1);
	assert_int_equal(tfsync(c, 1, 0), 0);
	stop_tmpfs(c);
}

static void no_more_files_on_the_disk(void **state)
{
	struct client *c = *state;
	char name[16];
	int n = 0, r;

	if (!may_mount)
		skip_because("no right to mount anything");
	serve_tmpfs(c, "nr_inodes=20");
	do {
		(void)snprintf(name, sizeof(name), "%d", n++);
		r = create(c, 1, name, 0644);
		assert_int_equal(clunk(c, 1), 0);
	} while (r == 0);
	assert_int_equal(r, -ENOSPC);
	assert_int_equal(tmkdir(c, 0, "d", 0755, ~0u), -ENOSPC);
	assert_int_equal(tsymlink(c, 0, "l", "x"), -ENOSPC);
	assert_int_equal(tmknod(c, 0, "p", S_IFIFO | 0644), -ENOSPC);
	assert_int_equal(tunlinkat(c, 0, "0", 0), 0);
	assert_int_equal(create(c, 1, "new", 0644), 0);
	stop_tmpfs(c);
}

static void a_file_system_that_became_read_only(void **state)
{
	struct client *c = *state;

	if (!may_mount)
		skip_because("no right to mount anything");
	serve_tmpfs(c, NULL);
	assert_int_equal(create(c, 1, "f", 0644), 0);
	assert_int_equal(clunk(c, 1), 0);
	assert_int_equal(mount(NULL, path_of(c, "m"), NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(create(c, 1, "g", 0644), -EROFS);
	assert_int_equal(clunk(c, 1), 0);
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDWR), -EROFS);
	assert_int_equal(tmkdir(c, 0, "d", 0755, ~0u), -EROFS);
	assert_int_equal(tunlinkat(c, 0, "f", 0), -EROFS);
	stop_tmpfs(c);
}

/* EMFILE, before anything is made that nobody could then use. */
static void no_descriptors_left(void **state)
{
	struct client *c = *state;
	uint32_t fid = 1;
	char name[16];
	int r;

	for (;; fid++) {
		(void)snprintf(name, sizeof(name), "%u", fid);
		r = create(c, fid, name, 0644);
		if (r)
			break;
	}
	assert_int_equal(r, -EMFILE);
	assert_in_range(fid, 10, 16);
	assert_false(is_there(c, name));
	assert_int_equal(lopen(c, fid, P9_DOTL_RDONLY), -EMFILE);
	/* What is open is not hurt, and there is room as soon as one is closed. */
	for (uint32_t i = 1; i < fid; i++)
		assert_int_equal(twrite(c, i, 0, "x", 1), 1);
	assert_int_equal(clunk(c, 1), 0);
	assert_int_equal(lcreate(c, fid, name, P9_DOTL_RDWR, 0644, ~0u), 0);
}

/* Each holds its descriptor, as it could not be found again: that is the guest's own limit. */
static void many_files_without_names(void **state)
{
	struct client *c = *state;
	struct attr attr;
	uint32_t fid;
	int r = 0;

	for (fid = 1; fid < 100 && r == 0; fid++) {
		make_file(c, "f", "x");
		r = walk(c, 0, fid, "f");
		if (r == 0)
			assert_int_equal(tunlinkat(c, 0, "f", 0), 0);
	}
	assert_int_equal(r, -EMFILE);
	for (uint32_t i = 1; i < fid - 1; i++) {
		assert_int_equal(getattr(c, i, &attr), 0);
		assert_int_equal(attr.nlink, 0);
		assert_int_equal(clunk(c, i), 0);
	}
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDWR), 0);
}

static void no_more_files_to_remember(void **state)
{
	struct client *c = *state;
	size_t before;

	assert_int_equal(walk(c, 0, 1, ""), 0);
	c->server->nodes.max = c->server->nodes.count;
	before = descriptors();
	for (int i = 0; i < 100; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%d", i);
		assert_int_equal(lcreate(c, 1, name, P9_DOTL_RDWR, 0644, ~0u), -ENFILE);
		assert_int_equal(walk(c, 0, 2, name), -ENFILE);
	}
	assert_int_equal(descriptors(), before);
	c->server->nodes.max++;
	assert_int_equal(lcreate(c, 1, "0", P9_DOTL_RDWR, 0644, ~0u), 0);
}

static void a_file_system_whose_server_is_gone(void **state)
{
	struct client *c = *state;
	struct attr attr;
	int fd;

	make_dir(c, "m");
	make_file(c, "f", "x");
	fd = may_mount ? mount_fuse(path_of(c, "m")) : -1;
	if (fd < 0)
		skip_because("no right to mount a FUSE file system");
	close(fd);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(walk(c, 0, 1, "m"), -ENOTCONN);
		assert_int_equal(walk(c, 0, 1, "m/x"), -ENOTCONN);
		assert_int_equal(tunlinkat(c, 0, "m", P9_DOTL_AT_REMOVEDIR), -ENOTCONN);
		assert_int_equal(trenameat(c, 0, "f", 0, "m"), -ENOTCONN);
		assert_slurp(c, 0, "f", "x");
	}
	assert_int_equal(getattr(c, 0, &attr), 0);
	assert_int_equal(umount2(path_of(c, "m"), MNT_DETACH), 0);
}

static void a_share_that_is_removed(void **state)
{
	struct client *c = *state;
	struct attr attr;

	assert_int_equal(walk(c, 0, 1, ""), 0);
	assert_int_equal(walk(c, 0, 2, ""), 0);
	assert_int_equal(unlinkat(c->dir_fd, "share", AT_REMOVEDIR), 0);
	assert_int_equal(getattr(c, 0, &attr), 0);
	assert_int_equal(attr.nlink, 0);
	assert_int_equal(walk(c, 0, 3, "x"), -ENOENT);
	assert_int_equal(walk(c, 0, 3, ".."), 0);
	assert_int_equal(walk(c, 3, 4, "outside"), -ENOENT);
	assert_int_equal(tmkdir(c, 0, "x", 0755, ~0u), -ENOENT);
	assert_int_equal(tsymlink(c, 0, "x", "x"), -ENOENT);
	assert_int_equal(lcreate(c, 1, "x", P9_DOTL_RDWR, 0644, ~0u), -ENOENT);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), 0);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 2, 0, 1000), -ENOENT);
	assert_int_equal(call_fid(c, P9_TSTATFS, 0), 0);
	/* One of the same name is not the share. */
	make_dir(c, "share");
	make_file(c, "share/x", SECRET);
	assert_int_equal(walk(c, 0, 5, "x"), -ENOENT);
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
	assert_int_equal(attach(c, 0), 0);
	assert_int_equal(walk(c, 0, 5, "x"), -ENOENT);
}

static void a_share_that_is_moved(void **state)
{
	struct client *c = *state;

	make_dir(c, "share/d");
	assert_int_equal(walk(c, 0, 1, "d"), 0);
	assert_int_equal(renameat(c->dir_fd, "share", c->dir_fd, "outside/share"), 0);
	/* It is still the share, and what is around it is not. */
	assert_int_equal(tmkdir(c, 1, "e", 0755, ~0u), 0);
	assert_true(is_there(c, "outside/share/d/e"));
	assert_int_equal(walk(c, 1, 2, "../../secret"), 1);
	assert_int_equal(walk(c, 1, 2, "../../../outside"), 1);
	assert_int_equal(walk(c, 1, 2, "../.."), 0);
	assert_int_equal(walk(c, 2, 3, "d/e"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name)     cmocka_unit_test_setup_teardown(name, setup_writable, teardown_client)
#define INNER(name) cmocka_unit_test_setup_teardown(name, setup_inner_writable, teardown_client)
#define FEW(name)   cmocka_unit_test_setup_teardown(name, setup_few_writable, teardown_client)
		T(a_full_disk),
		T(no_more_files_on_the_disk),
		T(a_file_system_that_became_read_only),
		FEW(no_descriptors_left),
		FEW(many_files_without_names),
		T(no_more_files_to_remember),
		T(a_file_system_whose_server_is_gone),
		INNER(a_share_that_is_removed),
		INNER(a_share_that_is_moved),
#undef T
#undef INNER
#undef FEW
	};

	return cmocka_run_group_tests_name("p9 trouble", tests, enter_mount_namespace, NULL);
}
