/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits, and who may look into the process. */
#ifndef VMM_CONFINE_LIMITS_H
#define VMM_CONFINE_LIMITS_H

#include <sys/types.h>

#include "vmm/config.h"

/*
 * Bounds what a monitor gone wild can take from the host: memory to what this run may need at most,
 * descriptors to what the file servers use. No core dump, and not dumpable: nobody but root can attach to
 * the process or read its memory (ptrace(2), PR_SET_DUMPABLE(2const)). Limits only ever go down. 0 or
 * -errno.
 */
int limits_set(const struct config *config);

/*
 * The process dies with its parent, whose id is given: kept nowhere else, as an exec that changes rights
 * clears it. -ESRCH: the parent is gone already.
 */
int limits_follow_parent(pid_t parent);

#endif
