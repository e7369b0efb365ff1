/* SPDX-License-Identifier: Apache-2.0 */
/* --config: a file with an option in each line, in its long form without the dashes. */
#ifndef LAUNCHER_OPTIONS_CONFIG_H
#define LAUNCHER_OPTIONS_CONFIG_H

#include "launcher/options.h"

/*
 * Has `take` parse each line of the file, as the word of the command line that it stands for: "--name" or
 * "--name=value". options keeps these words, which what it says may point into. 0, or -errno after having
 * logged, with the file's name and the line's number (-ENOMEM: not logged).
 */
int options_config_read(struct options *options, const char *name,
			int (*take)(struct options *options, char *word));

#endif
