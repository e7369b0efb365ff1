/* SPDX-License-Identifier: Apache-2.0 */
#include "report/stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

static int compare_u64(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int compare_double(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of sorted ones. Without the overflow of a sum. */
static uint64_t middle(const uint64_t *sorted, size_t n)
{
	const uint64_t low = sorted[(n - 1) / 2], high = sorted[n / 2];

	return low + (high - low) / 2;
}

uint64_t stats_median(uint64_t *samples, size_t n)
{
	qsort(samples, n, sizeof(*samples), compare_u64);
	return middle(samples, n);
}

/* The least sample that percent of them are not above: one that was measured. */
static uint64_t quantile(const uint64_t *sorted, size_t n, size_t percent)
{
	return sorted[(n * percent + 99) / 100 - 1];
}

int stats_summary(const uint64_t *samples, size_t n, struct summary *summary)
{
	_cleanup_free_ uint64_t *sorted = calloc(n, sizeof(*sorted));
	double sum = 0;

	if (!sorted)
		return -ENOMEM;
	memcpy(sorted, samples, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_u64);
	for (size_t i = 0; i < n; i++)
		sum += (double)sorted[i];
	*summary = (struct summary){
		.n = n,
		.min = sorted[0],
		.max = sorted[n - 1],
		.p50 = middle(sorted, n),
		.p90 = n >= STATS_P90_MIN ? quantile(sorted, n, 90) : 0,
		.p99 = n >= STATS_P99_MIN ? quantile(sorted, n, 99) : 0,
		.mean = sum / (double)n,
	};
	return 0;
}

uint64_t prng_next(struct prng *prng)
{
	uint64_t z = prng->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* By the upper half of a product: no division, and a bias far below what n rounds could show. */
size_t prng_below(struct prng *prng, size_t n)
{
	__extension__ typedef unsigned __int128 u128;

	return (size_t)(((u128)prng_next(prng) * n) >> 64);
}

static void swap(size_t *a, size_t *b)
{
	const size_t kept = *a;

	*a = *b;
	*b = kept;
}

void stats_order(struct prng *prng, unsigned round, size_t *order, size_t n)
{
	if (round % 2) {
		for (size_t i = 0; i < n / 2; i++)
			swap(&order[i], &order[n - 1 - i]);
		return;
	}
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--)
		swap(&order[i - 1], &order[prng_below(prng, i)]);
}

/*
 * A resample's median without sorting it: samples are sorted once, a resample counts how often each was
 * drawn, and the middle is found by going through the counts.
 */
struct sorted {
	struct sample {
		uint64_t ns;
		size_t round;
	} * samples;
	size_t *rank;    /* where a round's sample is among them */
	unsigned *drawn; /* how often, in order of size */
	size_t n;
};

static void sorted_free(struct sorted *sorted)
{
	free(sorted->samples);
	free(sorted->rank);
	free(sorted->drawn);
}
#define _cleanup_sorted_ __attribute__((cleanup(sorted_free)))

static int compare_samples(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return (x->ns > y->ns) - (x->ns < y->ns);
}

static int sort(struct sorted *sorted, const uint64_t *samples, size_t n)
{
	sorted->n = n;
	sorted->samples = calloc(n, sizeof(*sorted->samples));
	sorted->rank = calloc(n, sizeof(*sorted->rank));
	sorted->drawn = calloc(n, sizeof(*sorted->drawn));
	if (!sorted->samples || !sorted->rank || !sorted->drawn)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		sorted->samples[i] = (struct sample){samples[i], i};
	qsort(sorted->samples, n, sizeof(*sorted->samples), compare_samples);
	for (size_t i = 0; i < n; i++)
		sorted->rank[sorted->samples[i].round] = i;
	return 0;
}

/* n were drawn: those at the middle index, or the two there, in order of size. */
static double drawn_median(const struct sorted *sorted)
{
	const size_t low = (sorted->n - 1) / 2, high = sorted->n / 2;
	size_t seen = 0, i = 0;

	while ((seen += sorted->drawn[i]) <= low)
		i++;
	const double first = (double)sorted->samples[i].ns;
	while (seen <= high)
		seen += sorted->drawn[++i];
	return (first + (double)sorted->samples[i].ns) / 2;
}

static double resample(struct sorted *first, struct sorted *other, struct prng *prng)
{
	memset(first->drawn, 0, first->n * sizeof(*first->drawn));
	memset(other->drawn, 0, other->n * sizeof(*other->drawn));
	for (size_t i = 0; i < first->n; i++) {
		const size_t round = prng_below(prng, first->n);
		first->drawn[first->rank[round]]++;
		other->drawn[other->rank[round]]++;
	}
	return drawn_median(other) / drawn_median(first);
}

static double all_median(const struct sorted *sorted)
{
	const size_t n = sorted->n;

	return ((double)sorted->samples[(n - 1) / 2].ns + (double)sorted->samples[n / 2].ns) / 2;
}

static int find_interval(struct sorted *first, struct sorted *other, struct ratio *ratio)
{
	_cleanup_free_ double *ratios = calloc(STATS_RESAMPLES, sizeof(*ratios));
	struct prng prng = {STATS_SEED};

	if (!ratios)
		return -ENOMEM;
	for (size_t i = 0; i < STATS_RESAMPLES; i++)
		ratios[i] = resample(first, other, &prng);
	qsort(ratios, STATS_RESAMPLES, sizeof(*ratios), compare_double);
	ratio->low = ratios[STATS_RESAMPLES / 40];
	ratio->high = ratios[STATS_RESAMPLES - 1 - STATS_RESAMPLES / 40];
	ratio->has_interval = true;
	return 0;
}

int stats_ratio(const uint64_t *first, const uint64_t *other, size_t n, struct ratio *ratio)
{
	_cleanup_sorted_ struct sorted a = {0};
	_cleanup_sorted_ struct sorted b = {0};

	if (sort(&a, first, n) < 0 || sort(&b, other, n) < 0)
		return -ENOMEM;
	*ratio = (struct ratio){.ratio = all_median(&b) / all_median(&a)};
	return n < STATS_INTERVAL_MIN ? 0 : find_interval(&a, &b, ratio);
}
