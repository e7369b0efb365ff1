/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/exit_status.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/abi.h"
#include "core/exit_code.h"
#include "core/fds.h"
#include "core/log.h"
#include "core/util.h"

#define LAST_LINES 12

static void show_last_lines(struct klog *klog)
{
	static char text[8192];
	size_t n = klog_tail(klog, LAST_LINES, text, sizeof(text) - 1);

	if (n == 0) {
		log_error("the guest's kernel printed nothing; `--verbose --append loglevel=7` "
			  "shows more");
		return;
	}
	log_error("the guest's last lines:");
	text[n++] = '\n';
	(void)fd_write_all(STDERR_FILENO, text, n);
}

static int failed(struct klog *klog)
{
	show_last_lines(klog);
	return EXIT_SNUG_FAILED;
}

static int out_of_memory(uint64_t memory)
{
	log_error("the VM ran out of memory (%llu MiB), and its kernel killed what had most of it; "
		  "give it more with -m",
		  (unsigned long long)(memory / MIB(1)));
	return EXIT_SIGNAL_BASE + SIGKILL;
}

static int from_status_word(uint32_t status, struct klog *klog, uint64_t memory)
{
	int code = (int)SNUG_STATUS_CODE(status);

	switch (SNUG_STATUS_KIND(status)) {
	case SNUG_STATUS_EXITED:
		return code & 0xff;
	case SNUG_STATUS_SIGNALED:
		return EXIT_SIGNAL_BASE + (code & 0x7f);
	case SNUG_STATUS_NOT_FOUND:
		return EXIT_NOT_FOUND;
	case SNUG_STATUS_NOT_EXECUTABLE:
		return EXIT_NOT_EXECUTABLE;
	case SNUG_STATUS_NOT_STARTED:
	case SNUG_STATUS_NOT_KEPT:
		return EXIT_SNUG_FAILED;
	case SNUG_STATUS_OOM:
		return out_of_memory(memory);
	case SNUG_STATUS_INIT_FAILED:
		log_error("the guest could not be prepared");
		return failed(klog);
	default:
		log_error("the guest reported a status that means nothing (%#x)", status);
		return failed(klog);
	}
}

/* Linux's words, when there is nothing left that it may kill, or it was told to stop instead. */
static bool is_out_of_memory(const char *panic)
{
	return strstr(panic, "deadlocked on memory") || strstr(panic, "ut of memory");
}

static int from_reset(struct klog *klog, uint64_t memory)
{
	char panic[256] = "";

	if (klog_find(klog, "Kernel panic", panic, sizeof(panic)) && is_out_of_memory(panic))
		log_error(
			"the VM ran out of memory (%llu MiB), and its kernel stopped: %s; give it "
			"more with -m",
			(unsigned long long)(memory / MIB(1)), panic);
	else if (panic[0])
		log_error("the guest's kernel stopped: %s", panic);
	else
		log_error("the guest rebooted before the command's status was known");
	return failed(klog);
}

static int timed_out(uint32_t timeout_ms)
{
	log_error("--timeout: the command did not end within %g s, and was ended",
		  timeout_ms / 1000.0);
	return EXIT_TIMED_OUT;
}

/* In the words of --json-status. */
static const char *cause_of_status(uint32_t kind)
{
	switch (kind) {
	case SNUG_STATUS_EXITED:
		return "exit";
	case SNUG_STATUS_SIGNALED:
		return "signal";
	case SNUG_STATUS_NOT_FOUND:
		return "not-found";
	case SNUG_STATUS_NOT_EXECUTABLE:
		return "not-executable";
	case SNUG_STATUS_OOM:
		return "oom";
	case SNUG_STATUS_NOT_KEPT:
		return "not-kept";
	default:
		return "vm-error";
	}
}

static const char *cause_of_reset(struct klog *klog)
{
	char panic[256];

	if (!klog_find(klog, "Kernel panic", panic, sizeof(panic)))
		return "reboot";
	return is_out_of_memory(panic) ? "oom" : "panic";
}

static const char *cause_of(const struct run_end *end, struct klog *klog)
{
	switch ((enum run_end_cause)atomic_load(&end->cause)) {
	case RUN_END_STATUS:
		return cause_of_status(SNUG_STATUS_KIND(end->detail));
	case RUN_END_POWEROFF:
		return "power-off";
	case RUN_END_RESET:
		return cause_of_reset(klog);
	case RUN_END_CRASH:
		return "crash";
	case RUN_END_SIGNAL:
		return "stopped";
	case RUN_END_TIMEOUT:
		return "timeout";
	case RUN_END_VM_ERROR:
	case RUN_END_NONE:
		break;
	}
	return "vm-error";
}

static uint32_t signal_of(const struct run_end *end)
{
	const int cause = atomic_load(&end->cause);

	if (cause == RUN_END_SIGNAL)
		return end->detail;
	if (cause == RUN_END_STATUS && SNUG_STATUS_KIND(end->detail) == SNUG_STATUS_SIGNALED)
		return SNUG_STATUS_CODE(end->detail) & 0x7f;
	return 0;
}

void exit_status_tell(const struct run_end *end, struct klog *klog, int fd)
{
	char line[64];
	const int len =
		snprintf(line, sizeof(line), "end %s %u\n", cause_of(end, klog), signal_of(end));

	(void)fd_write_all(fd, line, (size_t)len);
}

int exit_status_report(const struct run_end *end, struct klog *klog, uint64_t memory)
{
	switch ((enum run_end_cause)atomic_load(&end->cause)) {
	case RUN_END_STATUS:
		return from_status_word(end->detail, klog, memory);
	case RUN_END_POWEROFF:
		log_error("the guest powered off before the command's status was known");
		return failed(klog);
	case RUN_END_RESET:
		return from_reset(klog, memory);
	case RUN_END_CRASH:
		log_error("the guest crashed (triple fault)");
		return failed(klog);
	case RUN_END_SIGNAL:
		return EXIT_SIGNAL_BASE + (int)end->detail;
	case RUN_END_TIMEOUT:
		return timed_out(end->detail);
	case RUN_END_VM_ERROR:
	case RUN_END_NONE:
		break;
	}
	log_error("the VM failed: %s", end->vm_error);
	return failed(klog);
}
