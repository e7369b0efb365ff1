/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/fake_modules.h"

#include <errno.h>
#include <lzma.h>

#include "boot/modules.h"
#include "core/util.h"

#define VERSION "6.1.0-test"
#define DIR     "/lib/modules/" VERSION

static const char *const wanted[] = {"virtio_mmio", "virtio_console", "9pnet_virtio",
				     "9p",          "overlay",        NULL};
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

static void need_tools(void)
{
	if (!fake_modules_available()) {
		print_message("skipped: no as or no depmod\n");
		skip();
	}
}

static size_t position(const struct module_list *list, const char *name)
{
	size_t found = list->count;

	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->modules[i].name, name) == 0) {
			assert_int_equal(found, list->count); /* once only */
			found = i;
		}
	}
	return found;
}

static void assert_before(const struct module_list *list, const char *first, const char *second)
{
	assert_true(position(list, first) < position(list, second));
	assert_true(position(list, second) < list->count);
}

static void what_is_needed_comes_first(void **state)
{
	struct module_list list;
	struct captured captured;
	const char *missing;

	(void)state;
	need_tools();
	fake_modules_make(&tree, "", VERSION, NULL, NULL);
	stderr_begin(&captured);
	int err = modules_resolve(tree_path(&tree, DIR), wanted, &list, &missing);
	stderr_end(&captured);
	assert_int_equal(err, 0);
	assert_string_equal(captured.text, "");
	assert_int_equal(list.count, 10);
	assert_before(&list, "virtio_ring", "virtio");
	assert_before(&list, "virtio", "virtio_mmio");
	assert_before(&list, "virtio", "virtio_console");
	assert_before(&list, "9pnet", "9pnet_virtio");
	assert_before(&list, "9pnet", "9p");
	assert_before(&list, "netfs", "9p");
	assert_before(&list, "crc_test", "overlay"); /* a soft dependency */
	assert_before(&list, "virtio_mmio", "virtio_console");
	for (size_t i = 0; i < list.count; i++)
		assert_int_equal(access(list.modules[i].path, R_OK), 0);
	modules_free(&list);
	assert_int_equal(list.count, 0);
}

static void what_is_built_in_is_not_loaded(void **state)
{
	struct module_list list;
	const char *missing;

	(void)state;
	need_tools();
	fake_modules_make(&tree, "", VERSION, "virtio_console",
			  "kernel/drivers/char/virtio_console.ko\n");
	assert_int_equal(modules_resolve(tree_path(&tree, DIR), wanted, &list, &missing), 0);
	assert_int_equal(list.count, 9);
	assert_int_equal(position(&list, "virtio_console"), list.count);
	modules_free(&list);
}

static void what_is_missing_is_named(void **state)
{
	struct module_list list;
	const char *missing;

	(void)state;
	need_tools();
	fake_modules_make(&tree, "", VERSION, "9p", NULL);
	assert_int_equal(modules_resolve(tree_path(&tree, DIR), wanted, &list, &missing), -ENOENT);
	assert_string_equal(missing, "9p");
	assert_null(list.modules);
	assert_int_equal(list.count, 0);
}

static void no_index_is_told_apart(void **state)
{
	struct module_list list;
	const char *missing;

	(void)state;
	tree_mkdir(&tree, DIR);
	assert_int_equal(modules_resolve(tree_path(&tree, DIR), wanted, &list, &missing), -ENODATA);
	assert_null(missing);
	assert_int_equal(modules_resolve(tree_path(&tree, "/nothing"), wanted, &list, &missing),
			 -ENODATA);
}

/* An index of a later format, or a damaged one: no crash, no list, no words on stderr. */
static void a_damaged_index_is_an_error(void **state)
{
	struct module_list list;
	struct captured captured;
	const char *missing;

	(void)state;
	tree_write(&tree, DIR "/modules.dep.bin", "garbage of some length", 22);
	stderr_begin(&captured);
	int err = modules_resolve(tree_path(&tree, DIR), wanted, &list, &missing);
	stderr_end(&captured);
	assert_true(err < 0);
	assert_string_equal(captured.text, "");
	assert_int_equal(list.count, 0);
}

static void reads_a_module(void **state)
{
	static uint8_t module[4096] = "\177ELF\2\1\1", packed[8192];
	struct blob blob;
	const char *why;
	size_t len = 0;

	(void)state;
	assert_int_equal(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, module, sizeof(module),
						 packed, &len, sizeof(packed)),
			 LZMA_OK);
	tree_write(&tree, "/m.ko", module, sizeof(module));
	tree_write(&tree, "/m.ko.xz", packed, len);
	static const char *const good[] = {"/m.ko", "/m.ko.xz"};
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(module_read(tree_path(&tree, good[i]), &blob, &why), 0);
		assert_int_equal(blob.size, sizeof(module));
		assert_memory_equal(blob.data, module, sizeof(module));
		blob_free(&blob);
	}
	tree_write(&tree, "/cut.ko.xz", packed, len / 2);
	tree_write(&tree, "/garbage.ko.xz",
		   "\xfd"
		   "7zXZ\0garbage",
		   13);
	tree_write(&tree, "/text.ko", "#!/bin/sh\n", 10);
	tree_write(&tree, "/short.ko", module, 20);
	tree_write(&tree, "/empty.ko", "", 0);
	static const struct {
		const char *file;
		int err;
	} bad[] = {
		{"/cut.ko.xz", -EBADMSG},
		{"/garbage.ko.xz", -EBADMSG},
		{"/text.ko", -ENOEXEC},
		{"/short.ko", -ENOEXEC},
		{"/empty.ko", -ENOEXEC},
		{"/none.ko", -ENOENT},
		{"", -EINVAL},
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		why = NULL;
		assert_int_equal(module_read(tree_path(&tree, bad[i].file), &blob, &why),
				 bad[i].err);
		assert_null(blob.data);
		assert_non_null(why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_needed_comes_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_built_in_is_not_loaded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_missing_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_index_is_told_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_damaged_index_is_an_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reads_a_module, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
