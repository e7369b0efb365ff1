/* SPDX-License-Identifier: Apache-2.0 */
/* The command lines of snug kernel, security, doctor and help. Parts of options_parse(). */
#ifndef LAUNCHER_OPTIONS_COMMANDS_H
#define LAUNCHER_OPTIONS_COMMANDS_H

#include "launcher/options.h"

/* argv: the words behind the command's name. 0, or -EINVAL after having logged. */
int options_kernel_parse(struct options *options, char *const *argv);
int options_security_parse(struct options *options, char *const *argv);
int options_doctor_parse(struct options *options, char *const *argv);

/* word: what help is wanted of; NULL: of snug. The same. */
int options_help_parse(struct options *options, const char *word);

/* Logs that word is no command. -EINVAL. */
int options_unknown_command(const char *word);

#endif
