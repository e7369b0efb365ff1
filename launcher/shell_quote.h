/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines that can be copied into a shell. */
#ifndef LAUNCHER_SHELL_QUOTE_H
#define LAUNCHER_SHELL_QUOTE_H

#include <stdio.h>

/* Writes word so that a POSIX shell reads it as that one word; without control characters. */
void shell_quote(const char *word, FILE *out);

#endif
