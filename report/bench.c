/* SPDX-License-Identifier: Apache-2.0 */
#include "report/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const bench_cache_names[BENCH_CACHE_COUNT] = BENCH_CACHE_NAMES;

static int make_arm(struct bench *bench, size_t variant, enum bench_cache cache)
{
	const struct bench_args *args = bench->args;
	struct bench_arm *arm = &bench->arms[bench->arm_count++];
	const char *label = args->variants[variant].label;

	arm->variant = variant;
	arm->cache = cache;
	arm->samples = calloc(args->runs, sizeof(*arm->samples));
	if (args->cache_count > 1 || cache != BENCH_WARM) {
		if (asprintf(&arm->label, "%s, %s", label, bench_cache_names[cache]) < 0)
			arm->label = NULL;
	} else {
		arm->label = strdup(label);
	}
	return arm->samples && arm->label ? 0 : -ENOMEM;
}

int bench_make(struct bench *bench, const struct bench_args *args)
{
	const size_t count = args->variant_count * args->cache_count;
	int err = 0;

	*bench = (struct bench){.args = args,
				.arms = calloc(count, sizeof(*bench->arms)),
				.order = calloc(count * args->runs, sizeof(*bench->order)),
				.stages = {.arms = count, .runs = args->runs}};
	if (!bench->arms || !bench->order)
		return -ENOMEM;
	for (size_t i = 0; i < count && !err; i++)
		err = make_arm(bench, i / args->cache_count, args->caches[i % args->cache_count]);
	return err;
}

int bench_summarize(struct bench *bench)
{
	const size_t n = bench->args->runs;
	int err = 0;

	for (size_t i = 0; i < bench->arm_count && !err; i++) {
		struct bench_arm *arm = &bench->arms[i];
		err = stats_summary(arm->samples, n, &arm->summary);
		if (!err && i > 0)
			err = stats_ratio(bench->arms[0].samples, arm->samples, n, &arm->ratio);
	}
	return err;
}

bool bench_has_cache(const struct bench *bench, enum bench_cache cache)
{
	for (size_t i = 0; i < bench->args->cache_count; i++) {
		if (bench->args->caches[i] == cache)
			return true;
	}
	return false;
}

void bench_free(struct bench *bench)
{
	for (size_t i = 0; i < bench->arm_count; i++) {
		free(bench->arms[i].label);
		free(bench->arms[i].samples);
	}
	free(bench->arms);
	free(bench->order);
	stage_table_free(&bench->stages);
}
