/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of the launcher's (launcher/facts.h), a line each. */
#ifndef REPORT_FACTS_H
#define REPORT_FACTS_H

#include <stdio.h>

/*
 * Calls take for each line, which is cut into a name and a value; the value is "" if the line has none. 0,
 * or what a take returned, which ends it.
 */
int facts_read(FILE *in, int (*take)(void *context, const char *name, char *value), void *context);

/* %XX of a fact that may hold anything; in place. */
char *facts_decode(char *value);

#endif
