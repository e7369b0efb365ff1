/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/libc.h"
#include "core/log.h"
#include "vmm/confine/confine.h"

int tty_window_size(int fd, uint16_t *rows, uint16_t *columns)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return -errno;
	*rows = size.ws_row;
	*columns = size.ws_col;
	return 0;
}

static void restore_if_still_raw(int fd, const struct termios *raw, const struct termios *saved)
{
	struct termios now;

	/* A shell that already took its terminal back knows better. */
	if (tcgetattr(fd, &now) == 0 && now.c_lflag == raw->c_lflag &&
	    now.c_iflag == raw->c_iflag && now.c_oflag == raw->c_oflag)
		(void)tcsetattr(fd, TCSANOW, saved);
}

/* Waits until the monitor is done (a byte) or dead (the end of the pipe). */
__attribute__((noreturn)) static void watch(int fd, int pipe_fd, const struct termios *raw,
					    const struct termios *saved, struct confine *confine)
{
	char done;
	ssize_t n;

	/* Nothing of the VM may live longer because of this process. */
	if (dup2(fd, 0) < 0 || dup2(pipe_fd, 1) < 0)
		_exit(1);
	(void)close_from(2, 0);
	if (confine_enter(confine, CONFINE_WATCHER) < 0)
		_exit(1);
	do {
		n = read(1, &done, 1);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		restore_if_still_raw(0, raw, saved);
	_exit(0);
}

static int start_watcher(struct tty *tty, struct confine *confine)
{
	sigset_t all, before;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	/*
	 * The watcher's mask from its first instruction on. Also SIGTTOU: the shell may have taken the
	 * foreground back by the time the watcher is needed, and in the background making the terminal
	 * raw stops the whole process group, of which perhaps only the monitor is continued.
	 */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	tty->watcher = fork();
	if (tty->watcher == 0) {
		(void)close(ends[1]);
		watch(tty->fd, ends[0], &tty->raw, &tty->saved, confine);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	(void)close(ends[0]);
	if (tty->watcher < 0) {
		int r = -errno;

		(void)close(ends[1]);
		return r;
	}
	tty->watcher_fd = ends[1];
	return 0;
}

int tty_make_raw(struct tty *tty, int fd, struct confine *confine)
{
	int r;

	*tty = (struct tty){.fd = fd, .watcher_fd = -1, .watcher = -1};
	if (tcgetattr(fd, &tty->saved) < 0)
		return -errno;
	tty->raw = tty->saved;
	cfmakeraw(&tty->raw);
	r = start_watcher(tty, confine);
	if (r < 0)
		return r;
	if (tcsetattr(fd, TCSADRAIN, &tty->raw) < 0) {
		r = -errno;
		tty_restore(tty);
		return r;
	}
	log_set_raw_terminal(1);
	return 0;
}

void tty_suspend(struct tty *tty)
{
	sigset_t stop, before;

	(void)tcsetattr(tty->fd, TCSAFLUSH, &tty->saved);
	log_set_raw_terminal(0);
	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTSTP);
	/* libc's raise() is another call. Pending, the signal stops the process as soon as it is let in. */
	(void)syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGTSTP);
	(void)sigprocmask(SIG_UNBLOCK, &stop, &before);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	(void)tcsetattr(tty->fd, TCSAFLUSH, &tty->raw);
	log_set_raw_terminal(1);
}

void tty_restore(struct tty *tty)
{
	char done = 1;

	/* FLUSH: answers to what the guest asked the terminal are not for the shell. */
	(void)tcsetattr(tty->fd, TCSAFLUSH, &tty->saved);
	log_set_raw_terminal(0);
	if (write(tty->watcher_fd, &done, 1) < 0 && errno != EPIPE)
		log_warning("terminal watcher: %s", strerror(errno));
	(void)close(tty->watcher_fd);
	(void)waitpid(tty->watcher, NULL, 0);
}
