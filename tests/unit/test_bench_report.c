/* SPDX-License-Identifier: Apache-2.0 */
/* A benchmark's results as a table and as JSON. */
#include "tests/unit/tree.h"

#include "core/util.h"
#include "report/bench_json.h"
#include "report/bench_table.h"

static char *command[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "a b\x1b", NULL};

static const struct bench_args two_variants = {
	.runs = 12,
	.warmup = 1,
	.caches = {BENCH_WARM},
	.cache_count = 1,
	.variants = {{.label = "as given", .snug = "/snug", .kernel = "/k"},
		     {.label = "a\x1b"
			       "-label-that-is-longer-than-its-column",
		      .snug = "/old\xff"}},
	.variant_count = 2,
	.argv = command,
};

/* The second variant takes twice the time. */
static void make(struct bench *bench, const struct bench_args *args)
{
	assert_int_equal(bench_make(bench, args), 0);
	for (size_t i = 0; i < bench->arm_count; i++) {
		for (size_t round = 0; round < args->runs; round++) {
			bench->arms[i].samples[round] = (i + 1) * 1000000 * (10 + round);
			bench->order[round * bench->arm_count + i] = i;
		}
	}
	assert_int_equal(bench_summarize(bench), 0);
}

static char *table(const struct bench *bench)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	bench_table_print(bench, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void a_table(void **state)
{
	struct bench bench;

	(void)state;
	make(&bench, &two_variants);
	bench.status = 3;
	char *text = table(&bench);
	assert_contains(text, "\ncommand  sh $'a b\\033'\n");
	assert_contains(text, "\nruns     12 of each variant, after 1 that did not count; exit "
			      "status 3\n");
	assert_contains(text, "/snug run\n");
	assert_contains(text, ", kernel /k\n");
	assert_contains(text, "\nas given                          12     10.00     15.50     "
			      "20.00     21.00     15.50\n");
	assert_contains(text, "\na?-label-that-is-longer-than.."); /* clipped, and no escape */
	assert_contains(text, "  2.000 [2.000, 2.000]  slower\n");
	assert_null(strstr(text, " p99  "));
	assert_contains(text, "no p99 of less than 100 runs");
	assert_null(strchr(text, '\x1b'));
	assert_null(strstr(text, "cold "));
	free(text);
	bench_free(&bench);
}

static void no_verdict_without_an_interval(void **state)
{
	struct bench_args args = two_variants;
	struct bench bench;

	(void)state;
	args.runs = 5;
	make(&bench, &args);
	char *text = table(&bench);
	assert_contains(text, "  2.000\n");
	assert_contains(text, "no interval of less than 6 runs");
	assert_contains(text, "no p90 of less than 10 runs");
	assert_null(strstr(text, "slower"));
	free(text);
	bench_free(&bench);
	/* And none where the interval has 1 in it. */
	args.runs = 100;
	make(&bench, &args);
	for (size_t i = 0; i < 100; i++)
		bench.arms[1].samples[i] = bench.arms[0].samples[99 - i];
	assert_int_equal(bench_summarize(&bench), 0);
	text = table(&bench);
	assert_contains(text, "  1.000 [");
	assert_contains(text, " p99  ");
	assert_null(strstr(text, "]  "));
	free(text);
	bench_free(&bench);
}

static void one_variant_has_no_ratio(void **state)
{
	struct bench_args args = two_variants;
	struct bench bench;

	(void)state;
	args.variant_count = 1;
	make(&bench, &args);
	char *text = table(&bench);
	assert_null(strstr(text, "ratio"));
	free(text);
	bench_free(&bench);
}

static void cache_modes_are_lines_and_are_explained(void **state)
{
	struct bench_args args = two_variants;
	struct bench bench;

	(void)state;
	args.caches[1] = BENCH_COLD;
	args.caches[2] = BENCH_EMPTY;
	args.cache_count = 3;
	make(&bench, &args);
	assert_int_equal(bench.arm_count, 6);
	assert_true(bench.arms[4].variant == 1 && bench.arms[4].cache == BENCH_COLD);
	bench.dropped_any = true;
	bench.dropped.files = 7;
	char *text = table(&bench);
	assert_contains(text, "\nas given, cold ");
	assert_contains(text, "\nas given, empty ");
	assert_contains(text, "posix_fadvise(DONTNEED) for up to 7 files; no drop_caches");
	assert_contains(text, "warmed up");
	assert_contains(text, "XDG_CACHE_HOME");
	free(text);
	bench.dropped.all = true;
	text = table(&bench);
	assert_contains(text, "for up to 7 files, and drop_caches");
	free(text);
	bench_free(&bench);
}

static void stages(void **state)
{
	struct bench_args args = two_variants;
	struct bench bench;

	(void)state;
	args.stages = true;
	make(&bench, &args);
	for (size_t round = 0; round < args.runs; round++) {
		size_t at = 0;
		assert_int_equal(
			stage_table_add(&bench.stages, 0, round, &at, "launcher", "plan", 1500000),
			0);
		at = 0;
		assert_int_equal(
			stage_table_add(&bench.stages, 1, round, &at, "launcher", "plan", 1000000),
			0);
		assert_int_equal(
			stage_table_add(&bench.stages, 1, round, &at, "guest", "kernel", 2000000),
			0);
	}
	char *text = table(&bench);
	assert_contains(text, "\nlauncher: plan                    1.50      1.00     -0.50\n");
	assert_contains(text, "\nguest: kernel                        -      2.00     +2.00\n");
	free(text);
	json_t *root = bench_json(&bench);
	assert_non_null(root);
	const json_t *first = json_array_get(
		json_object_get(json_array_get(json_object_get(root, "variants"), 0), "stages"), 1);
	assert_string_equal(json_string_value(json_object_get(first, "name")), "kernel");
	assert_true(json_is_null(json_object_get(first, "p50_ns")));
	assert_true(json_is_null(json_array_get(json_object_get(first, "samples_ns"), 0)));
	json_decref(root);
	bench_free(&bench);
}

static void all_of_it_is_json(void **state)
{
	struct bench bench;
	json_error_t error;

	(void)state;
	make(&bench, &two_variants);
	bench.manifest.cpus = 2;
	json_t *made = bench_json(&bench);
	assert_non_null(made);
	char *text = json_dumps(made, 0);
	json_decref(made);
	json_t *root = json_loads(text, 0, &error);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
	assert_true(json_is_null(json_object_get(root, "dropped")));
	assert_true(json_is_null(json_object_get(json_object_get(root, "host"), "governor")));
	assert_int_equal(json_array_size(json_object_get(root, "order")), 12);
	const json_t *second = json_array_get(json_object_get(root, "variants"), 1);
	const json_t *samples = json_object_get(second, "samples_ns");
	assert_int_equal(json_array_size(samples), 12);
	assert_int_equal(json_integer_value(json_array_get(samples, 11)), 42000000);
	const json_t *summary = json_object_get(second, "summary");
	assert_int_equal(json_integer_value(json_object_get(summary, "p90_ns")), 40000000);
	assert_true(json_is_null(json_object_get(summary, "p99_ns")));
	const json_t *ratio = json_object_get(second, "ratio");
	assert_true(json_real_value(json_object_get(ratio, "low")) > 1.99);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(second, "snug"), "file")),
		"/old?");
	json_decref(root);
	free(text);
	bench_free(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table),
		cmocka_unit_test(no_verdict_without_an_interval),
		cmocka_unit_test(one_variant_has_no_ratio),
		cmocka_unit_test(cache_modes_are_lines_and_are_explained),
		cmocka_unit_test(stages),
		cmocka_unit_test(all_of_it_is_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
