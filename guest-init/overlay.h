/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Throw-away overlays: what the command writes below such a directory goes to memory, and what it
 * reads there is the share's until it is written.
 */
#ifndef GUEST_INIT_OVERLAY_H
#define GUEST_INIT_OVERLAY_H

#include <stddef.h>

#include "guest-init/spec.h"

/*
 * Mounts them, in order. The working directory is where their upper directories are made: a writable
 * tmpfs that need not be reachable from the root. A directory below an earlier one is covered by it,
 * and one that is not a directory is skipped. 0, or -errno, said.
 */
int overlays_mount(const struct strings *dirs);

/*
 * Mounts one over dir, whatever it is on. The working directory is as above. kept_as: what the command
 * knows it as, for keep.h, and lives as long as the guest; NULL: it is not kept. 0 or -errno; -ENOTDIR
 * if dir is none.
 */
int overlay_mount(const char *dir, const char *kept_as);

/* Is dir the same as, or below, one of the first `count` directories, going by their names? */
bool overlay_covered(const struct strings *dirs, size_t count, const char *dir);

/*
 * The mount options for an overlay over dir, with upper and work directory relative to the working
 * directory. redirect: directories of the share can be renamed. 0 or -ENAMETOOLONG.
 */
int overlay_options(char *options, size_t size, const char *dir, const char *upper,
		    const char *work, bool redirect);

#endif
