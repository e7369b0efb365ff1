/* SPDX-License-Identifier: Apache-2.0 */
#include "core/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/fds.h"

static int verbose;
static int raw_terminal;
static const char *place_file;
static unsigned place_line;

__attribute__((format(printf, 2, 0))) static void log_line(const char *prefix, const char *fmt,
							   va_list ap)
{
	char line[1024];
	int saved_errno = errno;

	size_t at = (size_t)snprintf(line, sizeof(line), "%s", prefix);
	/* There has to be room for the message. */
	if (place_file)
		at += (size_t)snprintf(line + at, sizeof(line) - at, "%.500s:%u: ", place_file,
				       place_line);
	const size_t room = sizeof(line) - at - 3; /* "\r\n" and the terminator */
	int n = vsnprintf(line + at, room, fmt, ap);

	if (n > 0)
		at += (size_t)n < room ? (size_t)n : room - 1;
	/* A file name must not be able to drive the reader's terminal. */
	for (size_t i = 0; i < at; i++) {
		unsigned char c = (unsigned char)line[i], next = (unsigned char)line[i + 1];

		if (c < 0x20 || c == 0x7f)
			line[i] = '?';
		else if (c == 0xc2 && next >= 0x80 && next < 0xa0) /* U+009B is an ESC [ too */
			line[i] = line[i + 1] = '?';
	}
	if (raw_terminal)
		line[at++] = '\r';
	line[at++] = '\n';
	/* One write, so that lines of several processes do not mix. Nobody is left to tell if it fails. */
	(void)fd_write_all(STDERR_FILENO, line, at);
	errno = saved_errno;
}

void log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line("snug: ", fmt, ap);
	va_end(ap);
}

void log_warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line("snug: warning: ", fmt, ap);
	va_end(ap);
}

void log_verbose(const char *fmt, ...)
{
	va_list ap;

	if (!verbose)
		return;
	va_start(ap, fmt);
	log_line("snug: ", fmt, ap);
	va_end(ap);
}

void log_set_verbose(int on)
{
	verbose = on;
}

void log_set_place(const char *file, unsigned line)
{
	place_file = file;
	place_line = line;
}

void log_set_raw_terminal(int raw)
{
	raw_terminal = raw;
}
