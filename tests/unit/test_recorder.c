/* SPDX-License-Identifier: Apache-2.0 */
/* The process that outlives a recorded monitor. There is no snug-report beside this program: one line says so. */
#include "tests/unit/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/recorder.h"

static const struct timeline_options wanted = {.any = true, .table = true};

/* What the monitor stands for in these tests, in the child. */
typedef void (*monitor_fn)(void);

static void exits(void)
{
	_exit(7);
}

static void makes_a_wrong_call(void)
{
	(void)signal(SIGSYS, SIG_DFL); /* cmocka's */
	(void)raise(SIGSYS);
	_exit(99);
}

static void is_killed(void)
{
	(void)raise(SIGKILL);
}

static void put(int fd, const char *text, size_t len)
{
	if (write(fd, text, len) != (ssize_t)len)
		_exit(99);
}

/* Ends as told by a signal, and as that. */
static void waits(void)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)signal(SIGUSR1, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	put(STDOUT_FILENO, "up", 2);
	for (;;)
		(void)pause();
}

/* A snug of its own, as its end may be that of the process. Returns it; its stdout is *out. */
static pid_t start(monitor_fn monitor, int *out, int *record)
{
	int pipe_fds[2], record_pipe[2];
	pid_t pid;

	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(pipe(record_pipe), 0);
	pid = fork();
	if (pid == 0) {
		struct recorder recorder = RECORDER_NONE;
		char text[4096];
		int copy, status;

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(pipe_fds[1], STDOUT_FILENO);
		(void)signal(SIGCHLD, SIG_IGN); /* as some callers leave it */
		if (recorder_fork(&recorder) == 0)
			monitor();
		copy = dup(recorder.fd);
		status = recorder_end(&recorder, &wanted, &(struct status){.fd = -1, .facts = -1});
		const ssize_t n = pread(copy, text, sizeof(text), 0);
		put(record_pipe[1], text, n > 0 ? (size_t)n : 0);
		_exit(status);
	}
	(void)close(pipe_fds[1]);
	(void)close(record_pipe[1]);
	*out = pipe_fds[0];
	*record = record_pipe[0];
	return pid;
}

static int end_of(pid_t pid, int record, char text[4096])
{
	ssize_t n = read(record, text, 4095);
	int status;

	text[n > 0 ? n : 0] = '\0';
	(void)close(record);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void the_status_and_the_end(void **state)
{
	unsigned long long ns, faults;
	char text[4096];
	int out, record, status;
	pid_t pid = start(exits, &out, &record);

	(void)state;
	status = end_of(pid, record, text);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_int_equal(sscanf(text, "stage %llu %llu end: process gone", &ns, &faults), 2);
	assert_true(ns > 0);
	assert_non_null(strstr(text, "\nstatus 7\nusage "));
	(void)close(out);
}

static void a_killed_monitor(void **state)
{
	char text[4096];
	int out, record;
	pid_t pid = start(is_killed, &out, &record);
	int status = end_of(pid, record, text);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	(void)close(out);
}

static void a_monitor_that_seccomp_ended(void **state)
{
	struct captured captured;
	char text[4096];
	int out, record, status;
	pid_t pid;

	(void)state;
	stderr_begin(&captured);
	pid = start(makes_a_wrong_call, &out, &record);
	status = end_of(pid, record, text);
	stderr_end(&captured);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
	assert_contains(captured.text, "a system call that it is not allowed");
	(void)close(out);
}

static void signals_are_passed_on(void **state)
{
	static const int signals[] = {SIGTERM, SIGUSR1, SIGHUP};

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		char text[4096];
		int out, record, status;
		pid_t pid = start(waits, &out, &record);

		assert_int_equal(read(out, text, 2), 2);
		assert_int_equal(kill(pid, signals[i]), 0);
		status = end_of(pid, record, text);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
		(void)close(out);
	}
}

/* The monitor goes with it: its end of the pipe is closed. */
static void killed_it_leaves_nothing(void **state)
{
	char text[4096];
	int out, record, status;
	pid_t pid = start(waits, &out, &record);

	(void)state;
	assert_int_equal(read(out, text, 2), 2);
	assert_int_equal(kill(pid, SIGKILL), 0);
	status = end_of(pid, record, text);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(read(out, text, 1), 0);
	(void)close(out);
}

static void what_the_launcher_has_to_say(void **state)
{
	struct recorder recorder = {.parent = 77};
	struct strlist argv = {0};
	struct stages stages = {.items = {{"exec", 5}, {"plan", 9}}, .count = 2};
	struct plan plan = {.boot = BOOT_BZIMAGE, .memory = 128 << 20};
	char text[512] = "";

	(void)state;
	plan.kernel.path = (char *)(uintptr_t) "/boot/a b";
	strlist_add(&plan.argv, "sh");
	strlist_add(&plan.argv, "line\nbreak");
	recorder.fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	assert_true(recorder.fd >= 0);
	assert_int_equal(recorder_begin(&recorder, &plan, &stages, &argv), 0);
	assert_int_equal(argv.count, 1);
	assert_string_equal(argv.items[0], "--parent=77");
	assert_true(pread(recorder.fd, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, "kernel='/boot/a b'\nboot=bzimage\nmemory=128\n"
				  "command=sh $'line\\012break'\n"
				  "stage 5 0 launcher: exec\nstage 9 0 launcher: plan\n");
	(void)close(recorder.fd);
	strlist_free(&plan.argv);
	strlist_free(&argv);
}

static void places_that_cannot_be_written(void **state)
{
	const struct timeline_options none = {.any = true, .json = "/no/such/t.json"};
	const struct timeline_options proc = {.any = true, .svg = "/proc/t.svg"};
	const struct timeline_options nothing = {0};

	(void)state;
	assert_int_equal(recorder_check(&none), -ENOENT);
	assert_true(recorder_check(&proc) < 0);
	assert_int_equal(recorder_check(&nothing), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_status_and_the_end),
		cmocka_unit_test(a_killed_monitor),
		cmocka_unit_test(a_monitor_that_seccomp_ended),
		cmocka_unit_test(signals_are_passed_on),
		cmocka_unit_test(killed_it_leaves_nothing),
		cmocka_unit_test(what_the_launcher_has_to_say),
		cmocka_unit_test(places_that_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
