/* SPDX-License-Identifier: Apache-2.0 */
/* The options of "snug bench" that are not those of "snug run"; part of struct options. */
#ifndef LAUNCHER_OPTIONS_BENCH_H
#define LAUNCHER_OPTIONS_BENCH_H

#include <stdbool.h>
#include <stddef.h>

#include "launcher/options_table.h"
#include "launcher/strlist.h"
#include "report/bench_args.h"

struct bench_options {
	unsigned runs, warmup; /* of each variant */
	const char *vs[BENCH_VS_MAX];
	size_t vs_count;
	enum bench_cache caches[BENCH_CACHE_COUNT];
	size_t cache_count;
	bool stages;
	const char *json;   /* NULL: none */
	struct strlist run; /* the words that are options of "snug run", as typed */
};

/* What it is if nothing is said. */
void bench_options_default(struct bench_options *bench);

/* An option of the bench table. 0, or -EINVAL after having logged. */
int bench_options_set(struct bench_options *bench, const struct option_def *def, const char *value);

#endif
