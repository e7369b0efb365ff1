/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor's label is taken by snug-label (label/request.h), a program of its own as it needs libselinux:
 * launcher, snug-label and monitor are one process after the other. Without SELinux it is not run.
 */
#ifndef LAUNCHER_LABEL_H
#define LAUNCHER_LABEL_H

#include "launcher/caller.h"
#include "launcher/plan.h"
#include "launcher/strlist.h"

/*
 * What is to be executed for the monitor at `monitor` with arguments argv: program, of PATH_MAX bytes, and
 * its argument vector. 0, or -errno after having logged (-ENOMEM: not logged).
 */
int label_command(const struct plan *plan, const struct caller *caller, const char *monitor,
		  const struct strlist *argv, char *program, struct strlist *command);

/* The same for a snug-label that says which label a run of `monitor` would get, or, if NULL, mends. */
int label_question(const char *monitor, const struct caller *caller, char *program,
		   struct strlist *command);

/*
 * *label: the one the run would take now, the caller's to free; NULL: none. 0, or -errno after having logged
 * (by snug-label) why there can be none; -ENOMEM: not logged.
 */
int label_show(const struct plan *plan, const char *program, const struct strlist *command,
	       char **label);

#endif
