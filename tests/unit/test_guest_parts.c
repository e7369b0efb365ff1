/* SPDX-License-Identifier: Apache-2.0 */
/* guest-init's small pure parts: control stream, port names, overlay options, power-off requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "guest-init/command.h"
#include "guest-init/console.h"
#include "guest-init/control.h"
#include "guest-init/oom.h"
#include "guest-init/overlay.h"
#include "guest-init/poweroff.h"
#include "guest-init/say.h"

static void test_control_messages_survive_any_split(void **state)
{
	const struct snug_control sent[] = {
		{.type = SNUG_CONTROL_STDIN_END, .value = 0x123456789abcULL},
		{.type = SNUG_CONTROL_WINDOW_SIZE, .arg = 24 << 16 | 80},
		{.type = SNUG_CONTROL_SIGNAL, .arg = 15},
	};

	(void)state;
	for (size_t step = 1; step <= sizeof(sent); step++) {
		struct control_reader reader = {0};
		struct snug_control message;
		size_t count = 0;

		for (size_t at = 0; at < sizeof(sent); at += step) {
			size_t len = sizeof(sent) - at < step ? sizeof(sent) - at : step;
			const unsigned char *data = (const unsigned char *)sent + at;

			while (control_next(&reader, &data, &len, &message)) {
				assert_true(count < 3);
				assert_memory_equal(&message, &sent[count], sizeof(message));
				count++;
			}
			assert_int_equal(len, 0);
		}
		assert_int_equal(count, 3);
	}
}

static void test_oom_is_read_from_vmstat(void **state)
{
	(void)state;
	assert_true(oom_has_killed("pgfault 12\noom_kill 1\nnuma_hit 0\n"));
	assert_true(oom_has_killed("pgfault 12\noom_kill 20\n"));
	assert_false(oom_has_killed("pgfault 12\noom_kill 0\n"));
	assert_false(oom_has_killed("pgfault 12\nxoom_kill 1\noom_killed 1\n"));
	assert_false(oom_has_killed("pgfault 12\noom_kill "));
	assert_false(oom_has_killed(""));
}

/* Wait statuses as the kernel makes them; here nothing was killed for want of memory. */
static void test_the_status_of_a_command(void **state)
{
	(void)state;
	assert_int_equal(oom_command_status(3 << 8), SNUG_STATUS(SNUG_STATUS_EXITED, 3));
	assert_int_equal(oom_command_status(SIGTERM), SNUG_STATUS(SNUG_STATUS_SIGNALED, SIGTERM));
	assert_int_equal(oom_command_status(SIGSEGV | 0x80),
			 SNUG_STATUS(SNUG_STATUS_SIGNALED, SIGSEGV));
}

static void test_port_names(void **state)
{
	(void)state;
	assert_int_equal(console_port_number("vport0p1"), 1);
	assert_int_equal(console_port_number("vport12p2"), 2);
	assert_int_equal(console_port_number("vport0p0"), 0);
	assert_int_equal(console_port_number("vport0p1234"), 1234);
	assert_int_equal(console_port_number("vport0p99999999999"), -1);
	assert_int_equal(console_port_number("vport0p"), -1);
	assert_int_equal(console_port_number("vportp1"), -1);
	assert_int_equal(console_port_number("vport0"), -1);
	assert_int_equal(console_port_number("vport0p1x"), -1);
	assert_int_equal(console_port_number("vport-1p1"), -1);
	assert_int_equal(console_port_number("hvc0"), -1);
	assert_int_equal(console_port_number(""), -1);
}

static void test_covered_overlays(void **state)
{
	char home[] = "/home", a[] = "/srv/a";
	char *items[] = {home, a, NULL};
	const struct strings dirs = {.items = items, .count = 2};

	(void)state;
	assert_true(overlay_covered(&dirs, 2, "/home"));
	assert_true(overlay_covered(&dirs, 2, "/home/me"));
	assert_true(overlay_covered(&dirs, 2, "/srv/a/b"));
	assert_false(overlay_covered(&dirs, 1, "/srv/a/b"));
	assert_false(overlay_covered(&dirs, 2, "/srv/ab"));
	assert_false(overlay_covered(&dirs, 2, "/homestead"));
	assert_false(overlay_covered(&dirs, 2, "/srv"));
	assert_false(overlay_covered(&dirs, 2, "/"));
}

static void test_overlay_options_are_escaped_and_bounded(void **state)
{
	const char *expected = "redirect_dir=on,upperdir=u,workdir=w,lowerdir=/a\\,b\\:c\\\\d";
	char options[128];

	(void)state;
	assert_int_equal(overlay_options(options, sizeof(options), "/a,b:c\\d", "u", "w", true), 0);
	assert_string_equal(options, expected);
	for (size_t size = 1; size < strlen(expected); size++) {
		char *small = malloc(size);

		assert_int_equal(overlay_options(small, size, "/a,b:c\\d", "u", "w", true),
				 -ENAMETOOLONG);
		free(small);
	}
}

static void test_signals_that_power_off(void **state)
{
	sigset_t set;

	(void)state;
	assert_int_equal(poweroff_signal_meaning(SIGUSR1), RB_POWER_OFF);
	assert_int_equal(poweroff_signal_meaning(SIGUSR2), RB_POWER_OFF);
	assert_int_equal(poweroff_signal_meaning(SIGTERM), RB_AUTOBOOT);
	assert_int_equal(poweroff_signal_meaning(SIGINT), RB_AUTOBOOT);
	assert_int_equal(poweroff_signal_meaning(SIGRTMIN + 4), RB_POWER_OFF);
	assert_int_equal(poweroff_signal_meaning(SIGRTMIN + 5), RB_AUTOBOOT);
	assert_int_equal(poweroff_signal_meaning(SIGCHLD), -1);
	assert_int_equal(poweroff_signal_meaning(SIGHUP), -1);
	sigemptyset(&set);
	poweroff_add_signals(&set);
	for (int signal = 1; signal <= SIGRTMAX; signal++)
		if (signal < 32 || signal >= SIGRTMIN)
			assert_int_equal(sigismember(&set, signal),
					 poweroff_signal_meaning(signal) >= 0);
}

static int request_meaning(int32_t magic, int32_t cmd, int32_t runlevel, size_t len)
{
	char request[POWEROFF_REQUEST_SIZE] = {0};
	int32_t fields[] = {magic, cmd, runlevel};

	memcpy(request, fields, sizeof(fields));
	return poweroff_request_meaning(request, len);
}

static void test_requests_that_power_off(void **state)
{
	(void)state;
	assert_int_equal(request_meaning(0x03091969, 1, '0', POWEROFF_REQUEST_SIZE), RB_POWER_OFF);
	assert_int_equal(request_meaning(0x03091969, 1, '6', POWEROFF_REQUEST_SIZE), RB_AUTOBOOT);
	assert_int_equal(request_meaning(0x03091969, 1, '3', POWEROFF_REQUEST_SIZE), -1);
	assert_int_equal(request_meaning(0x03091969, 6, '0', POWEROFF_REQUEST_SIZE), -1);
	assert_int_equal(request_meaning(0x03091968, 1, '0', POWEROFF_REQUEST_SIZE), -1);
	assert_int_equal(request_meaning(0x03091969, 1, '0', POWEROFF_REQUEST_SIZE - 1), -1);
}

/* One line each, and a status of which the monitor need say no more. */
static void test_why_the_command_did_not_start(void **state)
{
	static const struct {
		struct command_failure failure;
		uint32_t kind;
		const char *says;
	} rows[] = {
		{{FAILED_TO_ENTER, -EACCES},
		 SNUG_STATUS_NOT_STARTED,
		 "snug: cannot enter /root: Permission denied\n"},
		{{FAILED_TO_PREPARE, -EPERM},
		 SNUG_STATUS_NOT_STARTED,
		 "snug: guest: starting the command: Operation not permitted\n"},
		{{FAILED_TO_EXECUTE, -ENOENT},
		 SNUG_STATUS_NOT_FOUND,
		 "snug: cmd: No such file or directory\n"},
		{{FAILED_TO_EXECUTE, -EACCES},
		 SNUG_STATUS_NOT_EXECUTABLE,
		 "snug: cmd: Permission denied\n"},
	};
	char name[] = "cmd", cwd[] = "/root";
	char *items[] = {name, NULL};
	struct spec spec = {.cwd = cwd, .args = {.items = items, .count = 1}};
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	say_on(ends[1], false);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t status = command_report_failure(&spec, &rows[i].failure);
		char text[256];
		ssize_t n = read(ends[0], text, sizeof(text) - 1);

		assert_true(n > 0);
		text[n] = '\0';
		assert_string_equal(text, rows[i].says);
		assert_int_equal(SNUG_STATUS_KIND(status), rows[i].kind);
		assert_int_equal(SNUG_STATUS_CODE(status), -rows[i].failure.error);
	}
	say_on(-1, false);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control_messages_survive_any_split),
		cmocka_unit_test(test_oom_is_read_from_vmstat),
		cmocka_unit_test(test_the_status_of_a_command),
		cmocka_unit_test(test_port_names),
		cmocka_unit_test(test_covered_overlays),
		cmocka_unit_test(test_overlay_options_are_escaped_and_bounded),
		cmocka_unit_test(test_signals_that_power_off),
		cmocka_unit_test(test_requests_that_power_off),
		cmocka_unit_test(test_why_the_command_did_not_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
