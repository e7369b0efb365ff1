/* SPDX-License-Identifier: Apache-2.0 */
/* 9P: entries that move and go, and the fids that have them meanwhile. */
#include "tests/unit/p9_client.h"

#include "core/util.h"

static void a_file_takes_another_name(void **state)
{
	struct client *c = *state;
	struct attr attr;

	make_file(c, "a", "one");
	make_dir(c, "d");
	assert_int_equal(walk(c, 0, 1, "a"), 0);
	assert_int_equal(walk(c, 0, 2, "d"), 0);
	assert_int_equal(trenameat(c, 0, "a", 2, "b"), 0);
	assert_content(c, "d/b", "one");
	assert_false(is_there(c, "a"));
	use_others(c);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.qid.path, inode(c, "d/b"));
	/* By its fid, from where it is by now. */
	assert_int_equal(trename(c, 1, 0, "c"), 0);
	assert_content(c, "c", "one");
	assert_false(is_there(c, "d/b"));
	use_others(c);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDWR), 0);
	assert_int_equal(twrite(c, 1, 0, "1", 1), 1);
	assert_content(c, "c", "1ne");
	/* Also while it is open; the old name is gone for good. */
	assert_int_equal(trename(c, 1, 2, "e"), 0);
	assert_content(c, "d/e", "1ne");
	assert_int_equal(walk(c, 0, 3, "c"), -ENOENT);
	assert_int_equal(trenameat(c, 0, "c", 0, "x"), -ENOENT);
}

static void over_what_is_there(void **state)
{
	struct client *c = *state;
	struct attr attr;

	make_file(c, "a", "new");
	make_file(c, "b", "old");
	make_dir(c, "d");
	make_dir(c, "e");
	make_file(c, "e/f", "x");
	assert_int_equal(walk(c, 0, 1, "a"), 0);
	assert_int_equal(walk(c, 0, 2, "b"), 0);
	use_others(c);
	assert_int_equal(trename(c, 1, 0, "b"), 0);
	use_others(c);
	assert_content(c, "b", "new");
	assert_false(is_there(c, "a"));
	assert_slurp(c, 0, "b", "new");
	/* What was there has no name any more; its fid has it. */
	assert_int_equal(getattr(c, 2, &attr), 0);
	assert_int_equal(attr.nlink, 0);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 2, 0, 100), 3);
	assert_memory_equal(c->in.at, "old", 3);
	assert_int_equal(trename(c, 2, 0, "again"), -ENOENT);
	assert_int_equal(trenameat(c, 0, "b", 0, "d"), -EISDIR);
	assert_int_equal(trenameat(c, 0, "d", 0, "b"), -ENOTDIR);
	assert_true(trenameat(c, 0, "d", 0, "e") == -ENOTEMPTY);
	assert_int_equal(trenameat(c, 0, "e", 0, "d"), 0);
	assert_content(c, "d/f", "x");
}

static void onto_itself(void **state)
{
	struct client *c = *state;
	struct attr attr;

	make_file(c, "f", "x");
	assert_int_equal(linkat(c->dir_fd, "f", c->dir_fd, "g", 0), 0);
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(trenameat(c, 0, "f", 0, "f"), 0);
	assert_int_equal(trename(c, 1, 0, "f"), 0);
	use_others(c);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(trename(c, 1, 0, "g"), 0);
	assert_true(is_there(c, "f"));
	assert_true(is_there(c, "g"));
	use_others(c);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(tremove(c, 1), 0);
	assert_int_equal(stat_of(c, is_there(c, "f") ? "f" : "g").st_nlink, 1);
}

/* rename(2) does nothing then, and nothing may be forgotten, whichever name the guest has walked to. */
static void onto_another_name_of_the_same_file(void **state)
{
	static const char *const names[][2] = {{"f", "g"}, {"g", "f"}};
	struct client *c = *state;
	struct attr attr;

	make_file(c, "f", "x");
	assert_int_equal(linkat(c->dir_fd, "f", c->dir_fd, "g", 0), 0);
	for (uint32_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(walk(c, 0, 1, "g"), 0);
		assert_int_equal(trenameat(c, 0, names[i][0], 0, names[i][1]), 0);
		use_others(c);
		assert_int_equal(getattr(c, 1, &attr), 0);
		assert_int_equal(attr.nlink, 2);
		assert_int_equal(trename(c, 1, 0, "h"), 0);
		use_others(c);
		assert_int_equal(getattr(c, 1, &attr), 0);
		assert_int_equal(renameat(c->dir_fd, "h", c->dir_fd, is_there(c, "f") ? "g" : "f"),
				 0);
		assert_int_equal(clunk(c, 1), 0);
	}
}

/* A file that has lost one of two names is found by the other. */
static void one_of_two_names_goes(void **state)
{
	struct client *c = *state;
	struct attr attr;

	make_file(c, "f", "x");
	assert_int_equal(linkat(c->dir_fd, "f", c->dir_fd, "g", 0), 0);
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(walk(c, 0, 2, "g"), 0);
	assert_int_equal(tunlinkat(c, 0, "f", 0), 0);
	use_others(c);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.nlink, 1);
	assert_int_equal(trename(c, 2, 0, "h"), 0);
	use_others(c);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_content(c, "h", "x");
}

/* A directory, and fids of all kinds below it. */
static void make_tree(struct client *c)
{
	make_dir(c, "d");
	make_dir(c, "d/e");
	make_dir(c, "to");
	make_file(c, "d/e/f", "text");
	make_file(c, "d/e/g", "other");
	assert_int_equal(symlinkat("f", c->dir_fd, "d/e/l"), 0);
	assert_int_equal(walk(c, 0, 1, "d/e/f"), 0);
	assert_int_equal(walk(c, 0, 2, "d/e/f"), 0);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDWR), 0);
	assert_int_equal(walk(c, 0, 3, "d/e"), 0);
	assert_int_equal(walk(c, 0, 4, "d/e"), 0);
	assert_int_equal(lopen(c, 4, P9_DOTL_RDONLY), 0);
	assert_int_equal(walk(c, 0, 5, "d/e/l"), 0);
	assert_int_equal(walk(c, 0, 6, "to"), 0);
}

static void use_tree(struct client *c, const char *where, uint64_t parent)
{
	struct p9_qid qid;
	struct attr attr;
	char path[64];
	size_t walked;

	use_others(c);
	(void)snprintf(path, sizeof(path), "%s/e/f", where);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.qid.path, inode(c, path));
	assert_int_equal(twrite(c, 2, 0, "T", 1), 1);
	assert_content(c, path, "Text");
	assert_slurp(c, 3, "g", "other");
	assert_true(read_bytes(c, P9_TREADDIR, 4, 0, 1000) > 0);
	assert_int_equal(call_fid(c, P9_TREADLINK, 5), 0);
	assert_int_equal(walk_some(c, 3, 99, "..", &walked, &qid), 0);
	assert_int_equal(clunk(c, 99), 0);
	(void)snprintf(path, sizeof(path), "%s", where);
	assert_int_equal(qid.path, inode(c, path));
	assert_int_equal(walk_some(c, 3, 99, "../..", &walked, &qid), 0);
	assert_int_equal(clunk(c, 99), 0);
	assert_int_equal(qid.path, parent);
	/* New ones come where it is now. */
	assert_int_equal(tmkdir(c, 3, "new", 0755, ~0u), 0);
	(void)snprintf(path, sizeof(path), "%s/e/new", where);
	assert_true(is_there(c, path));
	assert_int_equal(tunlinkat(c, 3, "new", P9_DOTL_AT_REMOVEDIR), 0);
}

static void a_directory_with_open_files_below_it(void **state)
{
	struct client *c = *state;

	make_tree(c);
	use_tree(c, "d", inode(c, "."));
	assert_int_equal(trenameat(c, 0, "d", 6, "moved"), 0);
	use_tree(c, "to/moved", inode(c, "to"));
	assert_int_equal(walk(c, 3, 7, ".."), 0);
	assert_int_equal(trename(c, 7, 0, "back"), 0);
	use_tree(c, "back", inode(c, "."));
	/* Not into itself, by whatever way. */
	assert_int_equal(trename(c, 7, 3, "x"), -EINVAL);
	assert_int_equal(trenameat(c, 0, "back", 7, "x"), -EINVAL);
	use_tree(c, "back", inode(c, "."));
	/* What it was is a free name, and another directory. */
	make_dir(c, "d");
	assert_int_equal(walk(c, 0, 8, "d/e"), 1);
	assert_int_equal(tremove(c, 7), -ENOTEMPTY);
	use_tree(c, "back", inode(c, "."));
}

/* What the host moves is found no more once it was closed, but it is never another file. */
static void a_directory_that_the_host_moves(void **state)
{
	struct client *c = *state;
	struct attr attr;

	make_tree(c);
	assert_int_equal(renameat(c->dir_fd, "d", c->dir_fd, "gone"), 0);
	make_dir(c, "d");
	make_dir(c, "d/e");
	make_file(c, "d/e/f", "imposter");
	use_others(c);
	assert_int_equal(getattr(c, 1, &attr), -ESTALE);
	assert_true(lopen(c, 1, P9_DOTL_RDWR) < 0);
	assert_int_equal(tmkdir(c, 3, "new", 0755, ~0u), -ESTALE);
	assert_int_equal(tunlinkat(c, 3, "f", 0), -ESTALE);
	/* What is open is what it was. */
	assert_int_equal(twrite(c, 2, 0, "T", 1), 1);
	assert_content(c, "gone/e/f", "Text");
	assert_content(c, "d/e/f", "imposter");
	assert_true(read_bytes(c, P9_TREADDIR, 4, 0, 1000) > 0);
	/* Seen again, it is known again. */
	assert_int_equal(walk(c, 0, 9, "gone/e/f"), 0);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.qid.path, inode(c, "gone/e/f"));
}

static void removing(void **state)
{
	struct client *c = *state;

	make_file(c, "f", "x");
	make_file(c, "g", "x");
	make_dir(c, "d");
	make_dir(c, "full");
	make_file(c, "full/x", "x");
	assert_int_equal(symlinkat("full", c->dir_fd, "l"), 0);
	assert_int_equal(tunlinkat(c, 0, "d", 0), -EISDIR);
	assert_int_equal(tunlinkat(c, 0, "f", P9_DOTL_AT_REMOVEDIR), -ENOTDIR);
	assert_int_equal(tunlinkat(c, 0, "l", P9_DOTL_AT_REMOVEDIR), -ENOTDIR);
	assert_int_equal(tunlinkat(c, 0, "full", P9_DOTL_AT_REMOVEDIR), -ENOTEMPTY);
	assert_int_equal(tunlinkat(c, 0, "f", 1), -EINVAL);
	assert_int_equal(tunlinkat(c, 0, "f", UINT32_MAX), -EINVAL);
	assert_int_equal(tunlinkat(c, 0, "none", 0), -ENOENT);
	assert_int_equal(tunlinkat(c, 9, "f", 0), -EBADF);
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(tunlinkat(c, 1, "f", 0), -ENOTDIR);
	assert_int_equal(tunlinkat(c, 0, "f", 0), 0);
	assert_int_equal(tunlinkat(c, 0, "f", 0), -ENOENT);
	assert_int_equal(tunlinkat(c, 0, "l", 0), 0);
	assert_int_equal(tunlinkat(c, 0, "d", P9_DOTL_AT_REMOVEDIR), 0);
	assert_false(is_there(c, "f") || is_there(c, "l") || is_there(c, "d"));
	/* By fid: whatever comes of it, the fid is gone. */
	assert_int_equal(walk(c, 0, 2, "g"), 0);
	assert_int_equal(tremove(c, 2), 0);
	assert_false(is_there(c, "g"));
	assert_int_equal(tremove(c, 2), -EBADF);
	assert_int_equal(walk(c, 0, 2, "full"), 0);
	assert_int_equal(tremove(c, 2), -ENOTEMPTY);
	assert_int_equal(tremove(c, 2), -EBADF);
	assert_int_equal(walk(c, 0, 2, "full/x"), 0);
	assert_int_equal(tremove(c, 2), 0);
	assert_int_equal(walk(c, 0, 2, "full"), 0);
	assert_int_equal(tremove(c, 2), 0);
	assert_int_equal(tremove(c, 1), -ENOENT);
	/* The share itself stays. */
	assert_int_equal(walk(c, 0, 3, ""), 0);
	assert_int_equal(trename(c, 3, 0, "x"), -EACCES);
	assert_int_equal(tremove(c, 3), -EACCES);
	assert_true(is_there(c, "."));
}

/* Only what the fid is about is removed and moved, not what has its name by now. */
static void a_name_that_is_anothers_by_now(void **state)
{
	struct client *c = *state;

	make_file(c, "f", "mine");
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(walk(c, 0, 2, "f"), 0);
	assert_int_equal(renameat(c->dir_fd, "f", c->dir_fd, "moved"), 0);
	make_file(c, "f", "theirs");
	assert_int_equal(trename(c, 1, 0, "g"), -ESTALE);
	assert_int_equal(tremove(c, 2), -ESTALE);
	assert_content(c, "f", "theirs");
	assert_content(c, "moved", "mine");
}

static void a_directory_removed_while_in_use(void **state)
{
	struct client *c = *state;
	struct attr attr;

	make_dir(c, "d");
	assert_int_equal(walk(c, 0, 1, "d"), 0);
	assert_int_equal(walk(c, 0, 2, "d"), 0);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), 0);
	assert_int_equal(tunlinkat(c, 0, "d", P9_DOTL_AT_REMOVEDIR), 0);
	make_dir(c, "d");
	use_others(c);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.nlink, 0);
	assert_int_equal(walk(c, 1, 3, "x"), -ENOENT);
	assert_int_equal(tmkdir(c, 1, "x", 0755, ~0u), -ENOENT);
	assert_int_equal(trenameat(c, 0, "d", 1, "x"), -ENOENT);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 2, 0, 1000), -ENOENT);
	assert_int_equal(walk(c, 1, 3, ".."), 0);
	assert_int_equal(tremove(c, 1), -ENOENT);
	assert_true(is_there(c, "d"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name)   cmocka_unit_test_setup_teardown(name, setup_writable, teardown_client)
#define FEW(name) cmocka_unit_test_setup_teardown(name, setup_few_writable, teardown_client)
		FEW(a_file_takes_another_name),
		FEW(over_what_is_there),
		FEW(onto_itself),
		FEW(onto_another_name_of_the_same_file),
		FEW(one_of_two_names_goes),
		FEW(a_directory_with_open_files_below_it),
		FEW(a_directory_that_the_host_moves),
		T(removing),
		T(a_name_that_is_anothers_by_now),
		FEW(a_directory_removed_while_in_use),
#undef T
#undef FEW
	};

	return cmocka_run_group_tests_name("p9 rename", tests, NULL, NULL);
}
