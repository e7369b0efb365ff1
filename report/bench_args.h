/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the launcher calls the benchmark: everything is decided, checked and found by the launcher, which
 * can read kernels and run options; snug-report runs it, counts and reports. The command line is
 *
 *   snug-report bench --runs=N --warmup=N [--cache=MODE]... [--cache-dir=DIR] [--stages] [--json=FILE]
 *                     VARIANT... -- CMD ARG...
 *
 * and a VARIANT, of which the first is what the others are compared with, is
 *
 *   --variant=LABEL --snug=FILE [--kernel=FILE] [--option=WORD]... [--drop=FILE]...
 *
 * Each run is "FILE run WORD... -- CMD ARG...". --kernel is for the report only. --drop names what is no
 * longer to be in the page cache when a cold run starts, as does --cache-dir: the entries of snug's own
 * cache. Files that do not exist are no error. Several cache modes multiply the variants.
 */
#ifndef REPORT_BENCH_ARGS_H
#define REPORT_BENCH_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "launcher/strlist.h"

#define BENCH_PROGRAM "snug-report"

enum bench_cache {
	BENCH_WARM,  /* as it is */
	BENCH_COLD,  /* snug's files are not in the page cache */
	BENCH_EMPTY, /* snug has no cache yet: it unpacks the kernel */
	BENCH_CACHE_COUNT,
};
#define BENCH_CACHE_NAMES                \
	{                                \
		"warm", "cold", "empty", \
	}

#define BENCH_RUNS_MAX     10000
#define BENCH_WARMUP_MAX   1000
#define BENCH_VS_MAX       15
#define BENCH_VARIANTS_MAX (BENCH_VS_MAX + 1)

/* What is run and compared. Texts point into the command line. */
struct bench_variant {
	const char *label;
	const char *snug;
	const char *kernel; /* NULL: not told */
	struct strlist options;
	struct strlist drop;
};

struct bench_args {
	unsigned runs, warmup; /* of each variant */
	enum bench_cache caches[BENCH_CACHE_COUNT];
	size_t cache_count;    /* at least one */
	const char *cache_dir; /* NULL: snug has no cache */
	bool stages;
	const char *json; /* NULL: none */
	struct bench_variant variants[BENCH_VARIANTS_MAX];
	size_t variant_count; /* at least one */
	char *const *argv;    /* CMD and its arguments, at least one word */
};

/* argv[1] is "bench". 0, or -EINVAL after having logged, or -ENOMEM. bench_args_free() in any case. */
int bench_args_parse(struct bench_args *args, int argc, char *const argv[]);

void bench_args_free(struct bench_args *args);
#define _cleanup_bench_args_ __attribute__((cleanup(bench_args_free)))

#endif
