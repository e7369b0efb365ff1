/* SPDX-License-Identifier: Apache-2.0 */
/* What of limits, names and environments comes to be in a plan, and in its run specification. */
#include "tests/unit/plan_maker.h"

static void assert_spec(const struct plan *plan, const char *pids, const char *size,
			const char *hostname)
{
	struct prepared prepared;
	struct plan copy = *plan;

	copy.boot = BOOT_BZIMAGE; /* the made-up kernel has nothing to unpack */
	assert_int_equal(prepare(&prepared, &copy), 0);
	assert_records(&prepared.spec, "pids", pids);
	assert_records(&prepared.spec, "overlay-size", size);
	assert_records(&prepared.spec, "hostname", hostname);
	prepared_free(&prepared);
}

static void limits_in_the_run_specification(void **state)
{
	struct options options = {0};
	struct plan plan;

	(void)state;
	assert_int_equal(make(&plan, &options), 0);
	assert_spec(&plan, "", "", "snug");
	plan_free(&plan);
	options.pids = 12;
	options.overlay_size.bytes = MIB(5);
	options.hostname = "a.b";
	assert_int_equal(make(&plan, &options), 0);
	assert_spec(&plan, "12", "5242880", "a.b");
	plan_free(&plan);
	options.overlay_size = (struct overlay_size){.percent = 75};
	assert_int_equal(make(&plan, &options), 0);
	assert_spec(&plan, "12", "75%", "a.b");
	plan_free(&plan);
}

static void overlays_fit_the_memory(void **state)
{
	struct options options = {.memory = MIB(64), .overlay_size = {.bytes = MIB(64)}};
	struct plan plan;

	(void)state;
	assert_int_equal(make(&plan, &options), 0);
	plan_free(&plan);
	options.overlay_size.bytes++;
	assert_int_equal(make(&plan, &options), -ERANGE);
	assert_contains(captured.text, "--overlay-size: 64M is more than the VM has (64M)");
	plan_free(&plan);
}

static void assert_env(const struct plan *plan, const char *expected)
{
	char joined[1024] = "";

	for (size_t i = 0; i < plan->env.count; i++) {
		const size_t at = strlen(joined);
		(void)snprintf(joined + at, sizeof(joined) - at, "%s%s", at ? "|" : "",
			       plan->env.items[i]);
	}
	assert_string_equal(joined, expected);
}

static void an_environment_that_is_cleared(void **state)
{
	struct options options = {.clearenv = true};
	struct plan plan;

	(void)state;
	assert_int_equal(make(&plan, &options), 0);
	assert_env(&plan, "PATH=/usr/local/bin:/usr/bin:/bin|SNUG=1");
	plan_free(&plan);
	/* One who is in the user database has a home. */
	options.user = "0";
	strlist_add(&options.env, "TERM");
	strlist_add(&options.env, "MINE=2");
	strlist_add(&options.env, "PATH");
	assert_int_equal(make(&plan, &options), 0);
	assert_env(&plan, "HOME=/root|SNUG=1|TERM=xterm|MINE=2|PATH=/bin");
	plan_free(&plan);
	strlist_free(&options.env);
}

static void files_of_variables(void **state)
{
	static const char first[] = "A=1\nB=1\nMINE\nSNUG\n", second[] = "B=2\nC=2\nNOT_SET\n";
	struct options options = {.clearenv = true};
	struct plan plan;

	(void)state;
	tree_write(&tree, "/first", first, sizeof(first) - 1);
	tree_write(&tree, "/second", second, sizeof(second) - 1);
	strlist_add(&options.env, "C=3");
	strlist_add(&options.env_files, tree_path(&tree, "/first"));
	strlist_add(&options.env_files, tree_path(&tree, "/second"));
	assert_int_equal(make(&plan, &options), 0);
	assert_env(&plan, "PATH=/usr/local/bin:/usr/bin:/bin|A=1|MINE=1|SNUG=0|B=2|C=3");
	plan_free(&plan);
	strlist_add(&options.env_files, tree_path(&tree, "/third"));
	assert_int_equal(make(&plan, &options), -ENOENT);
	assert_contains(captured.text, "--env-file: ");
	plan_free(&plan);
	strlist_free(&options.env);
	strlist_free(&options.env_files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(limits_in_the_run_specification, set_up),
		cmocka_unit_test_setup(overlays_fit_the_memory, set_up),
		cmocka_unit_test_setup(an_environment_that_is_cleared, set_up),
		cmocka_unit_test_setup(files_of_variables, set_up),
	};

	return cmocka_run_group_tests(tests, set_up_tree, tear_down_tree);
}
