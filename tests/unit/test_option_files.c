/* SPDX-License-Identifier: Apache-2.0 */
/* Files that options name: --config's and --env-file's. */
#include "tests/unit/tree.h"

#include <errno.h>

#include "core/log.h"
#include "core/util.h"
#include "launcher/bench_variants.h"
#include "launcher/env_file.h"
#include "launcher/line_file.h"
#include "launcher/options.h"

static struct tree tree;
static struct captured captured;

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

#define write_file(content) tree_write(&tree, "/file", (content), sizeof(content) - 1)

/* The lines, joined by '|', and then the first error's number, if there is one. */
static void read_lines(char *joined, size_t size)
{
	_cleanup_line_file_ struct line_file file;
	char *line;

	joined[0] = '\0';
	stderr_begin(&captured);
	int r = line_file_open(&file, "config", tree_path(&tree, "/file"));
	while (r == 0 && (r = line_file_next(&file, &line)) > 0) {
		(void)snprintf(joined + strlen(joined), size - strlen(joined), "%s|", line);
		r = 0;
	}
	stderr_end(&captured);
	if (r < 0)
		(void)snprintf(joined + strlen(joined), size - strlen(joined), "%d", r);
}

#define assert_lines(content, expected)                         \
	do {                                                    \
		char joined_[256];                              \
		write_file(content);                            \
		read_lines(joined_, sizeof(joined_));           \
		assert_string_equal(joined_, expected);         \
		if (!strchr(expected, '-'))                     \
			assert_string_equal(captured.text, ""); \
	} while (0)

static void lines_end_in_every_way(void **state)
{
	(void)state;
	assert_lines("", "");
	assert_lines("\n\n \t\n", "");
	assert_lines("a", "a|");
	assert_lines("a\nb\n", "a|b|");
	assert_lines("a\r\nb\r\n\r\n", "a|b|");
	assert_lines("a\r", "a|");
	assert_lines("\r\n", "");
	assert_lines("# c\n  # c\n\t a b \n#", "a b |");
	assert_lines("a#b\n", "a#b|");
	assert_lines("\xef\xbb\xbf"
		     "a\n",
		     "a|");
	assert_lines("\xef\xbb\xbf", "");
}

static void a_nul_byte_is_an_error(void **state)
{
	(void)state;
	assert_lines("a\nb\0c\nd", "a|-22");
	assert_one_line(captured.text);
	assert_contains(captured.text, "/file:2: there is a NUL byte");
	assert_lines("\0", "-22");
	assert_lines("#\0\n", "-22");
}

static void assert_not_opened(const char *name, int expected, const char *why)
{
	struct line_file file;

	stderr_begin(&captured);
	int r = line_file_open(&file, "config", name);
	stderr_end(&captured);
	line_file_close(&file);
	assert_int_equal(r, expected);
	assert_one_line(captured.text);
	assert_contains(captured.text, why);
}

static void what_is_no_file(void **state)
{
	static char large[(1 << 20) + 1];

	(void)state;
	assert_not_opened("", -EINVAL, "--config: the value is empty");
	assert_not_opened(tree_path(&tree, "/none"), -ENOENT, "/none: No such file or directory");
	assert_not_opened(tree.root, -EISDIR, ": Is a directory");
	assert_not_opened("/dev/zero", -EINVAL, "/dev/zero is not a regular file");
	assert_int_equal(mkfifo(tree_path(&tree, "/fifo"), 0600), 0);
	assert_not_opened(tree_path(&tree, "/fifo"), -EINVAL, "/fifo is not a regular file");
	tree_write(&tree, "/large", large, sizeof(large));
	assert_not_opened(tree_path(&tree, "/large"), -EFBIG, "/large is larger than 1024 KiB");
}

/* As large as it may be, in one line and in lines of a byte. */
static void large_files(void **state)
{
	static char text[1 << 20];
	struct line_file file;
	unsigned count = 0;
	char *line;

	(void)state;
	memset(text, 'x', sizeof(text));
	tree_write(&tree, "/file", text, sizeof(text));
	assert_int_equal(line_file_open(&file, "config", tree_path(&tree, "/file")), 0);
	assert_int_equal(line_file_next(&file, &line), 1);
	assert_int_equal(strlen(line), sizeof(text));
	assert_int_equal(line_file_next(&file, &line), 0);
	line_file_close(&file);
	for (size_t i = 1; i < sizeof(text); i += 2)
		text[i] = '\n';
	tree_write(&tree, "/file", text, sizeof(text));
	assert_int_equal(line_file_open(&file, "config", tree_path(&tree, "/file")), 0);
	while (line_file_next(&file, &line) > 0)
		count += strcmp(line, "x") == 0;
	assert_int_equal(count, sizeof(text) / 2);
	line_file_close(&file);
}

/* A long name leaves room for the message. */
static void messages_have_a_place_while_there_is_one(void **state)
{
	static char name[4000];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	stderr_begin(&captured);
	log_set_place(name, 7);
	log_error("a message");
	log_set_place("file", 8);
	log_warning("careful");
	log_set_place(NULL, 0);
	log_error("another");
	stderr_end(&captured);
	assert_contains(captured.text, "nnn:7: a message\n");
	assert_contains(captured.text, "snug: warning: file:8: careful\nsnug: another\n");
}

/* --- --env-file --------------------------------------------------------------------------------------- */

static void variables(void **state)
{
	_cleanup_strlist_ struct strlist list = {0};

	(void)state;
	write_file("# who\nA=1\n  B= 2 \"x\" # no comment \nC\nD=\r\nE==\n");
	assert_int_equal(env_file_read(tree_path(&tree, "/file"), &list), 0);
	assert_int_equal(list.count, 5);
	assert_string_equal(list.items[0], "A=1");
	assert_string_equal(list.items[1], "B= 2 \"x\" # no comment ");
	assert_string_equal(list.items[2], "C");
	assert_string_equal(list.items[3], "D=");
	assert_string_equal(list.items[4], "E==");
}

#define assert_no_variables(content, why)                                  \
	do {                                                               \
		_cleanup_strlist_ struct strlist list_ = {0};              \
		write_file(content);                                       \
		stderr_begin(&captured);                                   \
		int r_ = env_file_read(tree_path(&tree, "/file"), &list_); \
		stderr_end(&captured);                                     \
		assert_int_equal(r_, -EINVAL);                             \
		assert_one_line(captured.text);                            \
		assert_contains(captured.text, why);                       \
	} while (0)

static void what_is_no_variable(void **state)
{
	(void)state;
	assert_no_variables("A=1\n=2\n", "/file:2: there is no name");
	assert_no_variables("export A=1\n", "/file:1: 'export A' is not the name");
	assert_no_variables("A =1\n", "'A ' is not the name");
	assert_no_variables("A B", "'A B' is not the name");
	assert_no_variables("A=\0", "NUL");
}

/* --- --config ----------------------------------------------------------------------------------------- */

static char file_name[PATH_MAX];

/* "snug COMMAND --config FILE", then the words. */
static int parse(struct options *options, const char *command, const char *word)
{
	static char config[] = "--config", end[] = "--", true_[] = "true";
	static char first[16], last[32];
	static char *argv[8];

	FORMAT(first, "%s", command);
	FORMAT(last, "%s", word ? word : "");
	FORMAT(file_name, "%s", tree_path(&tree, "/file"));
	char *const words[] = {end,
			       first,
			       config,
			       file_name,
			       word ? last : end,
			       word ? end : true_,
			       word ? true_ : NULL,
			       NULL};
	memcpy(argv, words, sizeof(words));
	return options_parse(options, word ? 7 : 6, argv);
}

static void options_from_a_file(void **state)
{
	struct options options;

	(void)state;
	write_file("# as on the command line\n\nmemory=96M\r\n  cpus=2 \nenv=A=x  y\nenv=B\n"
		   "no-default-hide\nappend=a b=c\nrw=/x y\npids=7\noverlay-size=25%\n"
		   "hostname=h.example\nenv-file=/e\nclearenv\nworkdir=/w");
	assert_int_equal(parse(&options, "run", NULL), 0);
	assert_int_equal(options.memory, MIB(96));
	assert_int_equal(options.cpus, 2);
	assert_int_equal(options.pids, 7);
	assert_int_equal(options.overlay_size.percent, 25);
	assert_int_equal(options.env.count, 2);
	assert_string_equal(options.env.items[0], "A=x  y");
	assert_string_equal(options.append.items[0], "a b=c");
	assert_string_equal(options.mounts.items[0].src, "/x y");
	assert_string_equal(options.hostname, "h.example");
	assert_string_equal(options.env_files.items[0], "/e");
	assert_string_equal(options.workdir, "/w");
	assert_true(options.no_default_hide && options.clearenv);
	assert_string_equal(options.argv[0], "true");
	options_free(&options);
	/* What comes later counts. */
	assert_int_equal(parse(&options, "run", "-m97M"), 0);
	assert_int_equal(options.memory, MIB(97));
	options_free(&options);
}

static void a_benchmarks_options_from_a_file(void **state)
{
	struct variants variants;
	struct options options;

	(void)state;
	write_file("runs=3\nmemory=96M\nvs=--kaslr=off\nenv=A=x y\n");
	assert_int_equal(parse(&options, "bench", NULL), 0);
	assert_int_equal(options.command, COMMAND_BENCH);
	assert_int_equal(options.bench.runs, 3);
	assert_int_equal(options.memory, MIB(96));
	/* The runs are told what it says, not where it was. */
	assert_int_equal(options.bench.run.count, 2);
	assert_string_equal(options.bench.run.items[0], "--memory=96M");
	assert_string_equal(options.bench.run.items[1], "--env=A=x y");
	assert_int_equal(variants_make(&variants, &options), 0);
	assert_int_equal(variants.count, 2);
	assert_string_equal(variants.items[1].words.items[2], "--kaslr=off");
	assert_string_equal(variants.items[1].options.env.items[0], "A=x y");
	variants_free(&variants);
	options_free(&options);
}

static void mistakes_are_one_line_with_its_number(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"memory=12Q", "/file:1: --memory: '12Q' is not a size"},
		{"\n# x\nmemroy=1\n",
		 "/file:3: unknown option '--memroy=1'; did you mean --memory"},
		{"config=/x", "/file:1: 'config' is for the command line only"},
		{"help", "'help' is for the command line only"},
		{"--memory=1G", "have no dashes here"},
		{"-- make", "there is no command"},
		{"make", "unknown option '--make'"},
		{"make test", "NAME or NAME=VALUE"},
		{"memory 1G", "NAME or NAME=VALUE"},
		{"memory = 1G", "without blanks around the '='"},
		{"memory", "needs a value: SIZE"},
		{"dry-run=1", "takes no value"},
		{"m=1G", "unknown option '--m=1G'"},
		{"=1", "unknown option '--=1'"},
		{"runs=3", "unknown option '--runs=3'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct options options;
		tree_write(&tree, "/file", rows[i].text, strlen(rows[i].text));
		stderr_begin(&captured);
		int err = parse(&options, "run", NULL);
		stderr_end(&captured);
		assert_int_equal(err, -EINVAL);
		assert_one_line(captured.text);
		assert_contains(captured.text, rows[i].says);
		options_free(&options);
	}
}

/* The place is that of the file only. */
static void mistakes_after_the_file_have_no_number(void **state)
{
	struct options options;

	(void)state;
	write_file("memory=1G\n");
	stderr_begin(&captured);
	assert_int_equal(parse(&options, "run", "--memory=1Q"), -EINVAL);
	stderr_end(&captured);
	assert_contains(captured.text, "snug: --memory: '1Q'");
	options_free(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_in_every_way),
		cmocka_unit_test(a_nul_byte_is_an_error),
		cmocka_unit_test(what_is_no_file),
		cmocka_unit_test(large_files),
		cmocka_unit_test(messages_have_a_place_while_there_is_one),
		cmocka_unit_test(variables),
		cmocka_unit_test(what_is_no_variable),
		cmocka_unit_test(options_from_a_file),
		cmocka_unit_test(a_benchmarks_options_from_a_file),
		cmocka_unit_test(mistakes_are_one_line_with_its_number),
		cmocka_unit_test(mistakes_after_the_file_have_no_number),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
