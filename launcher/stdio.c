/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/util.h"

/* What a terminal that does not know its size is taken for. */
#define DEFAULT_ROWS    24
#define DEFAULT_COLUMNS 80

static int fill_closed(struct stdio *stdio)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		stdio->closed[fd] = true;
		/* The lowest free number is this one: those below are open by now. */
		if (open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
			return errno ? -errno : -EBADF;
	}
	return 0;
}

static bool same_terminal(int a, int b)
{
	struct stat sa, sb;

	return isatty(a) && isatty(b) && fstat(a, &sa) == 0 && fstat(b, &sb) == 0 &&
	       sa.st_rdev == sb.st_rdev;
}

/* Of the first that is a terminal and knows it. */
static void fill_size(struct stdio *stdio)
{
	static const int fds[] = {STDOUT_FILENO, STDIN_FILENO, STDERR_FILENO};
	struct winsize size = {0};

	for (size_t i = 0; i < ARRAY_SIZE(fds) && !size.ws_row; i++)
		(void)ioctl(fds[i], TIOCGWINSZ, &size);
	stdio->rows = size.ws_row ? size.ws_row : DEFAULT_ROWS;
	stdio->columns = size.ws_col ? size.ws_col : DEFAULT_COLUMNS;
}

int stdio_begin(struct stdio *stdio)
{
	*stdio = (struct stdio){0};
	int err = fill_closed(stdio);
	if (err)
		return err;
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		stdio_choose_tty(stdio, STDIO_TTY_ALWAYS);
	return 0;
}

void stdio_choose_tty(struct stdio *stdio, enum stdio_tty choice)
{
	switch (choice) {
	case STDIO_TTY_AUTO:
		return;
	case STDIO_TTY_ALWAYS:
		stdio->tty = true;
		stdio->raw = isatty(STDIN_FILENO);
		stdio->stderr_is_tty = same_terminal(STDOUT_FILENO, STDERR_FILENO);
		fill_size(stdio);
		return;
	case STDIO_TTY_NEVER:
		stdio->tty = stdio->raw = stdio->stderr_is_tty = false;
		return;
	}
}

void stdio_undo(const struct stdio *stdio)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (stdio->closed[fd])
			(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
}

static bool can_reopen(int fd)
{
	struct stat st;
	unsigned pty;

	if (fstat(fd, &st) < 0)
		return false;
	if (S_ISFIFO(st.st_mode))
		return true;
	/* Opening a pty's master side again would make another pty. */
	return S_ISCHR(st.st_mode) && isatty(fd) && ioctl(fd, TIOCGPTN, &pty) < 0;
}

static void reopen(int fd)
{
	char path[32];
	const int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || !can_reopen(fd))
		return;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	_cleanup_close_ int own =
		open(path, (flags & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own >= 0)
		(void)dup2(own, fd);
}

void stdio_reopen(const struct stdio *stdio)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (!stdio->closed[fd])
			reopen(fd);
	}
}
