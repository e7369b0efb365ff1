/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of snug diff and snug apply. Part of options_parse(). */
#ifndef LAUNCHER_OPTIONS_KEEP_H
#define LAUNCHER_OPTIONS_KEEP_H

#include "launcher/options.h"

/* argv[0]: "diff" or "apply". 0, or -EINVAL after having logged. */
int options_keep_parse(struct options *options, char *const *argv);

#endif
