/* SPDX-License-Identifier: Apache-2.0 */
/* The archive is read by cpio(1), the reference for its own format, and by a few rules here. */
#include "tests/unit/tree.h"

#include <errno.h>
#include <sys/sysmacros.h>

#include "boot/initrd.h"
#include "core/util.h"

static struct tree tree;

static int set_up(void **state)
{
	(void)state;
	tree_make(&tree);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tree_remove(&tree);
	return 0;
}

static void run_in_tree(int archive, const char *command)
{
	char line[PATH_MAX];

	FORMAT(line, "cd %s && %s </proc/%d/fd/%d", tree.root, command, (int)getpid(), archive);
	assert_int_equal(system(line), 0);
}

static void assert_file(const char *below, mode_t mode, const void *data, size_t size)
{
	static char content[8192];
	struct stat st;

	assert_int_equal(stat(tree_path(&tree, below), &st), 0);
	assert_int_equal(st.st_mode, mode);
	assert_int_equal(st.st_size, size);
	int fd = open(tree.path, O_RDONLY);
	assert_int_equal(read(fd, content, sizeof(content)), size);
	assert_memory_equal(content, data, size);
	(void)close(fd);
}

/* Every remainder of four for names and for data. */
static void cpio_extracts_what_was_added(void **state)
{
	static const char *const names[] = {"/d/a", "/d/ab", "/d/abc", "/d/abcd", "/d/abcde"};
	static char data[4100];
	struct initrd initrd;

	(void)state;
	if (!have_program("cpio")) {
		print_message("skipped: no cpio\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7);
	initrd_begin(&initrd);
	initrd_add_dir(&initrd, "/d", 0750);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		initrd_add_file(&initrd, names[i], 0640, data, i);
	initrd_add_file(&initrd, "/d/big", 0755, data, sizeof(data));
	int fd = initrd_end(&initrd);
	assert_true(fd >= 0);
	run_in_tree(fd, "cpio -idm --quiet");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_file(names[i], S_IFREG | 0640, data, i);
	assert_file("/d/big", S_IFREG | 0755, data, sizeof(data));
	(void)close(fd);
}

static void cpio_sees_a_device(void **state)
{
	struct initrd initrd;
	char line[512] = "";

	(void)state;
	if (!have_program("cpio")) {
		print_message("skipped: no cpio\n");
		skip();
	}
	initrd_begin(&initrd);
	initrd_add_dir(&initrd, "/dev", 0755);
	initrd_add_char(&initrd, "/dev/console", 0600, 5, 1);
	int fd = initrd_end(&initrd);
	assert_true(fd >= 0);
	run_in_tree(fd, "cpio -tvn --quiet >list 2>&1");
	FILE *f = fopen(tree_path(&tree, "/list"), "r");
	assert_non_null(fgets(line, sizeof(line), f));
	assert_memory_equal(line, "drwxr-xr-x", 10);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_memory_equal(line, "crw-------", 10);
	assert_contains(line, "5,   1");
	assert_contains(line, "dev/console");
	(void)fclose(f);
	(void)close(fd);
}

static void the_file_is_whole_blocks_and_sealed(void **state)
{
	struct initrd initrd;
	struct stat st;

	(void)state;
	initrd_begin(&initrd);
	initrd_add_file(&initrd, "/x", 0600, "y", 1);
	int fd = initrd_end(&initrd);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size > 0 && st.st_size % 512 == 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(pwrite(fd, "z", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, st.st_size * 2), -1);
	assert_ptr_equal(mmap(NULL, 512, PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	(void)close(fd);
}

static void the_same_input_gives_the_same_bytes(void **state)
{
	char bytes[2][2048] = {{0}};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct initrd initrd;
		initrd_begin(&initrd);
		initrd_add_dir(&initrd, "/d", 0755);
		initrd_add_file(&initrd, "/d/f", 0600, "data", 4);
		int fd = initrd_end(&initrd);
		assert_true(pread(fd, bytes[i], sizeof(bytes[i]), 0) > 0);
		(void)close(fd);
	}
	assert_memory_equal(bytes[0], bytes[1], sizeof(bytes[0]));
}

static void the_first_failure_sticks(void **state)
{
	static const char *const bad[] = {"relative", "/", "", "//x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct initrd initrd;
		initrd_begin(&initrd);
		initrd_add_file(&initrd, bad[i], 0600, "", 0);
		initrd_add_file(&initrd, "/good", 0600, "", 0);
		assert_int_equal(initrd_end(&initrd), -EINVAL);
		assert_int_equal(initrd.fd, -1);
	}
}

static void refuses_what_the_format_cannot_hold(void **state)
{
	static char name[PATH_MAX + 2];
	struct initrd initrd;

	(void)state;
	initrd_begin(&initrd);
	initrd_add_file(&initrd, "/big", 0600, name, (size_t)UINT32_MAX + 1);
	assert_int_equal(initrd_end(&initrd), -E2BIG);
	memset(name, 'n', PATH_MAX + 1);
	name[0] = '/';
	initrd_begin(&initrd);
	initrd_add_file(&initrd, name, 0600, "", 0);
	assert_int_equal(initrd_end(&initrd), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(cpio_extracts_what_was_added, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cpio_sees_a_device, set_up, tear_down),
		cmocka_unit_test(the_file_is_whole_blocks_and_sealed),
		cmocka_unit_test(the_same_input_gives_the_same_bytes),
		cmocka_unit_test(the_first_failure_sticks),
		cmocka_unit_test(refuses_what_the_format_cannot_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
