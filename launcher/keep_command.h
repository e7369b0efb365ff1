/* SPDX-License-Identifier: Apache-2.0 */
/* snug diff, snug apply: what a run with --keep-overlay has left. Only snug-full. */
#ifndef LAUNCHER_KEEP_COMMAND_H
#define LAUNCHER_KEEP_COMMAND_H

#include <stdio.h>

#include "launcher/options.h"

/* Does what options say. 0, or -errno after having logged (-ENOMEM: not logged). */
int keep_command(const struct options *options, FILE *out);

#endif
