/* SPDX-License-Identifier: Apache-2.0 */
/* What the command may use at most. Nothing of this is there without such a record in the specification. */
#ifndef GUEST_INIT_LIMITS_H
#define GUEST_INIT_LIMITS_H

#include <stddef.h>

#include "guest-init/spec.h"

/* A mode, and ",size=" with a number as long as the specification may have it. */
#define LIMITS_TMPFS_MAX (16 + 6 + SPEC_NUMBER_MAX + 2)

/* Mount options for a tmpfs the command can write to: `mode`, and the size it may have. */
const char *limits_tmpfs(const struct spec *spec, const char *mode, char options[LIMITS_TMPFS_MAX]);

/*
 * A control group for the command, whose limit holds for root as well, which RLIMIT_NPROC does not. After
 * the mounts. 0, or -errno after having said why.
 */
int limits_make_group(struct spec *spec);

/* The calling process goes there, if there is one. For a process that shares PID 1's memory: 0 or -errno. */
int limits_enter_group(const struct spec *spec);

#endif
