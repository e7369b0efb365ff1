/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of snug bench, and the variants it makes. */
#include "tests/unit/fake_kernel.h"

#include <errno.h>

#include "core/util.h"
#include "launcher/bench_variants.h"
#include "launcher/options.h"

#define ARGS_MAX 40

/* Splits at single spaces. */
static int parse(struct options *options, const char *text)
{
	static char line[512], *argv[ARGS_MAX + 2];
	int argc = 0;

	FORMAT(line, "snug %s", text);
	for (char *word = strtok(line, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return options_parse(options, argc, argv);
}

static void defaults(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(parse(&options, "bench true"), 0);
	assert_int_equal(options.command, COMMAND_BENCH);
	assert_true(options.bench.runs == 20 && options.bench.warmup == 1);
	assert_true(options.bench.cache_count == 1 && options.bench.caches[0] == BENCH_WARM);
	assert_true(options.bench.vs_count == 0 && options.bench.run.count == 0);
	assert_false(options.bench.stages);
	assert_null(options.bench.json);
	assert_string_equal(options.argv[0], "true");
	options_free(&options);
}

/* Its own options are taken out; what is left is as typed. */
static void run_options_are_kept_as_words(void **state)
{
	static const char *const words[] = {"-m",        "1G",        "--kaslr=off", "-k",
					    "--runs",    "--append",  "a=b",         "-e",
					    "--vs=none", "--verbose", "-uroot"};
	struct options options;

	(void)state;
	assert_int_equal(parse(&options,
			       "bench -m 1G --runs=5 --kaslr=off -k --runs --warmup 0 "
			       "--append a=b -e --vs=none --vs -m2G --verbose "
			       "--cache=empty,warm --stages --json j -uroot -- c --runs 1"),
			 0);
	assert_true(options.bench.runs == 5 && options.bench.warmup == 0 && options.bench.stages);
	assert_true(options.bench.vs_count == 1 && strcmp(options.bench.vs[0], "-m2G") == 0);
	assert_true(options.bench.cache_count == 2 && options.bench.caches[0] == BENCH_EMPTY);
	assert_string_equal(options.bench.json, "j");
	assert_int_equal(options.bench.run.count, ARRAY_SIZE(words));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_string_equal(options.bench.run.items[i], words[i]);
	assert_string_equal(options.argv[0], "c");
	assert_string_equal(options.argv[1], "--runs");
	options_free(&options);
}

static void help(void **state)
{
	static const char *const texts[] = {"help bench", "bench --help", "bench -h",
					    "bench --runs 3 -h"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct options options;
		assert_int_equal(parse(&options, texts[i]), 0);
		assert_int_equal(options.command, COMMAND_HELP_BENCH);
		options_free(&options);
	}
}

static void mistakes_are_one_line_that_helps(void **state)
{
	static const char *const mistakes[][2] = {
		{"bench", "no command"},
		{"bench --", "no command"},
		{"bench --runs 3", "no command"},
		{"bench --runs", "needs a value: N"},
		{"bench --runs 0 -- x", "from 1 to 10000"},
		{"bench --runs=-1 -- x", "'-1' is not a number"},
		{"bench --runs=1x -- x", "'1x' is not"},
		{"bench --runs= -- x", "'' is not"},
		{"bench --runs=+1 -- x", "'+1' is not"},
		{"bench --runs=10001 -- x", "10000"},
		{"bench --runs=99999999999999999999999 -- x", "10000"},
		{"bench --warmup=1001 -- x", "from 0 to 1000"},
		{"bench --vs= -- x", "the value is empty"},
		{"bench --cache= -- x", "none of warm, cold and empty"},
		{"bench --cache=warm, -- x", "none of"},
		{"bench --cache=war -- x", "none of"},
		{"bench --cache=cold,warm,cold -- x", "'cold' is there twice"},
		{"bench --json= -- x", "the value is empty"},
		{"bench --stages=1 -- x", "takes no value"},
		{"bench --stage -- x", "did you mean --stages"},
		{"bench --memry=1G -- x", "did you mean --memory"},
		{"bench -m 0 -- x", "--memory"},
		{"bench --zzzzzz -- x", "snug help bench"},
		{"bench --dry-run -- x", "--dry-run"},
		{"bench --vs=a --vs=a --vs=a --vs=a --vs=a --vs=a --vs=a --vs=a --vs=a --vs=a "
		 "--vs=a "
		 "--vs=a --vs=a --vs=a --vs=a --vs=a -- x",
		 "15 are the most"},
		{"run --runs 3 -- x", "unknown option '--runs'"},
		{"bnech -- x", "did you mean 'snug bench'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		struct captured captured;
		struct options options;
		stderr_begin(&captured);
		int err = parse(&options, mistakes[i][0]);
		stderr_end(&captured);
		if (err != -EINVAL)
			fail_msg("'%s' is taken", mistakes[i][0]);
		assert_one_line(captured.text);
		assert_contains(captured.text, mistakes[i][1]);
		options_free(&options);
	}
}

/* --- variants --------------------------------------------------------------------------------------- */

static int make(struct variants *variants, struct options *options, const char *what)
{
	static const char *argv[] = {"snug", "bench", "-m", "1G", "--vs",
				     NULL,   "--",    "c",  "-k", NULL};

	argv[5] = what;
	int err = options_parse(options, (int)ARRAY_SIZE(argv) - 1, (char *const *)(uintptr_t)argv);
	assert_int_equal(err, 0);
	return variants_make(variants, options);
}

static void assert_words(const struct variant *variant, size_t count, ...)
{
	va_list ap;

	assert_int_equal(variant->words.count, count);
	va_start(ap, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(variant->words.items[i], va_arg(ap, const char *));
	va_end(ap);
}

static void more_options(void **state)
{
	struct variants variants;
	struct options options;

	(void)state;
	(void)setenv("SNUG_TEST_SIZE", "2G", 1);
	assert_int_equal(
		make(&variants, &options, " --append 'a b'  --kaslr=off -m \"$SNUG_TEST_SIZE\""),
		0);
	assert_int_equal(variants.count, 2);
	assert_words(&variants.items[0], 2, "-m", "1G");
	assert_true(variants.items[0].options.memory == GIB(1));
	assert_words(&variants.items[1], 7, "-m", "1G", "--append", "a b", "--kaslr=off", "-m",
		     "2G");
	assert_true(variants.items[1].options.memory == GIB(2));
	assert_true(variants.items[1].options.no_kaslr && !variants.items[0].options.no_kaslr);
	assert_string_equal(variants.items[1].options.argv[1], "-k");
	assert_null(variants.items[1].snug);
	variants_free(&variants);
	options_free(&options);
}

static void kernels_and_programs(void **state)
{
	struct variants variants;
	struct options options;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	/* Some kernels are executable: they are kernels still. */
	fake_kernel_make(&tree, "/vmlinuz", "6.1");
	assert_int_equal(chmod(tree_path(&tree, "/vmlinuz"), 0755), 0);
	assert_int_equal(make(&variants, &options, tree_path(&tree, "/vmlinuz")), 0);
	assert_words(&variants.items[1], 4, "-m", "1G", "-k", tree_path(&tree, "/vmlinuz"));
	assert_string_equal(variants.items[1].options.kernel, tree_path(&tree, "/vmlinuz"));
	assert_null(variants.items[1].snug);
	variants_free(&variants);
	options_free(&options);
	tree_write(&tree, "/old snug", "#!/bin/sh\n", 10);
	assert_int_equal(chmod(tree_path(&tree, "/old snug"), 0755), 0);
	assert_int_equal(make(&variants, &options, tree_path(&tree, "/old snug")), 0);
	assert_words(&variants.items[1], 2, "-m", "1G");
	assert_string_equal(variants.items[1].snug, tree_path(&tree, "/old snug"));
	variants_free(&variants);
	options_free(&options);
	tree_remove(&tree);
}

static void assert_refused(const char *what, const char *why)
{
	struct captured captured;
	struct variants variants;
	struct options options;

	stderr_begin(&captured);
	int err = make(&variants, &options, what);
	stderr_end(&captured);
	if (err >= 0)
		fail_msg("'%s' is taken", what);
	assert_one_line(captured.text);
	assert_contains(captured.text, why);
	variants_free(&variants);
	options_free(&options);
}

static void what_cannot_be_compared(void **state)
{
	static const char *const mistakes[][2] = {
		{"/", "is a directory"},
		{"/dev/null", "no regular file"},
		{"/no/such/file", "No such file or directory; options begin with '-'"},
		{"kaslr=off", "options begin with '-'"},
		{" ", "options begin with '-'"},
		{"--no-such-option", "unknown option '--no-such-option'"},
		{"--kaslr=maybe", "--kaslr"},
		{"--kaslr", "'--kaslr' needs a value"},
		{"-k", "'-k' needs a value"},
		{"--kaslr=off foo", "'foo' is not an option"},
		{"--kaslr=off --", "without '--'"},
		{"--kaslr=off -- foo", "without '--'"},
		{"-m", "'-m' needs a value"},
		{"--append '", "not closed"},
		{"--append $(id)", "command"},
		{"--append `id`", "command"},
		{"--append $SNUG_TEST_UNSET", "variable that is not set"},
		{"--append a;b", "quote it"},
		{"--append a|b", "quote it"},
		{"--dry-run", "nothing would be run"},
		{"--help", "nothing would be run"},
		{"--runs=3", "unknown option '--runs=3'"},
	};
	struct tree tree;
	char cwd[PATH_MAX];

	(void)state;
	(void)unsetenv("SNUG_TEST_UNSET");
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++)
		assert_refused(mistakes[i][0], mistakes[i][1]);
	tree_make(&tree);
	tree_write(&tree, "/text", "hello", 5);
	assert_refused(tree_path(&tree, "/text"), "neither a kernel");
	tree_write(&tree, "/--kaslr=off", "hello", 5);
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(chdir(tree.root), 0);
	assert_refused("--kaslr=off", "a file as well as an option");
	assert_int_equal(chdir(cwd), 0);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(run_options_are_kept_as_words),
		cmocka_unit_test(help),
		cmocka_unit_test(mistakes_are_one_line_that_helps),
		cmocka_unit_test(more_options),
		cmocka_unit_test(kernels_and_programs),
		cmocka_unit_test(what_cannot_be_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
