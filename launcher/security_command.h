/* SPDX-License-Identifier: Apache-2.0 */
/* snug security: which SELinux label a run would get, and labels of volumes taken back. */
#ifndef LAUNCHER_SECURITY_COMMAND_H
#define LAUNCHER_SECURITY_COMMAND_H

#include <stdio.h>

#include "launcher/caller.h"
#include "launcher/options.h"

/* Answers to out, or becomes snug-label. 0, or -errno after having logged (-ENOMEM: not logged). */
int security_command(const struct options *options, const struct caller *caller, FILE *out);

#endif
