/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A benchmark as JSON: everything in the table, and each sample. Times are whole nanoseconds; what is not
 * known, or not told by so few samples, is null.
 *
 *   schema      1
 *   date, host, command, runs, warmup, cache (the modes), status (of every run)
 *   dropped     of cold runs: files, drop_caches
 *   order       per round, which of variants ran when (indices)
 *   statistics  how ratios got their intervals
 *   variants    label, cache, snug, kernel, options; warning, the first of its runs; samples_ns by round;
 *               summary; ratio; stages
 */
#ifndef REPORT_BENCH_JSON_H
#define REPORT_BENCH_JSON_H

#include <jansson.h>

#include "report/bench.h"

#define BENCH_SCHEMA 1

/* A new reference, or NULL: out of memory. */
json_t *bench_json(const struct bench *bench);

#endif
