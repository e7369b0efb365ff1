/* SPDX-License-Identifier: Apache-2.0 */
/* A benchmark as a text for a person. */
#ifndef REPORT_BENCH_TABLE_H
#define REPORT_BENCH_TABLE_H

#include <stdio.h>

#include "report/bench.h"

/*
 * Writes all of it to out, in milliseconds. A percentile has a column only if there are enough samples for
 * it (stats.h); a verdict is given only if the interval excludes 1.
 */
void bench_table_print(const struct bench *bench, FILE *out);

#endif
