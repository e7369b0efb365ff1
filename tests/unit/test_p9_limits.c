/* SPDX-License-Identifier: Apache-2.0 */
/* 9P: few descriptors, many files: none lost, none confused with another, and no end of them is fatal. */
#include "tests/unit/p9_client.h"

#include <sys/resource.h>

#include "virtio/p9/node.h"

/* A server that may have 16 descriptors. */
static int setup_few(void **state)
{
	struct rlimit limit, few;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = (struct rlimit){.rlim_cur = 64 + 16, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	*state = client_new_temporary(false);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return 0;
}

static void more_files_than_descriptors(void **state)
{
	struct client *c = *state;
	size_t before = descriptors();
	struct attr attr;
	char name[16];
	uint32_t open = 0;
	int r;

	for (uint32_t i = 1; i <= 200; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		make_file(c, name, name);
		assert_int_equal(walk(c, 0, i, name), 0);
	}
	assert_in_range(descriptors(), before, before + 15);
	for (uint32_t i = 1; i <= 200; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		assert_int_equal(getattr(c, i, &attr), 0);
		assert_int_equal(attr.qid.path, inode(c, name));
	}
	do
		r = lopen(c, ++open, P9_DOTL_RDONLY);
	while (r == 0);
	assert_int_equal(r, -EMFILE);
	assert_in_range(open, 12, 16);
	assert_in_range(descriptors(), before, before + 15);
	for (uint32_t i = 1; i < open; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		assert_int_equal(read_bytes(c, P9_TREAD, i, 0, 100), strlen(name));
		assert_memory_equal(c->in.at, name, strlen(name));
	}
	assert_int_equal(clunk(c, 1), 0);
	assert_int_equal(lopen(c, open, P9_DOTL_RDONLY), 0);
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
	assert_int_equal(descriptors(), before);
}

/* Makes the server close what it has not used for long: everything but what is used here. */
static void use_others(struct client *c)
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

static void deep_directories_are_found_again(void **state)
{
	struct client *c = *state;
	int at = dup(c->dir_fd);
	struct attr attr;
	uint64_t ino = 0;
	struct stat st;

	assert_int_equal(walk(c, 0, 1, ""), 0);
	for (int i = 0; i < 100; i++) {
		int down;

		assert_int_equal(mkdirat(at, "d", 0755), 0);
		down = openat(at, "d", O_RDONLY);
		close(at);
		at = down;
		assert_int_equal(fstat(at, &st), 0);
		ino = st.st_ino;
		assert_int_equal(walk(c, 1, 1, "d"), 0);
	}
	close(at);
	use_others(c);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.qid.path, ino);
	use_others(c);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 1, 0, 100), 51);
}

static void a_file_closed_meanwhile_must_be_the_same(void **state)
{
	struct client *c = *state;
	struct attr attr;

	make_file(c, "gone", "x");
	make_file(c, "replaced", "x");
	make_file(c, "new", SECRET);
	make_file(c, "linked", "x");
	assert_int_equal(walk(c, 0, 1, "gone"), 0);
	assert_int_equal(walk(c, 0, 2, "replaced"), 0);
	assert_int_equal(walk(c, 0, 3, "linked"), 0);
	use_others(c);
	assert_int_equal(unlinkat(c->dir_fd, "gone", 0), 0);
	assert_int_equal(renameat(c->dir_fd, "new", c->dir_fd, "replaced"), 0);
	assert_int_equal(unlinkat(c->dir_fd, "linked", 0), 0);
	assert_int_equal(symlinkat("replaced", c->dir_fd, "linked"), 0);
	assert_int_equal(getattr(c, 1, &attr), -ENOENT);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), -ENOENT);
	assert_int_equal(getattr(c, 2, &attr), -ESTALE);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), -ESTALE);
	assert_int_equal(getattr(c, 3, &attr), -ESTALE);
	assert_true(lopen(c, 3, P9_DOTL_RDONLY) < 0);
}

static void a_file_closed_meanwhile_is_still_open(void **state)
{
	struct client *c = *state;
	struct attr attr;

	make_file(c, "f", "x");
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	use_others(c);
	assert_int_equal(unlinkat(c->dir_fd, "f", 0), 0);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.nlink, 0);
	assert_int_equal(call_fid(c, P9_TSTATFS, 1), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, 10), 1);
}

static void a_directory_covered_meanwhile(void **state)
{
	struct client *c = *state;
	struct attr attr;

	if (!may_mount)
		skip();
	make_dir(c, "d");
	make_file(c, "d/version", "harmless");
	assert_int_equal(walk(c, 0, 1, "d"), 0);
	assert_int_equal(walk(c, 0, 2, "d/version"), 0);
	use_others(c);
	assert_int_equal(mount("p", path_of(c, "d"), "proc", 0, NULL), 0);
	assert_int_equal(getattr(c, 1, &attr), -ESTALE);
	assert_int_equal(walk(c, 1, 3, "version"), -ESTALE);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), -ESTALE);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), -ESTALE);
	assert_int_equal(umount(path_of(c, "d")), 0);
	assert_slurp(c, 1, "version", "harmless");
}

static void a_process_out_of_descriptors(void **state)
{
	struct client *c = *state;
	struct rlimit limit, none;
	int lowest = dup(0);

	assert_true(lowest >= 0);
	make_file(c, "f", "x");
	make_file(c, "g", "x");
	make_file(c, "h", "x");
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(walk(c, 0, 2, "g"), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	close(lowest);
	/* Not one descriptor more for anybody. */
	none = (struct rlimit){.rlim_cur = (rlim_t)lowest, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	{
		int walked = walk(c, 0, 3, "h"), opened = lopen(c, 2, P9_DOTL_RDONLY);

		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		/* What it closes to go on is numbered above the limit: it stays without. */
		assert_int_equal(walked, -EMFILE);
		assert_int_equal(opened, -EMFILE);
	}
	assert_int_equal(walk(c, 0, 3, "h"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), 0);
}

static void closes_others_when_the_process_runs_out(void **state)
{
	struct client *c = *state;
	struct rlimit limit, none;
	struct attr attr;
	int walked, highest;
	char name[16];

	for (uint32_t i = 1; i <= 50; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		make_file(c, name, "x");
		assert_int_equal(walk(c, 0, i, name), 0);
	}
	highest = dup(0);
	close(highest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){.rlim_cur = (rlim_t)highest, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	walked = walk(c, 0, 51, "1");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(walked, 0);
	for (uint32_t i = 1; i <= 51; i++)
		assert_int_equal(getattr(c, i, &attr), 0);
}

static void descriptors_stay_flat_over_errors(void **state)
{
	struct client *c = *state;
	size_t before;

	make_dir(c, "share/d");
	make_file(c, "share/d/f", "x");
	make_file(c, "share/replaced", "x");
	make_file(c, "outside/new", "y");
	assert_int_equal(mkfifoat(c->dir_fd, "share/p", 0666), 0);
	assert_int_equal(symlinkat("d", c->dir_fd, "share/l"), 0);
	assert_int_equal(walk(c, 0, 1, "d/f"), 0);
	assert_int_equal(walk(c, 0, 2, "p"), 0);
	assert_int_equal(walk(c, 0, 3, "replaced"), 0);
	assert_int_equal(renameat(c->dir_fd, "outside/new", c->dir_fd, "share/replaced"), 0);
	before = descriptors();
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(walk(c, 0, 9, "none"), -ENOENT);
		assert_int_equal(walk(c, 0, 9, "d/none"), 1);
		assert_int_equal(walk(c, 0, 9, "d/f/none"), 1);
		assert_int_equal(walk(c, 0, 9, "l/f"), 1);
		assert_int_equal(walk(c, 0, 9, "d/../d/../d/./f"), 1);
		assert_int_equal(walk(c, 0, 1, "d"), -EBADF);
		assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), -ENXIO);
		assert_int_equal(lopen(c, 3, P9_DOTL_RDWR), -EROFS);
		assert_int_equal(lopen(c, 1, P9_DOTL_RDWR), -EROFS);
		assert_true(xattrwalk(c, 1, 9, "user.none") < 0);
		assert_true(xattrwalk(c, 1, 2, "") < 0);
		assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, 10), -EBADF);
	}
	assert_int_equal(descriptors(), before);
}

static void nodes_are_bounded(void **state)
{
	struct client *c = *state;
	struct p9_export export = {.name = "", .fd = dup(c->dir_fd)};
	struct p9_share share = {.exports = &export, .export_count = 1, .proc_fd = c->proc_fd};
	struct p9_nodes nodes;
	struct p9_node *a, *b, *again;
	struct statx stx;

	make_dir(c, "share/d");
	make_dir(c, "share/d/e");
	assert_int_equal(p9_nodes_init(&nodes, &share, 1, 16), 0);
	assert_int_equal(p9_node_child(nodes.root, "share", &a, &stx), 0);
	assert_int_equal(p9_node_child(a, "d", &b, &stx), 0);
	p9_node_put(a);
	/* The parent lives as long as its child. */
	assert_int_equal(p9_node_child(b, "e", &a, &stx), -ENFILE);
	/* One file is one node, however often it is walked to. */
	a = p9_node_parent(b);
	assert_int_equal(p9_node_child(a, "d", &again, &stx), 0);
	assert_ptr_equal(again, b);
	p9_node_put(again);
	p9_node_put(a);
	p9_node_put(b);
	assert_int_equal(nodes.count, 1);
	assert_int_equal(nodes.descriptors, 1);
	p9_nodes_destroy(&nodes);
}

static void as_many_fids_as_the_share_allows(void **state)
{
	struct client *c = *state;
	uint32_t fid = 0;
	int r;

	make_file(c, "f", "x");
	do
		r = walk(c, 0, ++fid, "f");
	while (r == 0);
	assert_int_equal(r, -ENFILE);
	/* The root has a fid. */
	assert_int_equal(fid, CLIENT_FILES);
	assert_int_equal(walk(c, 0, fid, ""), -ENFILE);
	assert_int_equal(clunk(c, 1), 0);
	assert_int_equal(walk(c, 0, fid, "f"), 0);
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
	assert_int_equal(attach(c, 0), 0);
	assert_int_equal(walk(c, 0, 1, "f"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name)     cmocka_unit_test_setup_teardown(name, setup_client, teardown_client)
#define INNER(name) cmocka_unit_test_setup_teardown(name, setup_inner, teardown_client)
#define FEW(name)   cmocka_unit_test_setup_teardown(name, setup_few, teardown_client)
		FEW(more_files_than_descriptors),
		FEW(deep_directories_are_found_again),
		FEW(a_file_closed_meanwhile_must_be_the_same),
		FEW(a_file_closed_meanwhile_is_still_open),
		FEW(a_directory_covered_meanwhile),
		T(a_process_out_of_descriptors),
		T(as_many_fids_as_the_share_allows),
		T(closes_others_when_the_process_runs_out),
		INNER(descriptors_stay_flat_over_errors),
		INNER(nodes_are_bounded),
#undef T
#undef INNER
#undef FEW
	};

	return cmocka_run_group_tests_name("p9 limits", tests, enter_mount_namespace, NULL);
}
