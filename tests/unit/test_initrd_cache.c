/* SPDX-License-Identifier: Apache-2.0 */
/* Initrds of guest-init and modules: made once, found again, and not when what they hold has changed. */
#include "tests/unit/tree.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>

#include "boot/initrd_cache.h"
#include "core/cleanup.h"
#include "core/util.h"

static struct tree tree;
static int dir_fd;
static struct module_list list;
static char name[INITRD_CACHE_NAME_MAX];
static const struct cache_identity maker = {"maker"};
static const char *const needs[] = {"first", "second", NULL};
static const char *file, *why;

static void write_module(const char *path, char fill)
{
	char module[sizeof(Elf64_Ehdr) + 100];

	memset(module, fill, sizeof(module));
	memcpy(module, ELFMAG, SELFMAG);
	tree_write(&tree, path, module, sizeof(module));
}

static int set_up(void **state)
{
	(void)state;
	tree_make(&tree);
	write_module("/modules/first file.ko", 1);
	write_module("/modules/second.ko", 2);
	tree_write(&tree, "/modules/modules.dep.bin", "index", 5);
	dir_fd = cache_open(tree_path(&tree, "/cache"), &why);
	assert_true(dir_fd >= 0);
	list = (struct module_list){0};
	assert_int_equal(
		module_list_add(&list, "first", tree_path(&tree, "/modules/first file.ko")), 0);
	assert_int_equal(module_list_add(&list, "second", tree_path(&tree, "/modules/second.ko")),
			 0);
	assert_int_equal(initrd_cache_name(tree_path(&tree, "/modules"), &maker, name), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	modules_free(&list);
	cleanup_close(&dir_fd);
	tree_remove(&tree);
	return 0;
}

static unsigned open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	assert_int_equal(closedir(dir), 0);
	return count;
}

static void add(void)
{
	const unsigned before = open_descriptors();
	_cleanup_close_ int fd = initrd_cache_add(dir_fd, name, needs, &list, &file, &why);

	assert_true(fd >= 0);
	assert_int_equal(open_descriptors(), before + 1);
}

/* Is it found? */
static bool get(void)
{
	struct module_list found;
	_cleanup_close_ int fd = initrd_cache_get(dir_fd, name, needs, &found);

	if (fd < 0) {
		assert_int_equal(fd, -ENOENT);
		assert_int_equal(found.count, 0);
		return false;
	}
	assert_int_equal(found.count, list.count);
	for (size_t i = 0; i < list.count; i++) {
		assert_string_equal(found.modules[i].name, list.modules[i].name);
		assert_string_equal(found.modules[i].path, list.modules[i].path);
	}
	modules_free(&found);
	return true;
}

static void what_was_made_is_found(void **state)
{
	(void)state;
	assert_false(get());
	add();
	assert_true(get());
	add(); /* in its place */
	assert_true(get());
}

static void no_modules_at_all(void **state)
{
	(void)state;
	modules_free(&list);
	add();
	assert_true(get());
}

/* The same archive, but for what the entry says of itself. */
static void in_memory_it_is_the_same(void **state)
{
	char kept[4096], made[4096], command[256];
	char *text;

	(void)state;
	_cleanup_close_ int memory = initrd_cache_add(-1, NULL, needs, &list, &file, &why);
	_cleanup_close_ int entry = initrd_cache_add(dir_fd, name, needs, &list, &file, &why);
	assert_true(memory >= 0 && entry >= 0);
	assert_int_equal(lseek(memory, 0, SEEK_END), lseek(entry, 0, SEEK_END));
	assert_int_equal(pread(memory, made, sizeof(made), MIB(1) / 64), sizeof(made));
	assert_int_equal(pread(entry, kept, sizeof(kept), MIB(1) / 64), sizeof(kept));
	assert_memory_equal(made, kept, sizeof(made));
	assert_int_equal(initrd_first_file(entry, "snug.modules", sizeof(kept), &text), 0);
	assert_contains(text, " first second\n");
	free(text);
	if (!have_program("cpio"))
		return;
	FORMAT(command,
	       "test $(cpio -t --quiet </proc/%d/fd/%d | grep -cx -e init -e modules/first.ko "
	       "-e modules/second.ko -e dev/console) = 4",
	       (int)getpid(), entry);
	assert_int_equal(system(command), 0);
}

static void a_module_that_changes(void **state)
{
	(void)state;
	add();
	write_module("/modules/second.ko", 3);
	assert_false(get());
	add();
	assert_true(get());
	assert_int_equal(unlink(tree_path(&tree, "/modules/second.ko")), 0);
	assert_false(get());
}

static void an_index_that_changes_has_another_name(void **state)
{
	char other[INITRD_CACHE_NAME_MAX];

	(void)state;
	tree_write(&tree, "/modules/modules.dep.bin", "longer index", 12);
	assert_int_equal(initrd_cache_name(tree_path(&tree, "/modules"), &maker, other), 0);
	assert_string_not_equal(other, name);
	assert_true(initrd_cache_is_entry(other) && !initrd_cache_is_entry("file-1"));
	assert_int_equal(initrd_cache_name(tree_path(&tree, "/nothing"), &maker, other), -ENOENT);
}

static void other_needs_are_not_served(void **state)
{
	const char *const fewer[] = {"first", NULL};
	const char *const more[] = {"first", "second", "third", NULL};
	struct module_list found;

	(void)state;
	add();
	assert_int_equal(initrd_cache_get(dir_fd, name, fewer, &found), -ENOENT);
	assert_int_equal(initrd_cache_get(dir_fd, name, more, &found), -ENOENT);
	assert_true(get());
}

static void an_entry_that_changes(void **state)
{
	char path[PATH_MAX];

	(void)state;
	FORMAT(path, "%s/cache/%s", tree.root, name);
	for (int i = 0; i < 3; i++) {
		add();
		_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
		assert_true(fd >= 0);
		if (i == 0)
			assert_int_equal(ftruncate(fd, 1000), 0);
		else if (i == 1)
			assert_int_equal(pwrite(fd, "x", 1, MIB(1) / 4), 1);
		else
			assert_int_equal(fchmod(fd, 0622), 0);
		assert_false(get());
	}
}

static void a_module_that_is_none(void **state)
{
	(void)state;
	tree_write(&tree, "/modules/second.ko", "not a module", 12);
	for (int dir = dir_fd; dir >= -1; dir -= dir_fd + 1) {
		const unsigned before = open_descriptors();
		assert_int_equal(initrd_cache_add(dir, name, needs, &list, &file, &why), -ENOEXEC);
		assert_string_equal(file, list.modules[1].path);
		assert_string_equal(why, "is not a kernel module");
		assert_int_equal(open_descriptors(), before);
	}
	assert_false(get());
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_made_is_found),
		TEST(no_modules_at_all),
		TEST(in_memory_it_is_the_same),
		TEST(a_module_that_changes),
		TEST(an_index_that_changes_has_another_name),
		TEST(other_needs_are_not_served),
		TEST(an_entry_that_changes),
		TEST(a_module_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
