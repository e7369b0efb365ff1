/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/pump.h"

#include <errno.h>
#include <termios.h>
#include <unistd.h>

/* Full buffers before another pump has its turn. */
#define ROUNDS 16

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Writes what the buffer holds: 0, -EAGAIN if some is left, -errno if the other side is gone. */
static int flush(struct buffer *buffer, int fd)
{
	while (buffer->start < buffer->end) {
		ssize_t n = write(fd, buffer->bytes + buffer->start, buffer->end - buffer->start);

		if (n > 0)
			buffer->start += (size_t)n;
		else if (n == 0)
			return -EAGAIN;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* Reads once into the empty buffer, at most max bytes. */
static ssize_t fill(struct buffer *buffer, int fd, uint64_t max)
{
	ssize_t n;

	do
		n = read(fd, buffer->bytes, max < PUMP_SIZE ? (size_t)max : PUMP_SIZE);
	while (n < 0 && errno == EINTR);
	buffer->start = 0;
	buffer->end = n > 0 ? (size_t)n : 0;
	return n < 0 ? -errno : n;
}

static bool is_empty(const struct buffer *buffer)
{
	return buffer->start == buffer->end;
}

/* False: the port is full. */
static bool output_flush(struct output_pump *pump)
{
	int r = pump->port < 0 ? -EPIPE : flush(&pump->buffer, pump->port);

	if (r == -EAGAIN)
		return false;
	if (r) {
		pump->port = -1;
		pump->buffer.start = pump->buffer.end;
	}
	return true;
}

/*
 * False: there is nothing now. A pty's master reads EIO while nobody has its slave open, which may
 * change again as long as the command lives; a pipe without writers is over.
 */
static bool output_fill(struct output_pump *pump)
{
	ssize_t n = pump->from < 0 ? 0 : fill(&pump->buffer, pump->from, pump->left);

	if (n > 0) {
		if (pump->ending)
			pump->left -= (uint64_t)n;
		return true;
	}
	if (n == 0 || pump->ending)
		close_fd(&pump->from);
	return false;
}

bool output_pump_run(struct output_pump *pump)
{
	for (int round = 0; round < ROUNDS; round++)
		if (!output_flush(pump) || !output_fill(pump))
			return false;
	return true;
}

void output_pump_end(struct output_pump *pump, uint64_t left)
{
	pump->ending = true;
	pump->left = left;
}

bool output_pump_is_done(const struct output_pump *pump)
{
	return pump->from < 0 && is_empty(&pump->buffer);
}

void output_pump_cut(struct output_pump *pump)
{
	close_fd(&pump->from);
	pump->buffer.start = pump->buffer.end;
}

/* False: the command's side is full. */
static bool input_flush(struct input_pump *pump)
{
	struct buffer *buffer = &pump->buffer;
	int r;

	if (!is_empty(buffer))
		pump->at_line_start = buffer->bytes[buffer->end - 1] == '\n';
	r = pump->to < 0 ? -EPIPE : flush(buffer, pump->to);
	if (r == -EAGAIN)
		return false;
	if (r) {
		close_fd(&pump->to);
		buffer->start = buffer->end;
	}
	return true;
}

/*
 * The terminal's end-of-file character makes a read return at once with what there is of the line,
 * which is an end of file only if there is nothing: within a line it takes two.
 */
static bool input_type_eof(struct input_pump *pump)
{
	struct termios termios;

	if (tcgetattr(pump->to, &termios))
		return true;
	pump->buffer.start = pump->buffer.end = 0;
	for (int i = pump->at_line_start ? 1 : 0; i < 2; i++)
		pump->buffer.bytes[pump->buffer.end++] = (char)termios.c_cc[VEOF];
	return input_flush(pump);
}

/* A port gives one page at most, so read until the buffer is full. False: there is nothing now. */
static bool input_fill(struct input_pump *pump)
{
	struct buffer *buffer = &pump->buffer;

	buffer->start = buffer->end = 0;
	while (buffer->end < PUMP_SIZE) {
		ssize_t n = read(pump->port, buffer->bytes + buffer->end, PUMP_SIZE - buffer->end);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		buffer->end += (size_t)n;
	}
	pump->received += buffer->end;
	return buffer->end > 0;
}

static void input_finish(struct input_pump *pump)
{
	if (pump->to < 0 || pump->received < pump->end)
		return;
	pump->end = UINT64_MAX;
	if (pump->tty)
		(void)input_type_eof(pump);
	else
		close_fd(&pump->to);
}

bool input_pump_run(struct input_pump *pump)
{
	for (int round = 0; round < ROUNDS; round++) {
		if (!input_flush(pump))
			return false;
		if (!input_fill(pump)) {
			input_finish(pump);
			return false;
		}
	}
	return true;
}

void input_pump_end(struct input_pump *pump, uint64_t end)
{
	pump->end = end;
}

void input_pump_cut(struct input_pump *pump)
{
	close_fd(&pump->to);
	pump->buffer.start = pump->buffer.end;
}
