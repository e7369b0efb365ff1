/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/run.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "guest-init/control.h"
#include "guest-init/exports.h"
#include "guest-init/keep.h"
#include "guest-init/machine.h"
#include "guest-init/oom.h"
#include "guest-init/poweroff.h"
#include "guest-init/pump.h"
#include "guest-init/say.h"

/* What there is to do: what an event means, whichever side of a pump it came from. */
enum work {
	WORK_STDIN = 1 << 0,
	WORK_STDOUT = 1 << 1,
	WORK_STDERR = 1 << 2,
	WORK_CONTROL = 1 << 3,
	WORK_SIGNALS = 1 << 4,
	WORK_FIFO = 1 << 5,
};

/* Written to a pty and not read yet, at most: the driver's 64 KiB and the line discipline's 4 KiB. */
#define PTY_PENDING_MAX (68 * 1024)

struct run {
	const struct spec *spec;
	pid_t command;
	bool tty;
	bool ended;
	uint32_t status; /* once ended */
	int epoll, signals, fifo, control;
	struct control_reader reader;
	struct input_pump in;
	struct output_pump out, err;
};

static void wanted_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	poweroff_add_signals(set);
}

void run_block_signals(void)
{
	sigset_t set;

	wanted_signals(&set);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

static int watch(struct run *run, int fd, unsigned work)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = work};

	if (fd < 0)
		return 0;
	return epoll_ctl(run->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int start(struct run *run, const struct console *console, const struct streams *streams)
{
	const struct {
		int fd;
		unsigned work;
	} watched[] = {
		{console->ports[SNUG_PORT_STDIO], WORK_STDIN | WORK_STDOUT},
		{console->ports[SNUG_PORT_STDERR], WORK_CONTROL | WORK_STDERR},
		{streams->ours[0], WORK_STDIN},
		{streams->ours[1], WORK_STDOUT},
		{streams->ours[2], WORK_STDERR},
		{run->signals, WORK_SIGNALS},
		{run->fifo, WORK_FIFO},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(watched) / sizeof(watched[0]); i++)
		r = watch(run, watched[i].fd, watched[i].work);
	return r;
}

/* The command is gone: what it has written and nobody has read is all that is still to come. */
static void end_output(struct output_pump *pump, bool tty)
{
	int pending = 0;

	if (tty)
		pending = PTY_PENDING_MAX;
	else if (pump->from >= 0 && ioctl(pump->from, FIONREAD, &pending))
		pending = 0;
	output_pump_end(pump, (uint64_t)pending);
}

static unsigned reap(struct run *run)
{
	unsigned work = 0;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != run->command)
			continue;
		machine_mark(SNUG_MARK_EXIT);
		run->ended = true;
		run->status = oom_command_status(status);
		end_output(&run->out, run->tty);
		end_output(&run->err, false);
		work = WORK_STDOUT | WORK_STDERR;
	}
	return work;
}

/* Hands over what the command has written, as far as the ports take it at once, and goes. */
static void power_off(struct run *run, int how)
{
	if (how < 0)
		return;
	(void)output_pump_run(&run->out);
	(void)output_pump_run(&run->err);
	(void)keep_save();
	exports_sync(run->spec);
	machine_reboot(how);
}

static unsigned take_signals(struct run *run)
{
	struct signalfd_siginfo info;
	unsigned work = 0;

	while (read(run->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			work |= reap(run);
		else
			power_off(run, poweroff_signal_meaning((int)info.ssi_signo));
	}
	return work;
}

static void take_requests(struct run *run)
{
	char request[POWEROFF_REQUEST_SIZE];
	ssize_t n;

	while ((n = read(run->fifo, request, sizeof(request))) > 0)
		power_off(run, poweroff_request_meaning(request, (size_t)n));
}

/* To the command's process group; on a terminal, as its keys would, to the foreground's. */
static void send_signal(const struct run *run, uint32_t signal)
{
	pid_t group = run->command;

	if (signal == 0 || signal > (uint32_t)SIGRTMAX || run->ended)
		return;
	if (run->tty && run->in.to >= 0) {
		pid_t foreground = tcgetpgrp(run->in.to);

		if (foreground > 1)
			group = foreground;
	}
	(void)kill(-group, (int)signal);
}

static unsigned act(struct run *run, const struct snug_control *message)
{
	struct winsize size = {.ws_row = (unsigned short)(message->arg >> 16),
			       .ws_col = (unsigned short)message->arg};

	switch (message->type) {
	case SNUG_CONTROL_STDIN_END:
		input_pump_end(&run->in, message->value);
		return WORK_STDIN;
	case SNUG_CONTROL_STDOUT_CLOSED:
		/* A pty hangs up when both directions are closed. */
		if (run->tty)
			input_pump_cut(&run->in);
		output_pump_cut(&run->out);
		return WORK_STDOUT;
	case SNUG_CONTROL_STDERR_CLOSED:
		output_pump_cut(&run->err);
		return WORK_STDERR;
	case SNUG_CONTROL_WINDOW_SIZE:
		if (run->tty && run->in.to >= 0)
			(void)ioctl(run->in.to, TIOCSWINSZ, &size);
		return 0;
	case SNUG_CONTROL_SIGNAL:
		send_signal(run, message->arg);
		return 0;
	default:
		return 0;
	}
}

static unsigned take_control(struct run *run)
{
	unsigned char bytes[32 * sizeof(struct snug_control)];
	unsigned work = 0;
	ssize_t n;

	while ((n = read(run->control, bytes, sizeof(bytes))) > 0) {
		const unsigned char *data = bytes;
		struct snug_control message;
		size_t len = (size_t)n;

		while (control_next(&run->reader, &data, &len, &message))
			work |= act(run, &message);
	}
	return work;
}

/* Does what there is to do; returns what that leaves or makes to be done. */
static unsigned do_work(struct run *run, unsigned work)
{
	unsigned more = 0;

	if (work & WORK_CONTROL)
		more |= take_control(run);
	if (work & WORK_SIGNALS)
		more |= take_signals(run);
	if (work & WORK_FIFO)
		take_requests(run);
	if ((work & WORK_STDIN) && input_pump_run(&run->in))
		more |= WORK_STDIN;
	if ((work & WORK_STDOUT) && output_pump_run(&run->out))
		more |= WORK_STDOUT;
	if ((work & WORK_STDERR) && output_pump_run(&run->err))
		more |= WORK_STDERR;
	return more;
}

static void loop(struct run *run)
{
	unsigned work = 0;

	while (!run->ended || !output_pump_is_done(&run->out) || !output_pump_is_done(&run->err)) {
		struct epoll_event events[8];
		int n = epoll_wait(run->epoll, events, 8, work ? 0 : -1);

		for (int i = 0; i < n; i++)
			work |= events[i].data.u32;
		work = do_work(run, work);
	}
}

uint32_t run_command(const struct spec *spec, const struct console *console,
		     const struct streams *streams, pid_t command)
{
	/* Large, and there is one command. */
	static struct run run;
	sigset_t set;
	int r;

	wanted_signals(&set);
	run.spec = spec;
	run.command = command;
	run.tty = spec->tty;
	run.control = console->ports[SNUG_PORT_STDERR];
	run.in.port = console->ports[SNUG_PORT_STDIO];
	run.in.to = streams->ours[0];
	run.in.tty = spec->tty;
	run.in.at_line_start = true;
	run.in.end = UINT64_MAX;
	run.out.port = console->ports[SNUG_PORT_STDIO];
	run.out.from = streams->ours[1];
	run.out.left = UINT64_MAX;
	run.err.port = console->ports[SNUG_PORT_STDERR];
	run.err.from = streams->ours[2];
	run.err.left = UINT64_MAX;
	run.fifo = poweroff_open_fifo();
	run.signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	run.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (run.signals < 0 || run.epoll < 0)
		r = -errno;
	else
		r = start(&run, console, streams);
	if (r) {
		say_failed("the command's streams", r);
		return SNUG_STATUS(SNUG_STATUS_INIT_FAILED, -r);
	}
	loop(&run);
	return run.status;
}
