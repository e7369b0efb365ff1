/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snug run --keep-overlay DIR: the guest gets one file of DIR to write to, and is told to write there what
 * it has in its overlays. It can change nothing else in DIR.
 */
#ifndef LAUNCHER_KEEP_H
#define LAUNCHER_KEEP_H

#include "launcher/plan.h"

/* What DIR has: the places there were overlays at, each ended by a NUL; and what the guest wrote. */
#define KEEP_PLACES  "places"
#define KEEP_CHANGES "changes"

/*
 * Adds the file to the plan's mounts, as the last one; it need not be there yet. dir: as typed. After
 * all else of mounts, and after security. 0, or -errno after having logged (-ENOMEM: not logged).
 */
int keep_plan(struct plan *plan, const char *dir);

/*
 * Makes DIR, or takes an empty one, and opens the file; where nothing is to be kept, does nothing. 0, or
 * -errno after having logged (-ENOMEM: not logged).
 */
int keep_begin(const struct plan *plan);

#endif
