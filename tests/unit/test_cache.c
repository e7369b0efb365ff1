/* SPDX-License-Identifier: Apache-2.0 */
/* The cache's directory: made for the caller alone, and refused if it is not. */
#include "tests/unit/tree.h"

#include <errno.h>

#include "boot/cache.h"
#include "core/cleanup.h"
#include "core/util.h"

static struct tree tree;
static const char *why;

static int set_up(void **state)
{
	(void)state;
	tree_make(&tree);
	tree_mkdir(&tree, "/cache");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tree_remove(&tree);
	return 0;
}

static void expect_no_directory(const char *below, int err, const char *reason)
{
	why = NULL;
	assert_int_equal(cache_open(tree_path(&tree, below), &why), err);
	assert_non_null(why);
	assert_contains(why, reason);
}

static void assert_private_directory(const char *below)
{
	struct stat st;

	assert_int_equal(lstat(tree_path(&tree, below), &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0700);
}

static void the_directory_and_its_parent_are_made(void **state)
{
	const mode_t before = umask(0);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		_cleanup_close_ int fd = cache_open(tree_path(&tree, "/new/snug"), &why);
		assert_true(fd >= 0);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		assert_private_directory("/new");
		assert_private_directory("/new/snug");
	}
	(void)umask(before);
	expect_no_directory("/not/this/far", -ENOENT, "cannot be made");
	assert_int_equal(access(tree_path(&tree, "/not"), F_OK), -1);
}

static void what_is_no_directory_of_the_callers_is_refused(void **state)
{
	(void)state;
	tree_write(&tree, "/file", "", 0);
	expect_no_directory("/file", -EPERM, "is not a directory");
	expect_no_directory("/file/snug", -EPERM, "is not a directory");
	assert_int_equal(symlink("cache", tree_path(&tree, "/link")), 0);
	expect_no_directory("/link", -EPERM, "is not a directory");
	assert_int_equal(symlink("nowhere", tree_path(&tree, "/dangling")), 0);
	expect_no_directory("/dangling", -EPERM, "is not a directory");
	assert_int_equal(mkfifo(tree_path(&tree, "/fifo"), 0600), 0);
	expect_no_directory("/fifo", -EPERM, "is not a directory");
}

static void what_others_can_write_is_refused(void **state)
{
	static const mode_t modes[] = {0720, 0702, 0777, 01777};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(chmod(tree_path(&tree, "/cache"), modes[i]), 0);
		expect_no_directory("/cache", -EPERM, "chmod go-w");
	}
	/* To be read by others does no harm. */
	assert_int_equal(chmod(tree_path(&tree, "/cache"), 0755), 0);
	_cleanup_close_ int fd = cache_open(tree.path, &why);
	assert_true(fd >= 0);
}

static void what_is_somebody_elses_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root can give a directory away\n");
		skip();
	}
	assert_int_equal(chown(tree_path(&tree, "/cache"), 65534, 65534), 0);
	expect_no_directory("/cache", -EPERM, "belongs to somebody else");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_directory_and_its_parent_are_made),
		TEST(what_is_no_directory_of_the_callers_is_refused),
		TEST(what_others_can_write_is_refused),
		TEST(what_is_somebody_elses_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
