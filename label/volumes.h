/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volumes with the options z and Z: labelled before the monitor is there, which may not label anything, and
 * given back their labels when it is gone, by a process that waits for that. If that one was killed as well,
 * the next run does it, or "snug security mend".
 */
#ifndef LABEL_VOLUMES_H
#define LABEL_VOLUMES_H

#include "label/request.h"
#include "label/selinux.h"

/* Descriptors that the monitor has to keep open. */
struct kept_fds {
	int fds[LABEL_VOLUMES_MAX + 1]; /* and the reservation's */
	size_t count;
};

/* context: the label of the run. 0, or -errno after having logged. */
int volumes_label(const struct selinux *selinux, const struct label_request *request,
		  const char *context, struct kept_fds *kept);

/* Takes back what runs have left that were killed. 0, or -errno after having logged. */
int volumes_mend(const struct selinux *selinux, const char *state_path);

#endif
