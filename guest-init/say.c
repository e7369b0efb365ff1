/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/say.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "guest-init/machine.h"

static int channel = -1;
static const char *end_of_line = "\n";

void say_on(int fd, bool raw)
{
	channel = fd;
	end_of_line = raw ? "\r\n" : "\n";
}

static void write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EAGAIN) {
			(void)poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
		} else if (n < 0 && errno != EINTR) {
			return;
		} else if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
}

/* Room is kept for the line's end: a text too long is cut. */
static size_t append(char *line, size_t used, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len > size - used - 1)
		len = size - used - 1;
	memcpy(line + used, text, len);
	line[used + len] = '\0';
	return used + len;
}

void say(const char *text, ...)
{
	char line[1024];
	size_t used = append(line, 0, sizeof(line) - 2, "snug: ");
	va_list texts;

	va_start(texts, text);
	for (const char *t = text; t; t = va_arg(texts, const char *))
		used = append(line, used, sizeof(line) - 2, t);
	va_end(texts);
	used = append(line, used, sizeof(line), end_of_line);
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
	say("guest: ", what, ": ", strerror(-error), NULL);
	return error;
}
