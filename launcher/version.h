/* SPDX-License-Identifier: Apache-2.0 */
/* "snug version": what this is, how it was built, and where the rest of it is. */
#ifndef LAUNCHER_VERSION_H
#define LAUNCHER_VERSION_H

#include <stdio.h>

#include "launcher/caller.h"
#include "launcher/host.h"

#define SNUG_VERSION "0.1"

/*
 * The first line is "snug VERSION" and stays so; each of the others is a name and what there is to say. The
 * host's own kernels are known (host_find_own_kernels()). 0, or -errno of writing, or -ENOMEM.
 */
int version_print(const struct caller *caller, const struct host *host, FILE *out);

#endif
