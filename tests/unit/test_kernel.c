/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel is taken, with which modules, and what is said where none will do. */
#include "tests/unit/fake_kernel.h"
#include "tests/unit/fake_modules.h"

#include <errno.h>

#include "core/log.h"
#include "launcher/kernel.h"

static struct tree tree;
static struct host host;
static struct captured captured;

static int set_up(void **state)
{
	(void)state;
	tree_make(&tree);
	host = (struct host){.root = tree.root, .ram = 1 << 30};
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

static const struct cache no_cache = {.dir = -1};

/* Files below the tree; NULL as kernel_choose() takes it. */
static int choose(struct kernel *kernel, const char *file, const char *modules_dir)
{
	char file_path[PATH_MAX], dir_path[PATH_MAX];

	FORMAT(file_path, "%s%s", tree.root, file ? file : "");
	FORMAT(dir_path, "%s%s", tree.root, modules_dir ? modules_dir : "");
	*kernel = KERNEL_NONE;
	stderr_begin(&captured);
	int err = kernel_choose(kernel, &host, &no_cache, file ? file_path : NULL,
				modules_dir ? dir_path : NULL);
	stderr_end(&captured);
	if (err) {
		assert_one_line(captured.text);
		assert_int_equal(kernel->fd, -1);
		assert_null(kernel->path);
	} else {
		assert_string_equal(captured.text, "");
	}
	return err;
}

static void assert_chosen(struct kernel *kernel, const char *path, const char *modules_dir)
{
	assert_string_equal(kernel->path, tree_path(&tree, path));
	assert_string_equal(kernel->modules_dir, tree_path(&tree, modules_dir));
	assert_int_equal(kernel->modules.count, 10);
	assert_true(fcntl(kernel->fd, F_GETFD) & FD_CLOEXEC);
	kernel_free(kernel);
}

static void the_newest_that_will_do(void **state)
{
	struct kernel kernel;

	(void)state;
	need_tools();
	fake_kernel_make(&tree, "/boot/vmlinuz-6.9.0", "6.9.0");
	fake_kernel_make(&tree, "/boot/vmlinuz-6.10.0", "6.10.0");
	fake_kernel_make(&tree, "/boot/vmlinuz-6.11.0-cloud", "6.11.0-cloud");
	fake_kernel_make(&tree, "/boot/vmlinuz-6.12.0", "6.12.0");
	tree_write(&tree, "/boot/vmlinuz-7.0.0", "not a kernel", 12);
	tree_write(&tree, "/boot/initrd.img-6.10.0", "", 0);
	fake_modules_make(&tree, "", "6.9.0", NULL, NULL);
	fake_modules_make(&tree, "", "6.10.0", NULL, NULL);
	fake_modules_make(&tree, "", "6.11.0-cloud", "9p", NULL);
	assert_int_equal(choose(&kernel, NULL, NULL), 0);
	assert_chosen(&kernel, "/boot/vmlinuz-6.10.0", "/lib/modules/6.10.0");
	assert_int_equal(choose(&kernel, "/boot/vmlinuz-6.9.0", NULL), 0);
	assert_chosen(&kernel, "/boot/vmlinuz-6.9.0", "/lib/modules/6.9.0");
}

static void modules_of_an_unpacked_package(void **state)
{
	struct kernel kernel;

	(void)state;
	need_tools();
	fake_kernel_make(&tree, "/pkg/boot/vmlinuz-6.1.0", "6.1.0");
	fake_modules_make(&tree, "", "6.1.0", NULL, NULL);
	assert_int_equal(choose(&kernel, "/pkg/boot/vmlinuz-6.1.0", NULL), 0);
	assert_chosen(&kernel, "/pkg/boot/vmlinuz-6.1.0", "/lib/modules/6.1.0");
	fake_modules_make(&tree, "/pkg/usr", "6.1.0", NULL, NULL);
	assert_int_equal(choose(&kernel, "/pkg/boot/vmlinuz-6.1.0", NULL), 0);
	assert_chosen(&kernel, "/pkg/boot/vmlinuz-6.1.0", "/pkg/usr/lib/modules/6.1.0");
	fake_modules_make(&tree, "/pkg", "6.1.0", NULL, NULL);
	assert_int_equal(choose(&kernel, "/pkg/boot/vmlinuz-6.1.0", NULL), 0);
	assert_chosen(&kernel, "/pkg/boot/vmlinuz-6.1.0", "/pkg/lib/modules/6.1.0");
	assert_int_equal(choose(&kernel, "/pkg/boot/vmlinuz-6.1.0", "/lib/modules/6.1.0"), 0);
	assert_chosen(&kernel, "/pkg/boot/vmlinuz-6.1.0", "/lib/modules/6.1.0");
}

static void a_kernel_inside_its_modules_directory(void **state)
{
	struct kernel kernel;

	(void)state;
	need_tools();
	fake_modules_make(&tree, "/x", "6.1.0", NULL, NULL);
	fake_kernel_make(&tree, "/x/lib/modules/6.1.0/vmlinuz", "6.1.0");
	assert_int_equal(choose(&kernel, "/x/lib/modules/6.1.0/vmlinuz", NULL), 0);
	assert_chosen(&kernel, "/x/lib/modules/6.1.0/vmlinuz", "/x/lib/modules/6.1.0");
}

/* As make kernel leaves it: all is built in, and there is no module. */
static void make_own_kernel(const char *version)
{
	static const char builtin[] =
		"kernel/drivers/virtio/virtio_mmio.ko\nkernel/drivers/char/virtio_console.ko\n"
		"kernel/net/9p/9pnet_virtio.ko\nkernel/fs/9p/9p.ko\nkernel/fs/overlayfs/"
		"overlay.ko\n";
	char file[PATH_MAX];

	FORMAT(file, "/own/vmlinuz-%s", version);
	fake_kernel_make(&tree, file, version);
	FORMAT(file, "/own/lib/modules/%s", version);
	tree_mkdir(&tree, file);
	FORMAT(file, "/own/lib/modules/%s/modules.builtin", version);
	tree_write(&tree, file, builtin, sizeof(builtin) - 1);
	fake_modules_index(&tree, "/own", version);
	FORMAT(host.own_kernels, "%s/own", tree.root);
}

static void the_one_made_for_snug_comes_first(void **state)
{
	struct kernel kernel;
	_cleanup_strlist_ struct strlist paths = {0};

	(void)state;
	need_tools();
	fake_kernel_make(&tree, "/boot/vmlinuz-6.12.0", "6.12.0");
	fake_modules_make(&tree, "", "6.12.0", NULL, NULL);
	make_own_kernel("6.1.0-snug");
	assert_int_equal(choose(&kernel, NULL, NULL), 0);
	assert_string_equal(kernel.path, tree_path(&tree, "/own/vmlinuz-6.1.0-snug"));
	assert_string_equal(kernel.modules_dir, tree_path(&tree, "/own/lib/modules/6.1.0-snug"));
	assert_int_equal(kernel.modules.count, 0);
	kernel_free(&kernel);
	assert_int_equal(choose(&kernel, "/boot/vmlinuz-6.12.0", NULL), 0);
	assert_chosen(&kernel, "/boot/vmlinuz-6.12.0", "/lib/modules/6.12.0");
	assert_int_equal(choose(&kernel, NULL, "/lib/modules/6.12.0"), 0);
	assert_chosen(&kernel, "/boot/vmlinuz-6.12.0", "/lib/modules/6.12.0");
	assert_int_equal(kernel_list(&host, &paths), 0);
	assert_int_equal(paths.count, 2);
	assert_true(kernel_is_own(&host, paths.items[0]));
	assert_false(kernel_is_own(&host, paths.items[1]));
}

/* It is not left out without a word. */
static void the_one_made_for_snug_will_not_do(void **state)
{
	struct kernel kernel = KERNEL_NONE;

	(void)state;
	need_tools();
	fake_kernel_make(&tree, "/boot/vmlinuz-6.12.0", "6.12.0");
	fake_modules_make(&tree, "", "6.12.0", NULL, NULL);
	fake_kernel_make(&tree, "/own/vmlinuz-6.1.0-snug", "6.1.0-snug");
	FORMAT(host.own_kernels, "%s/own", tree.root);
	stderr_begin(&captured);
	int err = kernel_choose(&kernel, &host, &no_cache, NULL, NULL);
	stderr_end(&captured);
	assert_int_equal(err, 0);
	assert_one_line(captured.text);
	assert_contains(captured.text, "/own/vmlinuz-6.1.0-snug has no modules: ");
	assert_contains(captured.text, "/boot/vmlinuz-6.12.0 instead\n");
	assert_chosen(&kernel, "/boot/vmlinuz-6.12.0", "/lib/modules/6.12.0");
}

static void a_kernel_without_9p(void **state)
{
	struct kernel kernel;

	(void)state;
	need_tools();
	fake_kernel_make(&tree, "/boot/vmlinuz-6.1.0-cloud", "6.1.0-cloud");
	fake_modules_make(&tree, "", "6.1.0-cloud", "9pnet_virtio", NULL);
	assert_int_equal(choose(&kernel, NULL, NULL), -ENOENT);
	assert_contains(captured.text, "boot/vmlinuz-6.1.0-cloud has no 9p file system (neither "
				       "built in nor as a module in ");
	assert_int_equal(choose(&kernel, "/boot/vmlinuz-6.1.0-cloud", NULL), -ENOENT);
	assert_contains(captured.text, "has no 9p file system");
}

static void no_kernel_at_all(void **state)
{
	struct kernel kernel;

	(void)state;
	assert_int_equal(choose(&kernel, NULL, NULL), -ENOENT);
	assert_contains(captured.text, "install one");
	assert_int_equal(choose(&kernel, "/nothing", NULL), -ENOENT);
	assert_contains(captured.text, "/nothing cannot be opened: No such file");
	assert_int_equal(choose(&kernel, "", NULL), -EISDIR);
	assert_contains(captured.text, "is a directory\n");
}

static void modules_that_are_not_there(void **state)
{
	struct kernel kernel;

	(void)state;
	fake_kernel_make(&tree, "/boot/vmlinuz-6.1.0", "6.1.0");
	assert_int_equal(choose(&kernel, NULL, NULL), -ENOENT);
	assert_contains(captured.text, "no directory /lib/modules/6.1.0");
	assert_int_equal(choose(&kernel, NULL, "/nothing"), -ENOENT);
	assert_contains(captured.text, "/nothing: No such file");
	assert_int_equal(choose(&kernel, NULL, "/boot/vmlinuz-6.1.0"), -ENOTDIR);
	assert_contains(captured.text, "/boot/vmlinuz-6.1.0: Not a directory");
	fake_kernel_make(&tree, "/boot/vmlinuz-6.1.0", "../../etc");
	assert_int_equal(choose(&kernel, NULL, NULL), -ENOEXEC);
}

static void a_kernel_that_does_not_say_its_version(void **state)
{
	struct kernel kernel;
	struct bzimage image;

	(void)state;
	bzimage_make(&image);
	bzimage_header(&image)->kernel_version = 0;
	tree_write(&tree, "/boot/vmlinuz-6.1.0", image.bytes, sizeof(image.bytes));
	assert_int_equal(choose(&kernel, NULL, NULL), -ENOENT);
	assert_contains(captured.text, "does not say its version");
}

static void modules_without_an_index(void **state)
{
	struct kernel kernel;
	char expected[PATH_MAX];

	(void)state;
	fake_kernel_make(&tree, "/pkg/boot/vmlinuz-6.1.0", "6.1.0");
	tree_mkdir(&tree, "/pkg/lib/modules/6.1.0/kernel");
	FORMAT(expected, "'depmod -b %s/pkg 6.1.0'", tree.root);
	assert_int_equal(choose(&kernel, "/pkg/boot/vmlinuz-6.1.0", NULL), -ENODATA);
	assert_contains(captured.text, expected);
	assert_int_equal(choose(&kernel, "/pkg/boot/vmlinuz-6.1.0", "/pkg"), -ENODATA);
	assert_contains(captured.text, "depmod -b TREE VERSION");
}

/* As Ubuntu has them. root reads everything, so this is tried as somebody else. */
static void kernels_that_only_root_may_read(void **state)
{
	struct kernel kernel;
	const uid_t uid = geteuid();

	(void)state;
	fake_kernel_make(&tree, "/boot/vmlinuz-6.1.0", "6.1.0");
	fake_kernel_make(&tree, "/boot/vmlinuz-6.2.0", "6.2.0");
	assert_int_equal(chmod(tree_path(&tree, "/boot/vmlinuz-6.1.0"), 0), 0);
	assert_int_equal(chmod(tree_path(&tree, "/boot/vmlinuz-6.2.0"), 0), 0);
	if (uid == 0)
		assert_int_equal(seteuid(65534), 0);
	int err = choose(&kernel, NULL, NULL);
	assert_int_equal(seteuid(uid), 0);
	assert_int_equal(err, -EACCES);
	assert_contains(captured.text, "none of the 2 kernels");
	assert_contains(captured.text, "6.2.0 is not readable for you; try 'sudo chmod a+r");
}

/* To build an index that is there would be the wrong advice. */
static void modules_that_only_root_may_read(void **state)
{
	struct kernel kernel;
	const uid_t uid = geteuid();

	(void)state;
	fake_kernel_make(&tree, "/boot/vmlinuz-6.1.0", "6.1.0");
	tree_write(&tree, "/lib/modules/6.1.0/modules.dep.bin", "", 0);
	assert_int_equal(chmod(tree_path(&tree, "/lib/modules/6.1.0/modules.dep.bin"), 0), 0);
	if (uid == 0)
		assert_int_equal(seteuid(65534), 0);
	int err = choose(&kernel, NULL, NULL);
	assert_int_equal(seteuid(uid), 0);
	assert_int_equal(err, -EACCES);
	assert_contains(captured.text, "/lib/modules/6.1.0 cannot be read: Permission denied");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_newest_that_will_do, set_up, tear_down),
		cmocka_unit_test_setup_teardown(modules_of_an_unpacked_package, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_kernel_inside_its_modules_directory, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_one_made_for_snug_comes_first, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_one_made_for_snug_will_not_do, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_kernel_without_9p, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_kernel_at_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(modules_that_are_not_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_kernel_that_does_not_say_its_version, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(modules_without_an_index, set_up, tear_down),
		cmocka_unit_test_setup_teardown(kernels_that_only_root_may_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(modules_that_only_root_may_read, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
