/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of snug-report bench, and the file its JSON goes to. */
#include "tests/unit/tree.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "report/bench_args.h"
#include "report/whole_file.h"

#define ARGS_MAX 32

/* Splits at single spaces. */
static int parse(struct bench_args *args, const char *text)
{
	static char line[512], *argv[ARGS_MAX + 1];
	int argc = 0;

	FORMAT(line, "snug-report bench %s", text);
	for (char *word = strtok(line, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return bench_args_parse(args, argc, argv);
}

static void everything(void **state)
{
	struct bench_args args;

	(void)state;
	assert_int_equal(parse(&args,
			       "--runs=3 --warmup=0 --cache=cold --cache=warm --cache-dir=/c "
			       "--stages --json=j --variant=one --snug=/s --kernel=k "
			       "--option=-m --option=1G --drop=x --variant=two --snug=/t "
			       "--option=--a=b=c -- true --runs=9 --"),
			 0);
	assert_true(args.runs == 3 && args.warmup == 0 && args.stages);
	assert_true(args.cache_count == 2 && args.caches[0] == BENCH_COLD);
	assert_string_equal(args.cache_dir, "/c");
	assert_string_equal(args.json, "j");
	assert_int_equal(args.variant_count, 2);
	assert_string_equal(args.variants[0].kernel, "k");
	assert_int_equal(args.variants[0].options.count, 2);
	assert_string_equal(args.variants[0].options.items[1], "1G");
	assert_string_equal(args.variants[0].drop.items[0], "x");
	assert_string_equal(args.variants[1].label, "two");
	assert_string_equal(args.variants[1].snug, "/t");
	assert_null(args.variants[1].kernel);
	assert_string_equal(args.variants[1].options.items[0], "--a=b=c");
	assert_string_equal(args.argv[1], "--runs=9");
	assert_string_equal(args.argv[2], "--");
	bench_args_free(&args);
	assert_int_equal(parse(&args, "--runs=1 --variant=v --snug=s -- x"), 0);
	assert_true(args.cache_count == 1 && args.caches[0] == BENCH_WARM);
	bench_args_free(&args);
}

static void what_is_wrong_is_one_line(void **state)
{
	static const char *const texts[] = {
		"",
		"--runs=1 --variant=v --snug=s",
		"--runs=1 --variant=v --snug=s --",
		"--runs=1 --variant=v -- x",
		"--runs=1 -- x",
		"--runs=0 --variant=v --snug=s -- x",
		"--runs=99999999999999999999 --variant=v --snug=s -- x",
		"--runs=-1 --variant=v --snug=s -- x",
		"--runs --variant=v --snug=s -- x",
		"--runs=1 --snug=s --variant=v -- x",
		"--runs=1 --variant=v --snug=s --cache=tepid -- x",
		"--runs=1 --variant=v --snug=s --a-very-long-name-of-nothing=1 -- x",
		"--runs=1 --variant=v --snug=s --cache=warm --cache=warm --cache=warm --cache=warm "
		"-- "
		"x",
		"x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct captured captured;
		struct bench_args args;
		stderr_begin(&captured);
		int err = parse(&args, texts[i]);
		stderr_end(&captured);
		assert_int_equal(err, -EINVAL);
		assert_one_line(captured.text);
		bench_args_free(&args);
	}
}

/* --- the file --------------------------------------------------------------------------------------- */

static void assert_file(const char *path, const char *text)
{
	char got[256] = {0};
	const int fd = open(path, O_RDONLY);

	assert_true(fd >= 0 && read(fd, got, sizeof(got) - 1) >= 0);
	(void)close(fd);
	assert_string_equal(got, text);
}

static void assert_files(const struct tree *tree, const char *expected)
{
	char command[PATH_MAX + 64], got[256] = {0};

	FORMAT(command, "ls %s | tr '\\n' ' '", tree->root);
	FILE *ls = popen(command, "r");
	assert_non_null(ls);
	assert_true(fread(got, 1, sizeof(got) - 1, ls) < sizeof(got));
	(void)pclose(ls);
	assert_string_equal(got, expected);
}

static void a_file_is_there_as_a_whole(void **state)
{
	json_t *root = json_pack("{s:i}", "a", 1);
	struct whole_file file;
	struct tree tree;
	struct stat st;

	(void)state;
	tree_make(&tree);
	(void)umask(027);
	assert_int_equal(whole_file_begin(&file, tree_path(&tree, "/out")), 0);
	assert_int_equal(access(tree_path(&tree, "/out"), F_OK), -1);
	assert_int_equal(whole_file_finish_json(&file, root), 0);
	whole_file_end(&file);
	assert_file(tree_path(&tree, "/out"), "{\n \"a\": 1\n}\n");
	assert_int_equal(stat(tree_path(&tree, "/out"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	(void)umask(022);
	/* Given up, what was there stays. */
	assert_int_equal(whole_file_begin(&file, tree_path(&tree, "/out")), 0);
	whole_file_end(&file);
	assert_file(tree_path(&tree, "/out"), "{\n \"a\": 1\n}\n");
	assert_files(&tree, "out ");
	json_decref(root);
	tree_remove(&tree);
}

static void a_links_target_is_replaced(void **state)
{
	json_t *root = json_array();
	struct whole_file file;
	struct tree tree;
	struct stat st;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "/dir/real", "old", 3);
	assert_int_equal(symlink("dir/real", tree_path(&tree, "/link")), 0);
	assert_int_equal(whole_file_begin(&file, tree_path(&tree, "/link")), 0);
	assert_int_equal(whole_file_finish_json(&file, root), 0);
	whole_file_end(&file);
	assert_file(tree_path(&tree, "/dir/real"), "[]\n");
	assert_int_equal(lstat(tree_path(&tree, "/link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	json_decref(root);
	tree_remove(&tree);
}

static void places_that_cannot_be_written(void **state)
{
	static const char *const places[] = {"/no/such/dir/file", "/dev/null", "/", "/proc/self/x"};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct captured captured;
		struct whole_file file;
		stderr_begin(&captured);
		int err = whole_file_begin(&file, places[i]);
		stderr_end(&captured);
		assert_true(err < 0);
		assert_one_line(captured.text);
		assert_contains(captured.text, places[i]);
		whole_file_end(&file);
	}
}

static void a_full_disk_leaves_nothing(void **state)
{
	const struct rlimit none = {0, RLIM_INFINITY};
	json_t *root = json_pack("{s:i}", "a", 1);
	struct captured captured;
	struct whole_file file;
	struct rlimit before;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(whole_file_begin(&file, tree_path(&tree, "/out")), 0);
	stderr_begin(&captured);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	int err = whole_file_finish_json(&file, root);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	stderr_end(&captured);
	assert_int_equal(err, -EFBIG);
	whole_file_end(&file);
	assert_files(&tree, "");
	json_decref(root);
	tree_remove(&tree);
}

static void any_text_is_json(void **state)
{
	json_t *text = json_text("a\xff\xc3\xa9");

	(void)state;
	assert_string_equal(json_string_value(text), "a???");
	json_decref(text);
	text = json_text("\xc3\xa9");
	assert_string_equal(json_string_value(text), "\xc3\xa9");
	json_decref(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything),
		cmocka_unit_test(what_is_wrong_is_one_line),
		cmocka_unit_test(a_file_is_there_as_a_whole),
		cmocka_unit_test(a_links_target_is_replaced),
		cmocka_unit_test(places_that_cannot_be_written),
		cmocka_unit_test(a_full_disk_leaves_nothing),
		cmocka_unit_test(any_text_is_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
