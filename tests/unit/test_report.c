/* SPDX-License-Identifier: Apache-2.0 */
/* What the caller gets of a run: how it ended, the exit status and the words, where the time went. */
#include "tests/unit/tree.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "core/abi.h"
#include "core/util.h"
#include "vmm/exit_status.h"
#include "vmm/klog.h"
#include "vmm/run_end.h"

static struct klog klog;
static struct run_end end;
static struct captured captured;

static int setup(void **state)
{
	(void)state;
	memset(&klog, 0, sizeof(klog));
	return klog_init(&klog, false) || run_end_init(&end);
}

static int teardown(void **state)
{
	(void)state;
	return close(end.wake_fd);
}

static int report(enum run_end_cause cause, uint32_t detail, const char *error)
{
	int status;

	atomic_store(&end.cause, RUN_END_NONE);
	run_end_set(&end, cause, detail, error);
	stderr_begin(&captured);
	status = exit_status_report(&end, &klog, MIB(128));
	stderr_end(&captured);
	return status;
}

static int report_status(uint32_t kind, uint32_t code)
{
	return report(RUN_END_STATUS, SNUG_STATUS(kind, code), NULL);
}

/* A signal while output was still to be written: the command's status would say that all is well. */
static void a_run_that_is_given_up(void **state)
{
	(void)state;
	assert_int_equal(report_status(SNUG_STATUS_EXITED, 0), 0);
	run_end_give_up(&end, RUN_END_SIGNAL, SIGTERM);
	assert_int_equal(exit_status_report(&end, &klog, MIB(128)), 128 + SIGTERM);
	/* A failure stays the failure it was. */
	assert_int_equal(report(RUN_END_CRASH, 0, NULL), 125);
	run_end_give_up(&end, RUN_END_SIGNAL, SIGTERM);
	assert_int_equal(atomic_load(&end.cause), RUN_END_CRASH);
	/* When its time is up, what it says then is not what counts. */
	assert_int_equal(report_status(SNUG_STATUS_EXITED, 0), 0);
	run_end_give_up(&end, RUN_END_TIMEOUT, 1500);
	stderr_begin(&captured);
	const int status = exit_status_report(&end, &klog, MIB(128));
	stderr_end(&captured);
	assert_int_equal(status, 124);
	assert_string_equal(
		captured.text,
		"snug: --timeout: the command did not end within 1.5 s, and was ended\n");
	/* Nothing else ended it. */
	atomic_store(&end.cause, RUN_END_NONE);
	run_end_give_up(&end, RUN_END_SIGNAL, SIGINT);
	assert_int_equal(exit_status_report(&end, &klog, MIB(128)), 128 + SIGINT);
}

static void the_commands_own_status(void **state)
{
	(void)state;
	for (uint32_t code = 0; code < 256; code++) {
		assert_int_equal(report_status(SNUG_STATUS_EXITED, code), code);
		assert_string_equal(captured.text, "");
	}
	for (uint32_t sig = 1; sig < 65; sig++) {
		assert_int_equal(report_status(SNUG_STATUS_SIGNALED, sig), 128 + sig);
		assert_string_equal(captured.text, "");
	}
	/* guest-init has said why. */
	assert_int_equal(report_status(SNUG_STATUS_NOT_FOUND, ENOENT), 127);
	assert_int_equal(report_status(SNUG_STATUS_NOT_EXECUTABLE, EACCES), 126);
	assert_int_equal(report_status(SNUG_STATUS_NOT_STARTED, ENOENT), 125);
	assert_int_equal(report_status(SNUG_STATUS_NOT_KEPT, ENOSPC), 125);
	assert_string_equal(captured.text, "");
}

static void a_guest_without_memory(void **state)
{
	static const char panics[][80] = {
		"Kernel panic - not syncing: System is deadlocked on memory\n",
		"Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled\n",
	};

	(void)state;
	assert_int_equal(report_status(SNUG_STATUS_OOM, 0), 137);
	assert_one_line(captured.text);
	assert_contains(captured.text, "snug: the VM ran out of memory (128 MiB)");
	assert_contains(captured.text, "-m\n");
	for (size_t i = 0; i < ARRAY_SIZE(panics); i++) {
		klog.written = 0;
		klog_write(&klog, panics[i], strlen(panics[i]));
		assert_int_equal(report(RUN_END_RESET, 0, NULL), 125);
		assert_contains(captured.text, "snug: the VM ran out of memory (128 MiB), and its "
					       "kernel stopped: Kernel panic");
	}
}

/* Whatever word a guest stores, the status is one a process can have. */
static void hostile_status_words(void **state)
{
	static const uint32_t words[] = {0,          1,          0xffff,     0x0000ffff,
					 0x00010100, 0x0001ffff, 0x0002ffff, 0x00020080,
					 0x0003ffff, 0x0004ffff, 0x0005ffff, 0x0007ffff,
					 0x00080000, 0x7fffffff, 0x80000000, 0xffffffff};

	(void)state;
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		int status = report(RUN_END_STATUS, words[i], NULL);
		uint32_t kind = words[i] >> 16;

		assert_in_range(status, 0, 255);
		if (kind == SNUG_STATUS_OOM)
			assert_int_equal(status, 137);
		else if (kind == 0 || kind > SNUG_STATUS_NOT_EXECUTABLE)
			assert_int_equal(status, 125);
	}
	assert_int_equal(report(RUN_END_STATUS, 0xdead0000, NULL), 125);
	assert_contains(captured.text, "snug: the guest reported a status that means nothing "
				       "(0xdead0000)\n");
	assert_int_equal(report_status(SNUG_STATUS_INIT_FAILED, 0), 125);
	assert_contains(captured.text, "snug: the guest could not be prepared\n");
}

static void ends_without_a_status(void **state)
{
	(void)state;
	assert_int_equal(report(RUN_END_POWEROFF, 0, NULL), 125);
	assert_contains(captured.text, "snug: the guest powered off before ");
	assert_int_equal(report(RUN_END_RESET, 0, NULL), 125);
	assert_contains(captured.text, "snug: the guest rebooted before ");
	assert_int_equal(report(RUN_END_CRASH, 0, NULL), 125);
	assert_contains(captured.text, "snug: the guest crashed (triple fault)\n");
	assert_int_equal(report(RUN_END_VM_ERROR, 17, "KVM internal error 3"), 125);
	assert_contains(captured.text, "snug: the VM failed: KVM internal error 3\n");
	/* The kernel said nothing: so the user hears how to make it talk. */
	assert_contains(captured.text, "printed nothing");
	assert_int_equal(report(RUN_END_SIGNAL, SIGTERM, NULL), 128 + SIGTERM);
	assert_string_equal(captured.text, "");
}

static void the_last_lines_are_shown(void **state)
{
	char line[64];

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		int n = snprintf(line, sizeof(line), "[ 1.%02u] line\033[2J %u\r\n", i, i);

		klog_write(&klog, line, (size_t)n);
	}
	assert_int_equal(report(RUN_END_CRASH, 0, NULL), 125);
	assert_contains(captured.text, "snug: the guest's last lines:\n[ 1.38] line?[2J 38\n");
	assert_null(strstr(captured.text, "line?[2J 37"));
	size_t n = strlen(captured.text);
	assert_string_equal(captured.text + n - strlen("\n[ 1.49] line?[2J 49\n"),
			    "\n[ 1.49] line?[2J 49\n");
}

static void a_panic_is_named(void **state)
{
	static const char panic[] =
		"[ 1.0] Kernel panic - not syncing: No init found.\n[ 1.1] Rebooting\n";

	(void)state;
	klog_write(&klog, panic, sizeof(panic) - 1);
	assert_int_equal(report(RUN_END_RESET, 0, NULL), 125);
	assert_contains(captured.text, "snug: the guest's kernel stopped: "
				       "Kernel panic - not syncing: No init found.\n");
	assert_contains(captured.text, "[ 1.1] Rebooting\n");
}

/* A line longer than there is room for, and one the size of all that is kept. */
static void endless_lines(void **state)
{
	static char text[2 * KLOG_SIZE];

	(void)state;
	memset(text, 'K', sizeof(text));
	memcpy(text + sizeof(text) - 3000, "Kernel panic", 12);
	klog_write(&klog, text, sizeof(text));
	assert_int_equal(report(RUN_END_RESET, 0, NULL), 125);
	assert_contains(captured.text, "snug: the guest's kernel stopped: Kernel panicKKK");
	assert_contains(captured.text, "KKK\nsnug: the guest's last lines:\nKKK");
}

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void the_first_cause_wins(void **state)
{
	(void)state;
	assert_false(run_is_over(&end));
	run_end_set(&end, RUN_END_VM_ERROR, 5, "first");
	assert_true(run_is_over(&end));
	run_end_set(&end, RUN_END_STATUS, 6, NULL);
	run_end_set(&end, RUN_END_VM_ERROR, 7, "second");
	assert_int_equal(end.cause, RUN_END_VM_ERROR);
	assert_int_equal(end.detail, 5);
	assert_string_equal(end.vm_error, "first");
}

/* Who says it has still to come back from where it does. */
static void the_end_wakes_when_a_processor_says_so(void **state)
{
	(void)state;
	run_end_set(&end, RUN_END_STATUS, 0, NULL);
	assert_false(readable(end.wake_fd));
	run_end_wake(&end);
	assert_true(readable(end.wake_fd));
}

static void a_long_error_is_cut(void **state)
{
	char text[500];

	(void)state;
	memset(text, 'e', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	run_end_set(&end, RUN_END_VM_ERROR, 1, text);
	assert_int_equal(strlen(end.vm_error), sizeof(end.vm_error) - 1);
}

static void *end_it(void *arg)
{
	uint32_t detail = (uint32_t)(uintptr_t)arg;
	char text[32];

	(void)snprintf(text, sizeof(text), "error %u", detail);
	run_end_set(&end, RUN_END_VM_ERROR, detail, text);
	return NULL;
}

static void one_of_many_threads_wins(void **state)
{
	pthread_t threads[8];
	char text[32];

	(void)state;
	for (uintptr_t i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, end_it, (void *)(i + 1)), 0);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	(void)snprintf(text, sizeof(text), "error %u", end.detail);
	assert_string_equal(end.vm_error, text);
}

#define report_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		report_test(the_commands_own_status),
		report_test(a_guest_without_memory),
		report_test(hostile_status_words),
		report_test(ends_without_a_status),
		report_test(the_last_lines_are_shown),
		report_test(a_panic_is_named),
		report_test(endless_lines),
		report_test(the_first_cause_wins),
		report_test(the_end_wakes_when_a_processor_says_so),
		report_test(a_long_error_is_cut),
		report_test(one_of_many_threads_wins),
		report_test(a_run_that_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
