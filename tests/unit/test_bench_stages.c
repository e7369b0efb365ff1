/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tree.h"

#include <errno.h>

#include "report/bench_timeline.h"
#include "report/stage_table.h"

static int add(struct stage_table *table, size_t arm, size_t round, size_t *after, const char *name,
	       uint64_t ns)
{
	return stage_table_add(table, arm, round, after, "g", name, ns);
}

static void stages_are_in_the_order_of_runs(void **state)
{
	struct stage_table table = {.arms = 2, .runs = 2};
	static const char *const expected[] = {"a", "new", "b", "c"};
	uint64_t ns;
	size_t at = 0;

	(void)state;
	assert_int_equal(add(&table, 0, 0, &at, "a", 10), 0);
	assert_int_equal(add(&table, 0, 0, &at, "b", 20), 0);
	at = 0;
	assert_int_equal(add(&table, 1, 0, &at, "a", 30), 0);
	assert_int_equal(add(&table, 1, 0, &at, "new", 5), 0);
	assert_int_equal(add(&table, 1, 0, &at, "b", 40), 0);
	assert_int_equal(add(&table, 1, 0, &at, "c", 1), 0);
	assert_int_equal(add(&table, 1, 0, &at, "a", 3), 0); /* the same once more */
	assert_int_equal(table.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(table.items[i].name, expected[i]);
	assert_int_equal(table.items[0].ns[2], 33);
	/* The second rounds had none of them: that is no time. */
	assert_true(stage_median(&table, 2, 0, &ns) && ns == 10);
	assert_true(stage_median(&table, 2, 1, &ns) && ns == 20);
	assert_false(stage_median(&table, 1, 0, &ns));
	at = 0;
	/* Another group, another stage. */
	assert_int_equal(stage_table_add(&table, 0, 1, &at, "h", "a", 1), 0);
	assert_int_equal(table.count, 5);
	assert_string_equal(table.items[0].group, "h");
	stage_table_free(&table);
}

static int read_text(const char *text, struct stage_table *table, const char **why)
{
	struct tree tree;

	tree_make(&tree);
	tree_write(&tree, "/t.json", text, strlen(text));
	int err = bench_timeline_add(tree_path(&tree, "/t.json"), table, 0, 0, why);
	tree_remove(&tree);
	return err;
}

static void a_timeline(void **state)
{
	struct stage_table table = {.arms = 1, .runs = 1};
	const char *why;

	(void)state;
	assert_int_equal(
		read_text("{\"displayTimeUnit\": \"ms\", \"traceEvents\": [], \"snug\": {"
			  "\"schema\": 1, \"version\": \"1\", \"status\": 0, \"total_ns\": 30,"
			  "\"stages\": [{\"group\": \"launcher\", \"name\": \"plan\","
			  "\"start_ns\": 0, \"end_ns\": 10},"
			  "{\"group\": \"guest\", \"name\": \"kernel\", \"start_ns\": 10,"
			  "\"end_ns\": 30}], \"exits\": []}}",
			  &table, &why),
		0);
	assert_int_equal(table.count, 2);
	assert_string_equal(table.items[0].group, "launcher");
	assert_string_equal(table.items[0].name, "plan");
	assert_int_equal(table.items[0].ns[0], 10);
	assert_int_equal(table.items[1].ns[0], 20);
	stage_table_free(&table);
}

#define STAGES(stages) "{\"snug\": {\"schema\": 1, \"stages\": [" stages "]}}"

static void no_timelines(void **state)
{
	static const char *const texts[][2] = {
		{"", "not JSON"},
		{"{\"snug\": {\"schema\": 1, \"stages\": [", "not JSON"},
		{"[]", "another version"},
		{"{\"snug\": 1}", "another version"},
		{"{\"snug\": {\"schema\": 2, \"stages\": []}}", "another version"},
		{STAGES(""), "no stages"},
		{STAGES("1"), "without a name"},
		{STAGES("{\"group\": \"g\", \"start_ns\": 0, \"end_ns\": 1}"), "without a name"},
		{STAGES("{\"group\": \"g\", \"name\": \"n\", \"start_ns\": 0}"), "or times"},
		{STAGES("{\"group\": \"g\", \"name\": \"n\", \"start_ns\": 0, \"end_ns\": 1.5}"),
		 "or times"},
		{STAGES("{\"group\": \"g\", \"name\": \"n\", \"start_ns\": 5, \"end_ns\": 4}"),
		 "before it starts"},
	};
	struct stage_table table = {.arms = 1, .runs = 1};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		why = NULL;
		assert_int_equal(read_text(texts[i][0], &table, &why), -EBADMSG);
		assert_contains(why, texts[i][1]);
	}
	assert_int_equal(bench_timeline_add("/no/such/file", &table, 0, 0, &why), -EBADMSG);
	assert_contains(why, "was not written");
	stage_table_free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_are_in_the_order_of_runs),
		cmocka_unit_test(a_timeline),
		cmocka_unit_test(no_timelines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
