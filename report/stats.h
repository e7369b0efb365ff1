/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers about samples, in nanoseconds. Nothing here is assumed of how times are distributed, as they
 * never are normal: quantiles, and intervals by resampling.
 */
#ifndef REPORT_STATS_H
#define REPORT_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A quantile is told only if there are samples on both sides of it: 90 % of 10, 99 % of 100. */
#define STATS_P90_MIN 10
#define STATS_P99_MIN 100

struct summary {
	size_t n;
	uint64_t min, max;
	uint64_t p50;      /* the middle one, or the mean of the two */
	uint64_t p90, p99; /* the least sample that so many are not above; 0: n is too small */
	double mean;
};

/* n is not 0. 0 or -ENOMEM. */
int stats_summary(const uint64_t *samples, size_t n, struct summary *summary);

/* The middle of what is not empty, which gets sorted. */
uint64_t stats_median(uint64_t *samples, size_t n);

/*
 * Five samples say nothing about an interval of 95 %: even between the least and the largest of them the
 * true median is with 93.75 % only.
 */
#define STATS_INTERVAL_MIN 6
#define STATS_RESAMPLES    5000
#define STATS_SEED         1

struct ratio {
	double ratio;     /* of medians, other / first */
	double low, high; /* the 95 % interval, if has_interval */
	bool has_interval;
};

/*
 * The samples with the same index are of the same round, and stay together: rounds are resampled, with
 * replacement, STATS_RESAMPLES times, and the interval is what 95 % of the ratios lie in. The generator
 * starts with STATS_SEED: the same samples have the same interval. n is not 0. 0 or -ENOMEM.
 */
int stats_ratio(const uint64_t *first, const uint64_t *other, size_t n, struct ratio *ratio);

/* splitmix64: small, and good enough to shuffle. */
struct prng {
	uint64_t state;
};

uint64_t prng_next(struct prng *prng);

/* 0 to n-1; n is not 0. */
size_t prng_below(struct prng *prng, size_t n);

/*
 * Fills order with 0 to n-1 for a round, counted from 0: in random order in even ones, and backwards in
 * the round after, so that what drifts from run to run weighs the same on all. Rounds in turn.
 */
void stats_order(struct prng *prng, unsigned round, size_t *order, size_t n);

#endif
