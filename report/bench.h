/* SPDX-License-Identifier: Apache-2.0 */
/* snug bench: what was asked for, what the host was, and what came out. */
#ifndef REPORT_BENCH_H
#define REPORT_BENCH_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "report/bench_args.h"
#include "report/manifest.h"
#include "report/page_cache.h"
#include "report/stage_table.h"
#include "report/stats.h"

extern const char *const bench_cache_names[BENCH_CACHE_COUNT];

/* A program that was measured. */
struct bench_snug {
	char version[64]; /* what it says of itself */
	off_t size;       /* two builds may be of the same version */
	time_t changed;
};

/* A variant with one of the cache modes: a line of the table. */
struct bench_arm {
	size_t variant; /* index of args->variants, and of snugs */
	enum bench_cache cache;
	char *label;       /* owned; the variant's, and the mode if there is more than one */
	uint64_t *samples; /* ns, by round; owned */
	char warning[256]; /* the first that a run of it gave; empty: none */
	struct summary summary;
	struct ratio ratio; /* against the first */
};

struct bench {
	const struct bench_args *args;
	struct manifest manifest;
	struct bench_snug snugs[BENCH_VARIANTS_MAX];
	struct bench_arm *arms; /* owned */
	size_t arm_count;
	size_t *order; /* which arm came when: [round * arm_count + i]; owned */
	int status;    /* the exit status of every run */
	bool dropped_any;
	struct page_cache_drop dropped; /* before cold runs: at most so many files, always all */
	struct stage_table stages;
};

/* Empty arms, for results to come. 0 or -ENOMEM. bench_free() in any case. */
int bench_make(struct bench *bench, const struct bench_args *args);

/* Summaries and ratios of what the arms have by now. 0 or -ENOMEM. */
int bench_summarize(struct bench *bench);

bool bench_has_cache(const struct bench *bench, enum bench_cache cache);

void bench_free(struct bench *bench);
#define _cleanup_bench_ __attribute__((cleanup(bench_free)))

#endif
