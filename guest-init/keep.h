/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command changed in the throw-away overlays, written to a file of the host at the end: each upper
 * directory holds just that. Where nothing is to be kept, nothing here does anything.
 */
#ifndef GUEST_INIT_KEEP_H
#define GUEST_INIT_KEEP_H

#include <stdbool.h>

#include "guest-init/spec.h"

/* Opens the file, which is below the working directory, the one of the overlays. 0, or -errno, said. */
int keep_begin(const struct spec *spec);

/* Is anything kept? Then an overlay may not let directories be renamed. */
bool keep_wanted(void);

/*
 * An overlay is about to be mounted over dir, which the command knows as `name`, with this upper directory
 * below the working directory. 0 or -errno.
 */
int keep_add(const char *name, const char *dir, const char *upper);

/*
 * Ends what runs, so that nothing changes any more, and writes the file (core/abi.h); once. 0, or
 * -errno, said: then it has no end.
 */
int keep_save(void);

#endif
