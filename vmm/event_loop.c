/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/event_loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "core/util.h"
#include "vmm/patience.h"
#include "vmm/tty.h"

static const int ending[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
/* What the command is sent, and no more: it knows what they mean. */
static const int passed_on[] = {SIGUSR1, SIGUSR2, SIGCONT};
static const int of_terminal[] = {SIGWINCH, SIGTSTP};

/* The main thread's: what it does until the end. */
struct loop {
	struct machine *m;
	int signal_fd;
	struct tty *tty; /* NULL: none */
	struct patience patience;
	uint32_t timeout_ms;
	bool stopped; /* the processors */
};

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + 1;
}

/* What the caller ignores stays ignored. */
static void add(sigset_t *set, const int *signals, size_t count)
{
	struct sigaction action;

	for (size_t i = 0; i < count; i++) {
		if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			(void)sigaddset(set, signals[i]);
	}
}

int event_loop_signals(bool tty)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	add(&set, ending, ARRAY_SIZE(ending));
	add(&set, passed_on, ARRAY_SIZE(passed_on));
	if (tty)
		add(&set, of_terminal, ARRAY_SIZE(of_terminal));
	/* A reader that went away, or a file at its size limit, is an error code, not a death. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* No more handled, they end the process as they would any other. */
static void release_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (unsigned i = 0; i < ARRAY_SIZE(ending); i++)
		(void)sigaddset(&set, ending[i]);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static bool tell_command(struct loop *loop, int signal)
{
	return !loop->stopped && loop->m->console &&
	       virtio_console_signal(loop->m->console, (unsigned)signal);
}

static void tell_window_size(struct loop *loop)
{
	uint16_t rows, columns;

	if (loop->m->console && tty_window_size(loop->tty->fd, &rows, &columns) == 0)
		virtio_console_window_size(loop->m->console, rows, columns);
}

/* True if the run is to be given up: there is no command that could end, or it has had its chance. */
static bool ask_to_end(struct loop *loop, int signal)
{
	if (patience_asked(&loop->patience, now_ms()) == PATIENCE_ASK && tell_command(loop, signal))
		return false;
	run_end_give_up(&loop->m->end, RUN_END_SIGNAL, (uint32_t)signal);
	return true;
}

static bool handle_signal(struct loop *loop, int signal)
{
	switch (signal) {
	case SIGWINCH:
		tell_window_size(loop);
		return false;
	case SIGTSTP:
		/* The whole VM stands still with this process. */
		tty_suspend(loop->tty);
		tell_window_size(loop);
		return false;
	case SIGCONT:
		(void)tell_command(loop, signal);
		return false;
	case SIGUSR1:
	case SIGUSR2:
		if (tell_command(loop, signal) || loop->stopped)
			return false;
		run_end_give_up(&loop->m->end, RUN_END_SIGNAL, (uint32_t)signal);
		return true;
	default:
		return ask_to_end(loop, signal);
	}
}

/* True if the run is to be given up, the rest of its output too. */
static bool handle_signals(struct loop *loop)
{
	struct signalfd_siginfo info;
	bool give_up = false;

	while (read(loop->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		give_up |= handle_signal(loop, (int)info.ssi_signo);
	return give_up;
}

/* The same, by the clock. */
static bool look_at_clock(struct loop *loop)
{
	const enum patience_step step = patience_look(&loop->patience, now_ms());

	if (step == PATIENCE_WAIT || (step == PATIENCE_ASK && tell_command(loop, SIGTERM)))
		return false;
	run_end_give_up(&loop->m->end, RUN_END_TIMEOUT, loop->timeout_ms);
	return true;
}

enum {
	POLL_SIGNALS,
	POLL_END,
	POLL_KLOG,
	POLL_CONSOLE
};

/* How often a guest that is stopping is looked at: a reboot takes a few milliseconds from there. */
#define LOOK_MS 100

/* For poll(): how long there is nothing to do. Without --timeout nobody asks what time it is. */
static int time_left(const struct loop *loop, bool stopping)
{
	int left = loop->patience.due ? patience_left(&loop->patience, now_ms()) : -1;

	if (stopping && (left < 0 || left > LOOK_MS))
		left = LOOK_MS;
	return left;
}

/* Waits for anything to do. True if the run is to be given up. */
static bool wait_and_handle(struct loop *loop)
{
	struct machine *m = loop->m;
	struct pollfd fds[POLL_CONSOLE + VIRTIO_CONSOLE_POLL_FDS] = {
		[POLL_SIGNALS] = {.fd = loop->signal_fd, .events = POLLIN},
		[POLL_END] = {.fd = loop->stopped ? -1 : m->end.wake_fd, .events = POLLIN},
		[POLL_KLOG] = {.fd = m->klog.wake_fd, .events = POLLIN},
	};
	nfds_t n = POLL_CONSOLE;

	if (m->console)
		n += virtio_console_poll_fds(m->console, &fds[POLL_CONSOLE]);
	const bool stopping = !loop->stopped && atomic_load(&m->end.stopping);
	const int ready = poll(fds, n, time_left(loop, stopping));
	if (ready < 0)
		return false; /* EINTR: look again */
	if (ready == 0 && stopping)
		machine_look(m);
	if (fds[POLL_END].revents)
		run_end_awake(&m->end);
	if (fds[POLL_KLOG].revents)
		klog_show(&m->klog);
	if (m->console)
		virtio_console_ready(m->console, &fds[POLL_CONSOLE], n - POLL_CONSOLE);
	const bool late = loop->patience.due && look_at_clock(loop);
	return (fds[POLL_SIGNALS].revents && handle_signals(loop)) || late;
}

static void run_until_over(struct loop *loop)
{
	struct machine *m = loop->m;
	bool had_output = false;

	for (;;) {
		if (!loop->stopped && run_is_over(&m->end)) {
			machine_stop(m);
			timeline_stage(m->timeline, "end: processor stopped");
			if (m->console)
				virtio_console_guest_stopped(m->console);
			loop->stopped = true;
		}
		if (m->console)
			virtio_console_work(m->console);
		if (m->timeline && !had_output && virtio_console_had_output(m->console)) {
			timeline_point(m->timeline, "first byte of output");
			had_output = true;
		}
		if (loop->stopped && (!m->console || virtio_console_drained(m->console)))
			break;
		if (wait_and_handle(loop))
			break;
	}
}

void event_loop_run(struct machine *m, int signal_fd, struct tty *tty, uint32_t timeout_ms)
{
	struct loop loop = {.m = m, .signal_fd = signal_fd, .tty = tty, .timeout_ms = timeout_ms};

	if (timeout_ms)
		patience_begin(&loop.patience, timeout_ms, now_ms());
	/* The specification of the run has it, but the run may have been stopped for a while since. */
	if (tty)
		tell_window_size(&loop);
	run_until_over(&loop);
	/* A command that ended when its time was up has not ended by itself. */
	if (loop.patience.timed_out)
		run_end_give_up(&m->end, RUN_END_TIMEOUT, timeout_ms);
	/* What follows may have to wait: for a share's request, a terminal, or who reads stderr. */
	release_signals();
	if (!loop.stopped)
		machine_stop(m);
	klog_show(&m->klog);
}
