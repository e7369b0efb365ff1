/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/say.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "guest-init/machine.h"

static int channel = -1;
static const char *end_of_line = "\n";

void say_on(int fd, bool raw)
{
	channel = fd;
	end_of_line = raw ? "\r\n" : "\n";
}

/*
 * Waits until fd may take more. Not poll(2): a port that the host has yet to open is hung up, which
 * would end the wait at once, over and over.
 */
static void wait_for_change(int epoll)
{
	struct epoll_event event;

	(void)epoll_wait(epoll, &event, 1, -1);
}

static void write_all(int fd, const char *text, size_t len)
{
	struct epoll_event event = {.events = EPOLLOUT | EPOLLET};
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	/* What cannot be watched, the kernel's log, does not block either. */
	(void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EAGAIN) {
			wait_for_change(epoll);
		} else if (n < 0 && errno != EINTR) {
			break;
		} else if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	close(epoll);
}

/* A text too long is cut; a control character in it, the user's terminal is spared. */
static size_t append(char *line, size_t used, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len > size - used - 1)
		len = size - used - 1;
	for (size_t i = 0; i < len; i++)
		line[used + i] = iscntrl((unsigned char)text[i]) ? '?' : text[i];
	line[used + len] = '\0';
	return used + len;
}

void say_texts(const char *const *texts)
{
	char line[1024];
	size_t used = append(line, 0, sizeof(line) - 2, "snug: ");

	for (; *texts; texts++)
		used = append(line, used, sizeof(line) - 2, *texts);
	strcpy(line + used, end_of_line);
	used += strlen(end_of_line);
	if (channel >= 0) {
		write_all(channel, line, used);
	} else if (machine_early_console(line)) {
		int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

		if (log >= 0) {
			write_all(log, line, used);
			close(log);
		}
	}
}

int say_failed(const char *what, int error)
{
	say("guest: ", what, ": ", strerror(-error));
	return error;
}
