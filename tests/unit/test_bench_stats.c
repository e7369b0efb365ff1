/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tree.h"

#include "core/util.h"
#include "report/stats.h"

static void summary_of_few(void **state)
{
	const uint64_t one[] = {7}, two[] = {9, 4}, three[] = {30, 10, 20};
	struct summary summary;

	(void)state;
	assert_int_equal(stats_summary(one, 1, &summary), 0);
	assert_int_equal(summary.n, 1);
	assert_true(summary.min == 7 && summary.p50 == 7 && summary.max == 7);
	assert_true(summary.p90 == 0 && summary.p99 == 0);
	assert_int_equal(stats_summary(two, 2, &summary), 0);
	assert_true(summary.min == 4 && summary.p50 == 6 && summary.max == 9);
	assert_true(summary.mean > 6.49 && summary.mean < 6.51);
	assert_int_equal(stats_summary(three, 3, &summary), 0);
	assert_int_equal(summary.p50, 20);
	assert_int_equal(three[0], 30); /* left as they are */
}

/* Those that were measured, and only with something above. */
static void percentiles_need_samples(void **state)
{
	uint64_t samples[200];
	struct summary summary;

	(void)state;
	for (size_t i = 0; i < 200; i++)
		samples[i] = 200 - i;
	assert_int_equal(stats_summary(samples + 191, 9, &summary), 0);
	assert_int_equal(summary.p90, 0);
	assert_int_equal(stats_summary(samples + 190, 10, &summary), 0);
	assert_int_equal(summary.p90, 9);
	assert_int_equal(stats_summary(samples + 101, 99, &summary), 0);
	assert_int_equal(summary.p99, 0);
	assert_int_equal(stats_summary(samples + 100, 100, &summary), 0);
	assert_true(summary.p90 == 90 && summary.p99 == 99);
	assert_int_equal(stats_summary(samples, 200, &summary), 0);
	assert_true(summary.p90 == 180 && summary.p99 == 198 && summary.p50 == 100);
}

static void a_median_does_not_overflow(void **state)
{
	uint64_t samples[] = {UINT64_MAX, UINT64_MAX - 2};

	(void)state;
	assert_true(stats_median(samples, 2) == UINT64_MAX - 1);
}

static void noise(uint64_t *samples, size_t n, uint64_t seed, uint64_t base, uint64_t width)
{
	struct prng prng = {seed};

	for (size_t i = 0; i < n; i++)
		samples[i] = base + prng_below(&prng, width);
}

static void no_interval_of_five(void **state)
{
	const uint64_t first[] = {10, 10, 10, 10, 10, 10}, other[] = {20, 20, 20, 20, 20, 20};
	struct ratio ratio;

	(void)state;
	assert_int_equal(stats_ratio(first, other, 5, &ratio), 0);
	assert_false(ratio.has_interval);
	assert_true(ratio.ratio > 1.999 && ratio.ratio < 2.001);
	assert_int_equal(stats_ratio(first, other, 6, &ratio), 0);
	assert_true(ratio.has_interval && ratio.low > 1.999 && ratio.high < 2.001);
}

static void the_same_samples_have_the_same_interval(void **state)
{
	uint64_t first[40], other[40];
	struct ratio one, two;

	(void)state;
	noise(first, 40, 5, 1000, 300);
	noise(other, 40, 6, 1000, 300);
	assert_int_equal(stats_ratio(first, other, 40, &one), 0);
	assert_int_equal(stats_ratio(first, other, 40, &two), 0);
	assert_memory_equal(&one, &two, sizeof(one));
	assert_true(one.low < one.high && one.low <= one.ratio && one.ratio <= one.high);
}

/* 95 % of intervals should have the true ratio, 1; by the seeds this is always the same number. */
static void an_interval_has_the_truth_in_it_mostly(void **state)
{
	uint64_t first[30], other[30];
	unsigned covered = 0;

	(void)state;
	for (uint64_t i = 0; i < 200; i++) {
		struct ratio ratio;
		noise(first, 30, 2 * i + 100, 1000, 500);
		noise(other, 30, 2 * i + 101, 1000, 500);
		assert_int_equal(stats_ratio(first, other, 30, &ratio), 0);
		covered += ratio.low <= 1 && 1 <= ratio.high;
	}
	assert_in_range(covered, 180, 200);
}

/* Rounds stay together: a host that gets slower and slower does not widen the interval. */
static void rounds_are_pairs(void **state)
{
	uint64_t first[30], other[30];
	struct ratio ratio;

	(void)state;
	for (size_t i = 0; i < 30; i++) {
		first[i] = 1000 * (i + 1);
		other[i] = 1100 * (i + 1);
	}
	assert_int_equal(stats_ratio(first, other, 30, &ratio), 0);
	assert_true(ratio.low > 1.0999 && ratio.high < 1.1001);
}

/* The median of a resample is found without sorting it: against one that is sorted. */
static void resampled_medians_are_medians(void **state)
{
	uint64_t first[] = {5, 5, 5, 5, 5, 5, 5}, other[] = {70, 10, 60, 20, 50, 30, 40};
	double ratios[STATS_RESAMPLES];
	struct prng prng = {STATS_SEED};
	struct ratio ratio;

	(void)state;
	for (size_t i = 0; i < STATS_RESAMPLES; i++) {
		uint64_t drawn[7];
		for (size_t j = 0; j < 7; j++)
			drawn[j] = other[prng_below(&prng, 7)];
		ratios[i] = (double)stats_median(drawn, 7) / 5;
	}
	assert_int_equal(stats_ratio(first, other, 7, &ratio), 0);
	size_t below = 0, above = 0;
	for (size_t i = 0; i < STATS_RESAMPLES; i++) {
		below += ratios[i] < ratio.low;
		above += ratios[i] > ratio.high;
	}
	assert_true(below <= STATS_RESAMPLES / 40 && above <= STATS_RESAMPLES / 40);
	assert_true(ratio.ratio > 7.99 && ratio.ratio < 8.01);
}

static void every_arm_once_a_round_and_backwards_in_the_next(void **state)
{
	struct prng prng = {STATS_SEED};
	size_t order[5], previous[5];
	unsigned first_is[5] = {0};

	(void)state;
	for (unsigned round = 0; round < 1000; round++) {
		unsigned seen = 0;
		stats_order(&prng, round, order, 5);
		for (size_t i = 0; i < 5; i++) {
			seen |= 1U << order[i];
			if (round % 2)
				assert_int_equal(order[i], previous[4 - i]);
		}
		assert_int_equal(seen, 31);
		memcpy(previous, order, sizeof(order));
		first_is[order[0]]++;
	}
	for (size_t i = 0; i < 5; i++)
		assert_in_range(first_is[i], 150, 250);
	stats_order(&prng, 0, order, 1);
	stats_order(&prng, 1, order, 1);
	assert_int_equal(order[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(summary_of_few),
		cmocka_unit_test(percentiles_need_samples),
		cmocka_unit_test(a_median_does_not_overflow),
		cmocka_unit_test(no_interval_of_five),
		cmocka_unit_test(the_same_samples_have_the_same_interval),
		cmocka_unit_test(an_interval_has_the_truth_in_it_mostly),
		cmocka_unit_test(rounds_are_pairs),
		cmocka_unit_test(resampled_medians_are_medians),
		cmocka_unit_test(every_arm_once_a_round_and_backwards_in_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
