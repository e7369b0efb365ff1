/* SPDX-License-Identifier: Apache-2.0 */
/* Starting the command as its user, in its directory, with its streams. */
#ifndef GUEST_INIT_COMMAND_H
#define GUEST_INIT_COMMAND_H

#include <stdint.h>
#include <sys/types.h>

#include "guest-init/spec.h"
#include "guest-init/streams.h"

/* Why the command did not start. */
struct command_failure {
	enum {
		FAILED_TO_PREPARE,
		FAILED_TO_ENTER,
		FAILED_TO_EXECUTE
	} step;
	int error; /* -errno */
};

/*
 * Starts it in a session of its own, whose process group has the same id, with no signal blocked and
 * all at their defaults. Returns when it runs or is known not to: its process id, or -1 with *failure
 * filled in. A failure leaves no process.
 */
pid_t command_start(const struct spec *spec, const struct streams *streams,
		    struct command_failure *failure);

/* Says what went wrong and returns the SNUG_STATUS() for it. */
uint32_t command_report_failure(const struct spec *spec, const struct command_failure *failure);

#endif
