/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a command that should end is waited for: one that was sent a signal, and one whose time
 * (--timeout) is up. Pure; times are ms of CLOCK_MONOTONIC, and never 0.
 */
#ifndef VMM_PATIENCE_H
#define VMM_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/* A second signal that asks for the end is heeded if it is so much later: some senders send two at once. */
#define PATIENCE_AGAIN_MS 1000
/* What a command has to end in when its time is up. */
#define PATIENCE_GRACE_MS 5000

struct patience {
	uint64_t asked; /* the first signal that asks for the end came then; 0: none has */
	uint64_t due;   /* when something is to be done; 0: never */
	bool timed_out; /* the command's time is up */
};

enum patience_step {
	PATIENCE_WAIT,
	PATIENCE_ASK, /* the command to end */
	PATIENCE_END, /* the VM */
};

/* timeout: ms; 0: the command has all the time it wants. */
void patience_begin(struct patience *p, uint64_t timeout, uint64_t now);

/* For poll(): ms until there is something to do, or -1. */
int patience_left(const struct patience *p, uint64_t now);

/* What is to be done now; once each. */
enum patience_step patience_look(struct patience *p, uint64_t now);

/* A signal that asks for the end: PATIENCE_ASK, or PATIENCE_END. */
enum patience_step patience_asked(struct patience *p, uint64_t now);

#endif
