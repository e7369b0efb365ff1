/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tree.h"

#include <errno.h>
#include <signal.h>

#include "report/process.h"
#include "report/signals.h"

static struct signals signals;

static int begin(void **state)
{
	(void)state;
	return signals_begin(&signals);
}

static int end(void **state)
{
	(void)state;
	signals_end(&signals);
	return 0;
}

static int sh(struct process *process, const char *script, int captured)
{
	static char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", NULL, NULL};

	argv[2] = (char *)(uintptr_t)script;
	process->file = "/bin/sh";
	process->argv = argv;
	process->envp = environ;
	process->captured = captured;
	return process_run(process, &signals);
}

static void status_and_text(void **state)
{
	struct process process = {0};

	(void)state;
	assert_int_equal(sh(&process, "echo out; echo err >&2; exit 7", STDERR_FILENO), 0);
	assert_int_equal(process.status, 7);
	assert_string_equal(process.text, "err\n");
	assert_true(process.ns > 0);
	assert_int_equal(sh(&process, "echo out; echo err >&2", STDOUT_FILENO), 0);
	assert_int_equal(process.status, 0);
	assert_string_equal(process.text, "out\n");
	assert_int_equal(sh(&process, "kill -9 $$", STDERR_FILENO), 0);
	assert_int_equal(process.status, 128 + SIGKILL);
	assert_string_equal(process.text, "");
}

static void input_is_empty(void **state)
{
	struct process process = {0};

	(void)state;
	assert_int_equal(sh(&process, "read x || echo none", STDOUT_FILENO), 0);
	assert_string_equal(process.text, "none\n");
}

/* More than is kept, and than a pipe holds: its end stays, and nothing waits. */
static void much_text(void **state)
{
	struct process process = {0};

	(void)state;
	assert_int_equal(sh(&process,
			    "i=0; while [ $i -lt 30000 ]; do echo 123456789 >&2; "
			    "i=$((i+1)); done; echo; echo 'the end ' >&2; exit 1",
			    STDERR_FILENO),
			 0);
	assert_int_equal(process.status, 1);
	assert_int_equal(process.text_len, PROCESS_TEXT_MAX);
	assert_string_equal(process_last_line(&process), "the end");
}

static void last_lines(void **state)
{
	struct process process = {0};

	(void)state;
	assert_string_equal(process_last_line(&process), "");
	assert_int_equal(sh(&process, "printf '\\n\\n' >&2", STDERR_FILENO), 0);
	assert_string_equal(process_last_line(&process), "");
	assert_int_equal(sh(&process, "printf 'a\\nb\\r\\n\\n' >&2", STDERR_FILENO), 0);
	assert_string_equal(process_last_line(&process), "b");
}

static void lines_at_the_beginning(void **state)
{
	struct process process = {0};
	char line[16];

	(void)state;
	assert_int_equal(sh(&process,
			    "printf 'one\\ntwo: second line is long\\ntwo: x' >&2; "
			    "i=0; while [ $i -lt 1000 ]; do echo 123456789 >&2; i=$((i+1)); done; "
			    "echo 'three: y' >&2",
			    STDERR_FILENO),
			 0);
	assert_true(process_find_line(&process, "two: ", line, sizeof(line)));
	assert_string_equal(line, "second line is ");
	assert_true(process_find_line(&process, "one", line, sizeof(line)));
	assert_string_equal(line, "");
	assert_false(process_find_line(&process, "second", line, sizeof(line)));
	assert_false(process_find_line(&process, "three: ", line, sizeof(line)));
	assert_int_equal(process.head_len, PROCESS_HEAD_MAX);
}

/* What it leaves behind holds its stderr open, and nothing up. */
static void a_leftover_is_not_waited_for(void **state)
{
	struct process process = {.timeout_s = 60};

	(void)state;
	assert_int_equal(sh(&process, "sleep 100 & echo $! >&2", STDERR_FILENO), 0);
	const pid_t left = (pid_t)atoi(process.text);
	assert_true(left > 1 && kill(left, SIGKILL) == 0);
}

static void no_such_program(void **state)
{
	char *const argv[] = {(char *)(uintptr_t) "x", NULL};
	struct process process = {
		.file = "/no/such", .argv = argv, .envp = environ, .captured = STDERR_FILENO};

	(void)state;
	assert_int_equal(process_run(&process, &signals), -ENOENT);
}

/* Nothing of the group is left: the pipe's other end is closed by the last of it. */
static void assert_all_gone(const char *fifo)
{
	const int fd = open(fifo, O_RDONLY | O_NONBLOCK);
	char c;
	ssize_t n;

	assert_true(fd >= 0);
	for (int i = 0; i < 500; i++) {
		n = read(fd, &c, 1);
		if (n == 0)
			break;
		(void)usleep(10000);
	}
	assert_int_equal(n, 0);
	(void)close(fd);
}

static void after_a_time_all_of_it_is_ended(void **state)
{
	struct process process = {.timeout_s = 1};
	struct tree tree;
	char script[PATH_MAX + 100];

	(void)state;
	tree_make(&tree);
	assert_int_equal(mkfifo(tree_path(&tree, "/fifo"), 0600), 0);
	FORMAT(script, "exec 3<>%s; sleep 100 & sleep 100 & wait", tree_path(&tree, "/fifo"));
	assert_int_equal(sh(&process, script, STDERR_FILENO), -ETIMEDOUT);
	assert_all_gone(tree_path(&tree, "/fifo"));
	tree_remove(&tree);
}

static void a_signal_ends_all_of_it(void **state)
{
	struct process process = {.timeout_s = 60};
	struct tree tree;
	char script[PATH_MAX + 100];

	(void)state;
	tree_make(&tree);
	assert_int_equal(mkfifo(tree_path(&tree, "/fifo"), 0600), 0);
	FORMAT(script, "exec 3<>%s; sleep 100 & kill -INT %d; wait", tree_path(&tree, "/fifo"),
	       getpid());
	assert_int_equal(sh(&process, script, STDERR_FILENO), -EINTR);
	assert_int_equal(signals.caught, SIGINT);
	assert_all_gone(tree_path(&tree, "/fifo"));
	/* And nothing is begun any more. */
	assert_int_equal(sh(&process, "echo no >&2", STDERR_FILENO), -EINTR);
	assert_int_equal(process.text_len, 0);
	tree_remove(&tree);
}

/* nohup and "&" of a script mean it. */
static void an_ignored_signal_stays_ignored(void **state)
{
	struct process process = {0};
	struct signals own;

	(void)state;
	(void)signal(SIGHUP, SIG_IGN);
	(void)sigprocmask(SIG_SETMASK, &signals.outer, NULL);
	assert_int_equal(signals_begin(&own), 0);
	(void)kill(getpid(), SIGHUP);
	assert_int_equal(signals_caught(&own), 0);
	signals_end(&own);
	assert_int_equal(sh(&process, "kill -HUP $$; exit 3", STDERR_FILENO), 0);
	assert_int_equal(process.status, 3);
	(void)signal(SIGHUP, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_and_text),
		cmocka_unit_test(input_is_empty),
		cmocka_unit_test(much_text),
		cmocka_unit_test(last_lines),
		cmocka_unit_test(lines_at_the_beginning),
		cmocka_unit_test(a_leftover_is_not_waited_for),
		cmocka_unit_test(no_such_program),
		cmocka_unit_test(after_a_time_all_of_it_is_ended),
		cmocka_unit_test(an_ignored_signal_stays_ignored),
		cmocka_unit_test(a_signal_ends_all_of_it), /* the last: it is not taken back */
	};

	(void)signal(SIGCHLD, SIG_IGN);
	/* As this test may be run in the background, where the shell ignores it. */
	(void)signal(SIGINT, SIG_DFL);
	return cmocka_run_group_tests(tests, begin, end);
}
