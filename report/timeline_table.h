/* SPDX-License-Identifier: Apache-2.0 */
/* A record as text for a terminal. */
#ifndef REPORT_TIMELINE_TABLE_H
#define REPORT_TIMELINE_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "report/record.h"

/* initcalls: and the slowest of the kernel's. */
void timeline_table_print(const struct record *record, bool initcalls, FILE *out);

#endif
