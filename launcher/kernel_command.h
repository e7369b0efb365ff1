/* SPDX-License-Identifier: Apache-2.0 */
/* snug kernel list|info|add|prune: the kernels of this host, and what the cache holds of them. */
#ifndef LAUNCHER_KERNEL_COMMAND_H
#define LAUNCHER_KERNEL_COMMAND_H

#include <stdio.h>

#include "launcher/caller.h"
#include "launcher/host.h"
#include "launcher/options.h"

/* Does what options say, printing to out. 0, or -errno after having logged (-ENOMEM: not logged). */
int kernel_command(const struct options *options, const struct caller *caller,
		   const struct host *host, FILE *out);

#endif
