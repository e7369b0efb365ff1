/* SPDX-License-Identifier: Apache-2.0 */
/* A plan with mounts and hidden paths, and its run specification. */
#include "tests/unit/plan_maker.h"

static void mounts_in_the_run_specification(void **state)
{
	struct options options = {0};
	struct prepared prepared;
	struct plan plan;

	(void)state;
	assert_int_equal(mount_options_add_volume(&options.mounts, "/usr:/data:rw"), 0);
	assert_int_equal(mount_options_add_volume(&options.mounts, "/etc/passwd:/x/y"), 0);
	assert_int_equal(mount_options_add_dir(&options.mounts, "tmpfs", MOUNT_TMPFS, "/home"), 0);
	assert_int_equal(mount_options_add_dir(&options.mounts, "overlay", MOUNT_OVERLAY, "/usr"),
			 0);
	for (caller.uid = 0; caller.uid < 2; caller.uid++) {
		assert_int_equal(make(&plan, &options), 0);
		plan.boot = BOOT_BZIMAGE; /* the made-up kernel has nothing to unpack */
		assert_int_equal(prepare(&prepared, &plan), 0);
		assert_records(
			&prepared.spec, "exports",
			caller.uid
				? "loose:ro:cache=loose,access=any|mmap:rw:cache=mmap,access=any"
				: "loose:ro:cache=loose,access=any|mmap:rw:cache=mmap,access=user");
		assert_records(&prepared.spec, "mount",
			       "rw:mmap/0:/data|tmpfs:/home|overlay:/usr|ro:loose/3:/x/y");
		assert_records(&prepared.spec, "overlay", "/tmp");
		prepared_free(&prepared);
		plan_free(&plan);
	}
	mount_options_free(&options.mounts);
}

static void default_overlays_make_way(void **state)
{
	char *const home[] = {(char *)(uintptr_t) "HOME=/usr/share", NULL};
	struct options options = {0};
	struct plan plan;

	(void)state;
	caller.environ = home;
	assert_int_equal(mount_options_add_volume(&options.mounts, "/etc:/usr"), 0);
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(plan.overlays.count, 2);
	plan_free(&plan);
	assert_int_equal(mount_options_add_dir(&options.mounts, "overlay", MOUNT_OVERLAY, "/"), 0);
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(plan.overlays.count, 0);
	plan_free(&plan);
	mount_options_free(&options.mounts);
}

static void a_working_directory_in_a_volume(void **state)
{
	struct options options = {.workdir = "/data/only/in/the/guest"};
	struct plan plan;

	(void)state;
	assert_int_equal(make(&plan, &options), -ENOENT);
	plan_free(&plan);
	assert_int_equal(mount_options_add_volume(&options.mounts, "/etc:/data/"), 0);
	assert_int_equal(make(&plan, &options), 0);
	assert_string_equal(plan.cwd, "/data/only/in/the/guest");
	plan_free(&plan);
	mount_options_free(&options.mounts);
}

static void what_is_hidden(void **state)
{
	char home[PATH_MAX];
	char *const here[] = {home, NULL};
	struct options options = {0};
	struct plan plan;

	(void)state;
	caller.environ = here;
	FORMAT(home, "HOME=%s", tree.root);
	assert_int_equal(make(&plan, &options), 0);
	assert_true(plan.hides.count > 5);
	assert_string_equal(plan.hides.items[0].name, ".ssh");
	assert_true(plan.hides.items[0].absent);
	plan_free(&plan);
	strlist_add(&options.hide, "/etc/passwd");
	options.no_default_hide = true;
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(plan.hides.count, 1);
	assert_string_equal(plan.hides.items[0].name, "passwd");
	assert_false(plan.hides.items[0].absent);
	plan_free(&plan);
	strlist_add(&options.hide, "/nothing/at/all");
	assert_int_equal(make(&plan, &options), -ENOENT);
	plan_free(&plan);
	strlist_free(&options.hide);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(mounts_in_the_run_specification, set_up),
		cmocka_unit_test_setup(default_overlays_make_way, set_up),
		cmocka_unit_test_setup(a_working_directory_in_a_volume, set_up),
		cmocka_unit_test_setup(what_is_hidden, set_up),
	};

	return cmocka_run_group_tests(tests, set_up_tree, tear_down_tree);
}
