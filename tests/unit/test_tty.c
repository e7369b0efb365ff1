/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's terminal: raw, and back on every path. Each test plays in a session of its own. */
#include "tests/unit/tree.h"

#include <errno.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <termios.h>
#include <utmp.h>

#include "vmm/confine/confine.h"
#include "vmm/tty.h"

/* What hangs is killed by it. */
#define SECONDS 20

/* The watcher is confined, as in a run. */
static struct confine confine;

static int master, slave;
static struct termios before;

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	assert_int_equal(tcgetattr(slave, &before), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)close(master);
	(void)close(slave);
	return 0;
}

static bool is_restored(void)
{
	struct termios now;

	assert_int_equal(tcgetattr(slave, &now), 0);
	return now.c_lflag == before.c_lflag && now.c_iflag == before.c_iflag &&
	       now.c_oflag == before.c_oflag;
}

/* The role runs in a child that leads a session whose terminal is the slave. Returns its wait status. */
static int play(void (*role)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)alarm(SECONDS);
		(void)login_tty(dup(slave));
		role();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void raw_and_back(void)
{
	struct termios now;
	struct tty tty;

	if (tty_make_raw(&tty, 0, &confine) < 0 || tcgetattr(0, &now) < 0 || (now.c_lflag & ICANON))
		_exit(1);
	tty_restore(&tty);
	/* No watcher is left. */
	_exit(waitpid(-1, NULL, 0) < 0 && errno == ECHILD ? 0 : 2);
}

static void a_run_restores_it(void **state)
{
	(void)state;
	assert_int_equal(play(raw_and_back), 0);
	assert_true(is_restored());
}

/* Not the session's leader, whose end would hang the terminal up. */
static void raw_and_killed(void)
{
	int status;
	struct tty tty;
	pid_t pid = fork();

	if (pid == 0 && tty_make_raw(&tty, 0, &confine) == 0)
		(void)raise(SIGKILL);
	if (waitpid(pid, &status, 0) != pid || status != SIGKILL)
		_exit(1);
	/* The watcher does it, a moment later; or the alarm ends this. */
	while (!is_restored())
		(void)usleep(1000);
}

static void a_killed_monitor_leaves_it_usable(void **state)
{
	(void)state;
	assert_int_equal(play(raw_and_killed), 0);
}

static void make_raw_and_back(void)
{
	struct tty tty;

	if (setpgid(0, 0) < 0 || tty_make_raw(&tty, 0, &confine) < 0)
		_exit(1);
	tty_restore(&tty);
	_exit(0);
}

/* As a shell starts "snug run &", and later lets it have the terminal. Wakes no other process. */
static void in_the_background(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		make_raw_and_back();
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status) ||
	    WSTOPSIG(status) != SIGTTOU)
		_exit(1);
	if (tcsetpgrp(0, pid) < 0 || kill(pid, SIGCONT) < 0 || waitpid(pid, &status, 0) != pid)
		_exit(2);
	_exit(status ? 3 : 0);
}

static void the_background_waits_for_the_terminal(void **state)
{
	(void)state;
	assert_int_equal(play(in_the_background), 0);
	assert_true(is_restored());
}

static void not_a_terminal(void **state)
{
	struct tty tty;
	int fd = open("/dev/null", O_RDWR);

	(void)state;
	assert_int_equal(tty_make_raw(&tty, fd, &confine), -ENOTTY);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_restores_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_killed_monitor_leaves_it_usable, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_background_waits_for_the_terminal, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(not_a_terminal, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
