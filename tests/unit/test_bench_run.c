/* SPDX-License-Identifier: Apache-2.0 */
/* Whole benchmarks, of a script in snug's place. */
#include "tests/unit/tree.h"

#include <signal.h>

#include "core/util.h"
#include "report/bench_command.h"
#include "report/bench_json.h"

/*
 * $LOG has a line for each run: its options, and what its cache is. The first word of the command is what
 * happens: "fail-2" and so on are statuses, the second time.
 */
static const char script[] =
	"#!/bin/sh\n"
	"[ \"$1\" != version ] || { echo 'snug 1.2'; exit; }\n"
	"dir=${0%/*} timeline= empty=no\n"
	"[ ! -d \"$XDG_CACHE_HOME\" ] || empty=$(ls \"$XDG_CACHE_HOME\" | wc -l)\n"
	"for word; do case $word in\n"
	"--help) [ ! -e $dir/old ]; exit;;\n"
	"--timeline=*) timeline=${word#*=};;\n"
	"--) break;;\n"
	"esac; shift; done\n"
	"echo \"$dir $empty\" >>$LOG\n"
	"[ $empty = no ] || mkdir $XDG_CACHE_HOME/snug\n"
	"[ -z \"$timeline\" ] || [ \"$2\" = untimed ] || echo '{\"snug\": {\"schema\": 1, "
	"\"stages\": [{\"group\": \"g\", \"name\": \"n\", \"start_ns\": 0, \"end_ns\": 5}]}}' "
	">$timeline\n"
	"case $2 in\n"
	"fail-*) [ $(wc -l <$LOG) = 1 ] || { echo 'snug: reason' >&2; exit ${2#fail-}; };;\n"
	"first-*) echo 'snug: reason' >&2; exit ${2#first-};;\n"
	"warn) echo 'snug: warning: odd' >&2;;\n"
	"kill) kill -TERM $PPID; sleep 100;;\n"
	"esac\n";

#define NOBODY 65534

struct fixture {
	struct tree tree;
	struct captured captured;
	char out[8192];
	char log[4096];
	int status;
	bool as_nobody; /* if this is root */
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	tree_make(&f->tree);
	for (size_t i = 0; i < 2; i++) {
		const char *name = i ? "/two/snug" : "/one/snug";
		tree_write(&f->tree, name, script, sizeof(script) - 1);
		assert_int_equal(chmod(tree_path(&f->tree, name), 0755), 0);
	}
	tree_mkdir(&f->tree, "/tmp");
	(void)setenv("LOG", tree_path(&f->tree, "/log"), 1);
	(void)setenv("TMPDIR", tree_path(&f->tree, "/tmp"), 1);
	(void)unsetenv("XDG_CACHE_HOME");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tree_remove(&f->tree);
	free(f);
	return 0;
}

static void read_file(const char *path, char *text, size_t size)
{
	const int fd = open(path, O_RDONLY);
	const ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);

	text[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		(void)close(fd);
}

/* What this host is busy with is not the test's. */
static void forget_load(char *text)
{
	static const char busy[] = "snug: warning: this host is busy";

	if (strncmp(text, busy, sizeof(busy) - 1) == 0) {
		const char *rest = strchr(text, '\n') + 1;
		memmove(text, rest, strlen(rest) + 1);
	}
}

/* In a process of its own, as it takes signals and its output is looked at. "@" is the tree. */
static void bench(struct fixture *f, const char *text)
{
	char line[1024] = "", *argv[32];
	char out[PATH_MAX];
	int argc = 0, status;

	FORMAT(out, "%s/out", f->tree.root);
	for (size_t at = 0; *text; text++) {
		const int n = snprintf(line + at, sizeof(line) - at, "%.*s", *text == '@' ? 99 : 1,
				       *text == '@' ? f->tree.root : text);
		at += (size_t)n;
	}
	for (char *word = strtok(line, " "); word && argc < 31; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	(void)unlink(getenv("LOG"));
	stderr_begin(&f->captured);
	const pid_t pid = fork();
	if (pid == 0) {
		const int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		(void)dup2(fd, STDOUT_FILENO);
		if (f->as_nobody && geteuid() == 0 && setuid(NOBODY) < 0)
			_exit(99);
		_exit(bench_command(argc, argv));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	stderr_end(&f->captured);
	forget_load(f->captured.text);
	assert_true(WIFEXITED(status));
	f->status = WEXITSTATUS(status);
	read_file(out, f->out, sizeof(f->out));
	read_file(getenv("LOG"), f->log, sizeof(f->log));
	/* Whatever became of it, nothing is left. */
	assert_int_equal(rmdir(tree_path(&f->tree, "/tmp")), 0);
	tree_mkdir(&f->tree, "/tmp");
}

static unsigned count(const char *text, const char *part)
{
	unsigned n = 0;

	while ((text = strstr(text, part))) {
		n++;
		text++;
	}
	return n;
}

#define ONE "--variant=one --snug=@/one/snug "
#define TWO "--variant=two --snug=@/two/snug --option=-m --option=1G "

static void rounds_have_every_variant(void **state)
{
	struct fixture *f = *state;

	bench(f, "snug-report bench --runs=6 --warmup=2 --json=@/j " ONE TWO "-- c");
	assert_int_equal(f->status, 0);
	assert_int_equal(count(f->log, "/one no\n"), 8);
	assert_int_equal(count(f->log, "/two no\n"), 8);
	assert_contains(f->out, "\none ");
	assert_contains(f->out, "version 1.2");
	assert_contains(f->out, "/two/snug run -m 1G\n");
	json_t *root = json_load_file(tree_path(&f->tree, "/j"), 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_array_size(json_object_get(root, "variants")), 2);
	assert_int_equal(json_array_size(json_object_get(root, "order")), 6);
	json_decref(root);
}

static void a_cache_is_empty_each_time(void **state)
{
	struct fixture *f = *state;

	bench(f, "snug-report bench --runs=3 --warmup=1 --cache=empty --cache=warm " ONE "-- c");
	assert_int_equal(f->status, 0);
	assert_int_equal(count(f->log, "/one 0\n"), 4);
	assert_int_equal(count(f->log, "/one no\n"), 4);
	assert_contains(f->out, "\none, empty ");
}

/* What cold runs drop is brought back by a run that does not count. */
static void what_is_warm_is_warmed_after_cold(void **state)
{
	struct fixture *f = *state;

	/* It is not for a test to drop the caches of the host it runs on. */
	f->as_nobody = true;
	assert_int_equal(chmod(f->tree.root, 0777), 0);
	bench(f, "snug-report bench --runs=2 --warmup=0 --cache=cold --cache=warm " ONE
		 "--drop=@/one/snug --drop=@/none -- c");
	assert_int_equal(f->status, 0);
	assert_int_equal(count(f->log, "/one no\n"), 2 + 2 + 2);
	assert_contains(f->out, "for up to 1 files; no drop_caches");
}

static void timelines_are_read(void **state)
{
	struct fixture *f = *state;

	bench(f, "snug-report bench --runs=2 --warmup=1 --stages " ONE TWO "-- c");
	assert_int_equal(f->status, 0);
	assert_contains(f->out, "\ng: n ");
	bench(f, "snug-report bench --runs=2 --warmup=1 --stages " ONE "-- untimed");
	assert_int_equal(f->status, 125);
	assert_one_line(f->captured.text);
	assert_contains(f->captured.text, "the timeline of run 1 of 'one' was not written");
	/* Nothing is run if one of them cannot. */
	tree_write(&f->tree, "/two/old", "", 0);
	bench(f, "snug-report bench --runs=2 --warmup=1 --stages " ONE TWO "-- c");
	assert_int_equal(f->status, 125);
	assert_one_line(f->captured.text);
	assert_contains(f->captured.text, "/two/snug cannot write its timeline to a file");
	assert_string_equal(f->log, "");
}

static void assert_ended(struct fixture *f, int status, const char *why)
{
	assert_int_equal(f->status, status);
	assert_one_line(f->captured.text);
	assert_contains(f->captured.text, why);
	assert_string_equal(f->out, "");
	assert_int_equal(access(tree_path(&f->tree, "/j"), F_OK), -1);
}

static void a_run_that_ends_otherwise_ends_it(void **state)
{
	struct fixture *f = *state;

	bench(f, "snug-report bench --runs=5 --warmup=1 --cache=empty --json=@/j " ONE "-- fail-4");
	assert_ended(f, 125,
		     "run 1 of 'one, empty' ended with status 4, the first of all with 0: "
		     "reason\n");
	bench(f, "snug-report bench --runs=5 --warmup=0 --json=@/j " ONE "-- fail-125");
	assert_ended(f, 125, "run 2 of 'one' failed: reason\n");
	bench(f, "snug-report bench --runs=5 --warmup=1 --json=@/j " ONE "-- first-127");
	assert_ended(f, 125, "did not run the command (status 127): reason\n");
	/* Always the same is what CMD does. */
	bench(f, "snug-report bench --runs=2 --warmup=1 " ONE "-- first-9");
	assert_int_equal(f->status, 0);
	assert_contains(f->out, "exit status 9\n");
}

static void a_warning_is_passed_on_once(void **state)
{
	struct fixture *f = *state;

	bench(f, "snug-report bench --runs=3 --warmup=1 " ONE "-- warn");
	assert_int_equal(f->status, 0);
	assert_string_equal(f->captured.text, "snug: warning: 'one': odd\n");
}

static void a_signal_ends_it(void **state)
{
	struct fixture *f = *state;

	bench(f, "snug-report bench --runs=5 --warmup=1 --cache=empty --json=@/j " ONE "-- kill");
	assert_int_equal(f->status, 128 + SIGTERM);
	assert_string_equal(f->captured.text, "");
	assert_string_equal(f->out, "");
	assert_int_equal(count(f->log, "/one"), 1);
	assert_int_equal(access(tree_path(&f->tree, "/j"), F_OK), -1);
}

static void what_is_no_snug_is_not_run(void **state)
{
	struct fixture *f = *state;

	bench(f, "snug-report bench --runs=5 --warmup=1 --json=@/j " ONE
		 "--variant=x --snug=/bin/true -- c");
	assert_ended(f, 125, "/bin/true is no snug");
	assert_string_equal(f->log, "");
	bench(f, "snug-report bench --runs=5 --warmup=1 --json=@/j --variant=x --snug=@/none -- c");
	assert_ended(f, 125, "/none cannot be executed: No such file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rounds_have_every_variant, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_cache_is_empty_each_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_warm_is_warmed_after_cold, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(timelines_are_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_run_that_ends_otherwise_ends_it, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_warning_is_passed_on_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_signal_ends_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_snug_is_not_run, set_up, tear_down),
	};

	(void)signal(SIGTERM, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
