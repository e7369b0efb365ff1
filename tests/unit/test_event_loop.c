/* SPDX-License-Identifier: Apache-2.0 */
/* The main thread's loop, without a guest: signals, and the end. Each test in a child of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vmm/event_loop.h"

static struct machine machine;

/* A machine whose guest does not run, up to the end of its loop. */
static void run_loop(int sig)
{
	int fd;

	if (klog_init(&machine.klog, false) || run_end_init(&machine.end))
		_exit(99);
	fd = event_loop_signals(false);
	if (fd < 0 || kill(getpid(), sig))
		_exit(99);
	event_loop_run(&machine, fd, NULL, 0);
}

static int status_of_child(void (*child)(int), int sig)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		child(sig);
		_exit(98);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void ends_in_order(int sig)
{
	run_loop(sig);
	_exit(atomic_load(&machine.end.cause) == RUN_END_SIGNAL ? (int)machine.end.detail : 97);
}

static void ends_at_once(int sig)
{
	run_loop(sig);
	(void)kill(getpid(), sig);
}

static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};

static void a_signal_ends_the_run(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		int status = status_of_child(ends_in_order, signals[i]);

		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), signals[i]);
	}
}

/* Whatever the monitor waits for by then. */
static void a_second_signal_ends_the_process(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		int status = status_of_child(ends_at_once, signals[i]);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
	}
}

static void ignored(int sig)
{
	(void)signal(SIGHUP, SIG_IGN);
	run_loop(sig);
	(void)kill(getpid(), SIGHUP);
	_exit(atomic_load(&machine.end.cause) == RUN_END_SIGNAL ? 0 : 97);
}

static void a_signal_the_caller_ignores_stays_ignored(void **state)
{
	(void)state;
	assert_int_equal(status_of_child(ignored, SIGTERM), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signal_ends_the_run),
		cmocka_unit_test(a_second_signal_ends_the_process),
		cmocka_unit_test(a_signal_the_caller_ignores_stays_ignored),
	};

	/* SIGQUIT would leave a core file. */
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
	return cmocka_run_group_tests(tests, NULL, NULL);
}
