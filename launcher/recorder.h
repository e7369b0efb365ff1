/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of a run (core/record.h) for --timeline and --json-status. Only somebody who outlives the monitor can tell
 * when it was gone, so here, and only here, the monitor is a child of this process, which waits for it,
 * passes signals on, and has snug-report make of the record what was asked for.
 */
#ifndef LAUNCHER_RECORDER_H
#define LAUNCHER_RECORDER_H

#include <sys/types.h>

#include "launcher/options.h"
#include "launcher/plan.h"
#include "launcher/stages.h"
#include "launcher/status.h"

struct recorder {
	int fd;       /* the record; -1: none */
	pid_t parent; /* in the child */
	pid_t monitor;
};
#define RECORDER_NONE ((struct recorder){.fd = -1})

/* Can what is asked for be written where it should be? 0, or -errno after having logged. */
int recorder_check(const struct timeline_options *wanted);

/*
 * Opens the record, and makes the child: 0 in it, which is to become the monitor; in this process 1;
 * -errno after having logged.
 */
int recorder_fork(struct recorder *recorder);

/*
 * In the child: what the launcher has to say for the record; and one more of the monitor's arguments, with
 * whom it ends. 0 or -errno (nothing logged).
 */
int recorder_begin(const struct recorder *recorder, const struct plan *plan,
		   const struct stages *stages, struct strlist *argv);

/*
 * In the parent: waits for the monitor's end, and writes what is wanted, to told as well. Returns the monitor's exit
 * status; does not return if it was killed by a signal: then so is this process. A report that cannot be
 * made is logged and changes nothing.
 */
int recorder_end(struct recorder *recorder, const struct timeline_options *wanted,
		 struct status *told);

#endif
