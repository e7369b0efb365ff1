/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/event_loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/util.h"
#include "vmm/tty.h"

static const int ending[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};

int event_loop_signals(bool tty)
{
	struct sigaction action;
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	for (unsigned i = 0; i < ARRAY_SIZE(ending); i++) {
		if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			(void)sigaddset(&set, ending[i]);
	}
	if (tty)
		(void)sigaddset(&set, SIGWINCH);
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

/* True if the run is to be given up, the rest of its output too. */
static bool handle_signals(struct machine *m, int signal_fd, int tty_fd)
{
	struct signalfd_siginfo info;
	bool stop = false;

	while (read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		uint16_t rows, columns;

		if (info.ssi_signo != SIGWINCH) {
			run_end_give_up(&m->end, info.ssi_signo);
			stop = true;
		} else if (m->console && tty_window_size(tty_fd, &rows, &columns) == 0) {
			virtio_console_window_size(m->console, rows, columns);
		}
	}
	return stop;
}

enum {
	POLL_SIGNALS,
	POLL_END,
	POLL_KLOG,
	POLL_CONSOLE
};

/* How often a guest that is stopping is looked at: a reboot takes a few milliseconds from there. */
#define LOOK_MS 100

/* Waits for anything to do. True if the run is to be given up. */
static bool wait_and_handle(struct machine *m, int signal_fd, int tty_fd, bool stopped)
{
	struct pollfd fds[POLL_CONSOLE + VIRTIO_CONSOLE_POLL_FDS] = {
		[POLL_SIGNALS] = {.fd = signal_fd, .events = POLLIN},
		[POLL_END] = {.fd = stopped ? -1 : m->end.wake_fd, .events = POLLIN},
		[POLL_KLOG] = {.fd = m->klog.wake_fd, .events = POLLIN},
	};
	nfds_t n = POLL_CONSOLE;

	if (m->console)
		n += virtio_console_poll_fds(m->console, &fds[POLL_CONSOLE]);
	const bool stopping = !stopped && atomic_load(&m->end.stopping);
	const int ready = poll(fds, n, stopping ? LOOK_MS : -1);
	if (ready < 0)
		return false; /* EINTR: look again */
	if (ready == 0)
		machine_look(m);
	if (fds[POLL_END].revents)
		run_end_awake(&m->end);
	if (fds[POLL_KLOG].revents)
		klog_show(&m->klog);
	if (m->console)
		virtio_console_ready(m->console, &fds[POLL_CONSOLE], n - POLL_CONSOLE);
	return fds[POLL_SIGNALS].revents && handle_signals(m, signal_fd, tty_fd);
}

void event_loop_run(struct machine *m, int signal_fd, int tty_fd)
{
	bool stopped = false, had_output = false;

	for (;;) {
		if (!stopped && run_is_over(&m->end)) {
			machine_stop(m);
			timeline_stage(m->timeline, "end: processor stopped");
			if (m->console)
				virtio_console_guest_stopped(m->console);
			stopped = true;
		}
		if (m->console)
			virtio_console_work(m->console);
		if (m->timeline && !had_output && virtio_console_had_output(m->console)) {
			timeline_point(m->timeline, "first byte of output");
			had_output = true;
		}
		if (stopped && (!m->console || virtio_console_drained(m->console)))
			break;
		if (wait_and_handle(m, signal_fd, tty_fd, stopped))
			break;
	}
	/* What follows may have to wait: for a share's request, a terminal, or who reads stderr. */
	release_signals();
	if (!stopped)
		machine_stop(m);
	klog_show(&m->klog);
}
