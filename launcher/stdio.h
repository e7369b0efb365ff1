/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's standard descriptors: which of them are closed, whether they are a terminal, and how
 * the monitor gets ones whose flags it may change.
 */
#ifndef LAUNCHER_STDIO_H
#define LAUNCHER_STDIO_H

#include <stdbool.h>

struct stdio {
	bool closed[3]; /* 0, 1, 2: was closed when snug started */
	bool tty; /* the command gets a terminal: of itself where stdin and stdout are terminals */
	bool raw; /* tty, and stdin is a terminal: keys go to the command's */
	bool stderr_is_tty;     /* tty, and stderr is stdout's terminal */
	unsigned rows, columns; /* with tty: its size */
};

/*
 * Call before anything opens a file: finds what is closed and puts /dev/null there, so that no later
 * descriptor is taken for stdin, stdout or stderr. Fills all of *stdio. 0 or -errno.
 */
int stdio_begin(struct stdio *stdio);

/* What was asked for in place of what is so of itself. */
enum stdio_tty {
	STDIO_TTY_AUTO,
	STDIO_TTY_ALWAYS, /* its size: of whichever of the three is a terminal */
	STDIO_TTY_NEVER,
};
void stdio_choose_tty(struct stdio *stdio, enum stdio_tty choice);

/* What was closed is so again in the next program. */
void stdio_undo(const struct stdio *stdio);

/*
 * Gives FIFOs and terminals on 0, 1 and 2 open file descriptions of their own, in O_NONBLOCK: the
 * monitor must not block on them, and O_NONBLOCK on a description shared with the caller's shell would
 * outlive the run. One that cannot be opened again stays as it is. Files and sockets always do, so that
 * offsets and O_APPEND are the caller's.
 */
void stdio_reopen(const struct stdio *stdio);

#endif
