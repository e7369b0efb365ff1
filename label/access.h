/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run is given, looked at with its label's eyes. The kernel closes, at the change of labels, every
 * descriptor that the new one may not use.
 */
#ifndef LABEL_ACCESS_H
#define LABEL_ACCESS_H

#include "label/request.h"
#include "label/selinux.h"

/*
 * Standard streams. A pipe or socket without a name has its maker's label, in refpolicy with all of its maker's
 * categories, which no run has: such a one is brought to the lowest level, which leaves it as usable to those
 * who use it now. 0, or -EACCES after having logged which stream would be closed.
 */
int access_streams(const struct selinux *selinux, const char *context);

/* A warning for each volume that the guest will not be let into, or not let write to. */
void access_volumes(const struct selinux *selinux, const char *context,
		    const struct label_request *request);

#endif
