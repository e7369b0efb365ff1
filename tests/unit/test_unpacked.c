/* SPDX-License-Identifier: Apache-2.0 */
/* The plan's kernel, unpacked: from the cache, or without one, and what is said about it. */
#include "tests/unit/vmlinux_maker.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "boot/cache.h"
#include "boot/vmlinux.h"
#include "core/cleanup.h"
#include "launcher/unpacked.h"

static struct tree tree;
static struct payload payload;
static struct packed_kernel packed;
static struct plan plan;
static struct captured captured;
static char cache_dir[PATH_MAX], kernel_path[PATH_MAX];

/* What is in packed becomes the plan's kernel. */
static void use_packed(void)
{
	const char *why;

	tree_write(&tree, "/bzImage", packed.bytes, packed.size);
	cleanup_close(&plan.kernel.fd);
	plan.kernel.fd = open(tree_path(&tree, "/bzImage"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(kernel_image_read(plan.kernel.fd, &plan.kernel.image, &why), 0);
}

static int set_up(void **state)
{
	(void)state;
	tree_make(&tree);
	FORMAT(cache_dir, "%s/cache", tree.root);
	FORMAT(kernel_path, "%s/bzImage", tree.root);
	plan = (struct plan){.kernel = {.fd = -1, .path = kernel_path}, .cache.path = cache_dir};
	payload_make(&payload);
	payload_add_relocs(&payload);
	packed_make(&packed, pack_xz, payload.bytes, payload.size);
	use_packed();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	cleanup_close(&plan.kernel.fd);
	tree_remove(&tree);
	return 0;
}

/* What is said goes into captured. */
static int get(int *fd)
{
	*fd = 12345;
	plan.cache.dir = -EPERM;
	plan.cache.why = "has no place";
	if (plan.cache.path)
		plan.cache.dir = cache_open(plan.cache.path, &plan.cache.why);
	stderr_begin(&captured);
	const int err = unpacked_get(&plan, fd);
	stderr_end(&captured);
	cleanup_close(&plan.cache.dir);
	return err;
}

static void expect_unpacked(void)
{
	_cleanup_close_ int fd = -1;
	struct vmlinux vmlinux;
	const char *why;

	assert_int_equal(get(&fd), 0);
	assert_true(fd >= 0);
	assert_int_equal(vmlinux_read(fd, &vmlinux, &why), 0);
	assert_int_equal(vmlinux.segment_count, MAKER_SEGMENTS);
}

static void it_is_kept_and_nothing_is_said(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		expect_unpacked();
		assert_string_equal(captured.text, "");
		assert_int_equal(access(tree_path(&tree, "/cache/lock"), F_OK), 0);
	}
}

static void nobody_asked_for_it(void **state)
{
	int fd;

	(void)state;
	plan.boot = BOOT_BZIMAGE;
	assert_int_equal(get(&fd), 0);
	assert_int_equal(fd, -1);
	assert_string_equal(captured.text, "");
}

static void expect_warning(const char *says)
{
	expect_unpacked();
	assert_one_line(captured.text);
	assert_contains(captured.text, "snug: warning: the kernel cache ");
	assert_contains(captured.text, says);
	assert_contains(captured.text, "; the kernel is unpacked for this run alone");
}

static void without_a_cache_there_is_a_warning(void **state)
{
	(void)state;
	plan.cache.path = NULL;
	expect_warning("cache has no place;");
	plan.cache.path = cache_dir;
	assert_int_equal(symlink("/", cache_dir), 0);
	expect_warning("/cache is not a directory;");
	assert_int_equal(unlink(cache_dir), 0);
	assert_int_equal(mkdir(cache_dir, 0777) + chmod(cache_dir, 0777), 0);
	expect_warning("/cache can be written by others; try chmod go-w on it;");
	assert_int_equal(chmod(cache_dir, 0700), 0);
	tree_mkdir(&tree, "/cache/lock");
	expect_warning("/cache cannot be locked: Is a directory;");
}

static void what_snug_does_not_know_is_left_to_the_kernel(void **state)
{
	int fd;

	(void)state;
	packed_payload(&packed)[0] ^= 0xff;
	use_packed();
	assert_int_equal(get(&fd), 0);
	assert_int_equal(fd, -1);
	assert_one_line(captured.text);
	assert_contains(captured.text, "snug: warning: /tmp/");
	assert_contains(captured.text, "/bzImage is compressed in a way that snug does not know; "
				       "its own decompressor has to");
}

static void what_nobody_can_unpack_is_an_error(void **state)
{
	int fd;

	(void)state;
	packed_say_size(&packed, 5);
	use_packed();
	assert_int_equal(get(&fd), -EBADMSG);
	assert_int_equal(fd, -1);
	assert_one_line(captured.text);
	assert_contains(captured.text, "/bzImage is damaged");
}

/* Neither in the cache nor in memory: never without a word. */
static void a_limit_for_files_is_an_error(void **state)
{
	const struct rlimit limit = {.rlim_cur = 8192, .rlim_max = RLIM_INFINITY};
	const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
	int fd;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	const int err = get(&fd);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(err, -EFBIG);
	assert_int_equal(fd, -1);
	assert_contains(captured.text, "/cache cannot be written to: File too large;");
	assert_contains(captured.text, "/bzImage cannot be written unpacked: File too large\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_kept_and_nothing_is_said),
		TEST(nobody_asked_for_it),
		TEST(without_a_cache_there_is_a_warning),
		TEST(what_snug_does_not_know_is_left_to_the_kernel),
		TEST(what_nobody_can_unpack_is_an_error),
		TEST(a_limit_for_files_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
