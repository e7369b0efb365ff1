/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/command.h"

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-init/exec.h"
#include "guest-init/limits.h"
#include "guest-init/machine.h"
#include "guest-init/say.h"

struct start {
	const struct spec *spec;
	const struct streams *streams;
	struct command_failure *failure;
};

static int set_streams(const struct spec *spec, const struct streams *streams)
{
	for (int i = 0; i < 3; i++) {
		if (streams->command[i] < 0)
			close(i);
		else if (dup2(streams->command[i], i) < 0)
			return -errno;
	}
	for (int i = 0; spec->tty && i < 3; i++)
		if (streams->command[i] >= 0 && isatty(i))
			return ioctl(i, TIOCSCTTY, 0) ? -errno : 0;
	return 0;
}

/* System calls, not glibc's wrappers: those look for the caller's threads, and the memory is shared. */
static int set_user(const struct spec *spec)
{
	if (syscall(SYS_setgroups, spec->group_count, spec->groups) ||
	    syscall(SYS_setresgid, spec->gid, spec->gid, spec->gid) ||
	    syscall(SYS_setresuid, spec->uid, spec->uid, spec->uid))
		return -errno;
	return 0;
}

/* PID 1 handles no signal, so that all that is to be undone is its blocking them. */
static int prepare(const struct start *start)
{
	sigset_t none;
	int r;

	if (setsid() < 0)
		return -errno;
	r = set_streams(start->spec, start->streams);
	if (r)
		return r;
	machine_drop();
	r = limits_enter_group(start->spec);
	if (r)
		return r;
	umask(start->spec->umask);
	r = set_user(start->spec);
	if (r)
		return r;
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) ? -errno : 0;
}

/* Runs in the new process, on PID 1's memory, while PID 1 waits. */
static int child_main(void *arg)
{
	const struct start *start = arg;
	struct command_failure *failure = start->failure;

	failure->step = FAILED_TO_PREPARE;
	failure->error = prepare(start);
	if (failure->error)
		_exit(1);
	failure->step = FAILED_TO_ENTER;
	failure->error = chdir(start->spec->cwd) ? -errno : 0;
	if (failure->error)
		_exit(1);
	failure->step = FAILED_TO_EXECUTE;
	failure->error = exec_command(start->spec->args.items, start->spec->env.items);
	_exit(1);
}

pid_t command_start(const struct spec *spec, const struct streams *streams,
		    struct command_failure *failure)
{
	/* Large enough for exec_command()'s path. */
	static char stack[32768] __attribute__((aligned(16)));
	struct start start = {.spec = spec, .streams = streams, .failure = failure};
	pid_t pid;

	*failure = (struct command_failure){0};
	/* No copy of the address space, and the failure needs no channel. */
	pid = clone(child_main, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &start);
	if (pid < 0) {
		failure->error = -errno;
		return -1;
	}
	if (failure->error == 0)
		return pid;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return -1;
}

uint32_t command_report_failure(const struct spec *spec, const struct command_failure *failure)
{
	const char *reason = strerror(-failure->error);
	const char *name = spec->args.items[0];

	switch (failure->step) {
	case FAILED_TO_ENTER:
		say("cannot enter ", spec->cwd, ": ", reason);
		return SNUG_STATUS(SNUG_STATUS_NOT_STARTED, -failure->error);
	case FAILED_TO_EXECUTE:
		say(name, ": ", reason);
		return SNUG_STATUS(failure->error == -ENOENT ? SNUG_STATUS_NOT_FOUND
							     : SNUG_STATUS_NOT_EXECUTABLE,
				   -failure->error);
	default:
		say_failed("starting the command", failure->error);
		return SNUG_STATUS(SNUG_STATUS_NOT_STARTED, -failure->error);
	}
}
