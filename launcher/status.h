/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --json-status: what a run does, for a program to read (snug(1), MACHINE-READABLE STATUS). Facts are collected as
 * text in an anonymous file; snug-report makes lines of JSON of them (report/status.h). The last line is there
 * however the run ends, but for SIGKILL to this process.
 */
#ifndef LAUNCHER_STATUS_H
#define LAUNCHER_STATUS_H

#include "launcher/options.h"
#include "launcher/plan.h"

struct status {
	int fd;           /* where the lines go; owned; -1: nobody wants to know */
	int facts;        /* owned */
	bool has_command; /* in the facts */
	bool told;        /* the last line */
};
#define STATUS_NONE ((struct status){.fd = -1, .facts = -1})

/*
 * Opens what was asked for, before anything else of the run is done. The file is emptied; a descriptor is the
 * caller's, and not passed on. 0, or -errno after having logged (then there is no last line).
 */
int status_begin(struct status *status, const struct options *options);

/* The VM is about to start. */
void status_start(struct status *status, const struct plan *plan);

/* The end: what record (core/record.h) says of it. */
void status_end(struct status *status, int record);

/* Releases all; where the end has not been told, as there was no VM, it is now: snug failed. */
void status_free(struct status *status);
#define _cleanup_status_ __attribute__((cleanup(status_free)))

#endif
