/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moves bytes between the console ports and the command's streams, as far as either side goes without
 * blocking. All descriptors are O_NONBLOCK and watched edge-triggered: a pump runs until one side has
 * no more to give or the other takes no more, and is run again when either may have changed.
 */
#ifndef GUEST_INIT_PUMP_H
#define GUEST_INIT_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A pipe's usual capacity, and two of the largest writes that a port takes at once. */
#define PUMP_SIZE 65536

struct buffer {
	size_t start, end;
	char bytes[PUMP_SIZE];
};

/* From the command's stdout or stderr to a port. */
struct output_pump {
	int from; /* owned; -1: over */
	int port; /* -1: unplugged, what comes is thrown away */
	bool ending;
	uint64_t left; /* ending: bytes still to be taken from the command */
	struct buffer buffer;
};

/* From a port to the command's stdin. */
struct input_pump {
	int port;
	int to;   /* owned; -1: the command takes no more, what comes is thrown away */
	bool tty; /* to is a pty's master: its end of input is a character */
	bool at_line_start;
	uint64_t received; /* bytes, from the port */
	uint64_t end;      /* bytes in all; UINT64_MAX until that is known */
	struct buffer buffer;
};

/* Both return true if they stopped for others to have a turn, and are to be run again soon. */
bool output_pump_run(struct output_pump *pump);
bool input_pump_run(struct input_pump *pump);

/* The command has ended: takes what it has left behind (at most `left` bytes), and then no more. */
void output_pump_end(struct output_pump *pump, uint64_t left);

/* Nothing more will come from this pump: all there was is with the port. */
bool output_pump_is_done(const struct output_pump *pump);

/* Nobody reads it any more: the command's next write fails. */
void output_pump_cut(struct output_pump *pump);

/* Stdin is over after so many bytes in all. */
void input_pump_end(struct input_pump *pump, uint64_t end);

/* Closes the command's side. */
void input_pump_cut(struct input_pump *pump);

#endif
