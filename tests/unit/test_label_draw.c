/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of levels, and the pairs of categories that are drawn from them. */
#include "tests/unit/tree.h"

#include <errno.h>
#include <signal.h>

#include "core/util.h"
#include "label/draw.h"
#include "label/mls.h"
#include "label/reservation.h"

static void ranges(void **state)
{
	static const struct {
		const char *text, *low, *high;
		unsigned low_count, high_count;
	} good[] = {
		{"s0", "s0", "s0", 0, 0},          {"s0-s0:c0.c1023", "s0", "s0", 0, 1024},
		{"s0:c1,c5.c9", "s0", "s0", 6, 6}, {"s0:c3-s15:c3,c4,c4", "s0", "s15", 1, 2},
		{"s0:c63.c64", "s0", "s0", 2, 2},
	};
	static const char *const bad[] = {
		"",
		":c1",
		"s0:",
		"s0:c",
		"s0:c1024",
		"s0:c1,",
		"s0:c5.c4",
		"s0:c1.c2.c3",
		"s0-",
		"s0-s1-s2",
		"s0:x1",
		"s0:c1;",
		"s0:c99999999999999999999",
		"SystemLow:c1.",
		"a_sensitivity_too_long_to_be_one",
	};
	struct mls_range range;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(mls_range_parse(good[i].text, &range), 0);
		assert_string_equal(range.low.sensitivity, good[i].low);
		assert_string_equal(range.high.sensitivity, good[i].high);
		assert_int_equal(mls_count(&range.low), good[i].low_count);
		assert_int_equal(mls_count(&range.high), good[i].high_count);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(mls_range_parse(bad[i], &range), -EINVAL);
	assert_int_equal(mls_range_parse("s0:c1,c5.c7", &range), 0);
	assert_true(mls_has(&range.high, 1) && mls_has(&range.high, 6));
	assert_false(mls_has(&range.high, 0) || mls_has(&range.high, 8) ||
		     mls_has(&range.high, 4096));
}

static bool taken[MLS_CATEGORIES][MLS_CATEGORIES];

static int take(const struct pair *pair)
{
	assert_true(pair->low < pair->high && pair->high < MLS_CATEGORIES);
	if (taken[pair->low][pair->high])
		return -EADDRINUSE;
	taken[pair->low][pair->high] = true;
	return (int)pair->low;
}

static struct mls_level level_of(const char *text)
{
	struct mls_range range;

	assert_int_equal(mls_range_parse(text, &range), 0);
	return range.high;
}

/* All of them, each once, then none; nothing that is not the level's. */
static void every_pair_is_drawn_once(void **state)
{
	static const struct {
		const char *level;
		unsigned pairs;
	} cases[] = {{"s0:c7,c9", 1}, {"s0:c1023,c0,c500", 3}, {"s0:c10.c29", 190}};
	struct pair pair;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct mls_level level = level_of(cases[i].level);

		memset(taken, 0, sizeof(taken));
		for (unsigned n = 0; n < cases[i].pairs; n++) {
			assert_true(draw_pair(&level, take, &pair) >= 0);
			assert_true(mls_has(&level, pair.low) && mls_has(&level, pair.high));
		}
		assert_int_equal(draw_pair(&level, take, &pair), -EUSERS);
	}
}

static int refuse(const struct pair *pair)
{
	(void)pair;
	return -EACCES;
}

static void what_cannot_be_drawn(void **state)
{
	const struct mls_level none = level_of("s0"), one = level_of("s0:c5"),
			       two = level_of("s0:c5,c6");
	struct pair pair;

	(void)state;
	assert_int_equal(draw_pair(&none, take, &pair), -ERANGE);
	assert_int_equal(draw_pair(&one, take, &pair), -ERANGE);
	assert_int_equal(draw_pair(&two, refuse, &pair), -EACCES);
	assert_false(pair_of_level(&one, &pair));
	assert_true(pair_of_level(&two, &pair));
	assert_int_equal(pair.low, 5);
	assert_int_equal(pair.high, 6);
}

static int any(const struct pair *pair)
{
	(void)pair;
	return 0;
}

/* 20,000 draws of the 10 pairs of 5 categories: 2,000 each, give or take eight standard deviations. */
static void each_pair_is_as_likely(void **state)
{
	const struct mls_level level = level_of("s0:c0.c4");
	unsigned counts[5][5] = {{0}};
	struct pair pair;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		assert_int_equal(draw_pair(&level, any, &pair), 0);
		counts[pair.low][pair.high]++;
	}
	for (unsigned low = 0; low < 5; low++) {
		for (unsigned high = low + 1; high < 5; high++)
			assert_in_range(counts[low][high], 1660, 2340);
	}
}

#define PROCESSES 1000

/* A run: draws, says what, and has it until it is told to end. */
static void play_run(const struct mls_level *level, int report, int end)
{
	struct pair pair;
	char c;
	int fd;

	/* They start together, when the last one is there. */
	(void)!read(end, &c, 1);
	fd = draw_pair(level, reservation_take, &pair);
	if (fd < 0)
		pair = (struct pair){0, 0};
	(void)!write(report, &pair, sizeof(pair));
	(void)pause();
	_exit(0);
}

/* A thousand runs at once, on the 1,035 pairs of 46 categories: nearly all are taken in the end. */
static void no_two_runs_have_the_same(void **state)
{
	const struct mls_level level = level_of("s0:c100.c145");
	static pid_t pids[PROCESSES];
	int report[2], start[2];
	unsigned failures = 0, twice = 0;

	(void)state;
	assert_int_equal(pipe(report), 0);
	assert_int_equal(pipe(start), 0);
	memset(taken, 0, sizeof(taken));
	for (unsigned i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			(void)close(start[1]);
			play_run(&level, report[1], start[0]);
		}
	}
	(void)close(start[1]);
	for (unsigned i = 0; i < PROCESSES; i++) {
		struct pair pair;

		assert_int_equal(read(report[0], &pair, sizeof(pair)), sizeof(pair));
		failures += pair.low == pair.high;
		twice += taken[pair.low][pair.high];
		taken[pair.low][pair.high] = true;
	}
	for (unsigned i = 0; i < PROCESSES; i++) {
		(void)kill(pids[i], SIGKILL);
		assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
	}
	assert_int_equal(failures, 0);
	assert_int_equal(twice, 0);
	(void)close(report[0]);
	(void)close(report[1]);
	(void)close(start[0]);
}

/* Whose run was killed, has given back what it had. */
static void the_end_of_a_run_frees_its_pair(void **state)
{
	const struct pair pair = {1022, 1023};
	int said[2];
	char c = 0;

	(void)state;
	assert_int_equal(pipe(said), 0);
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		c = reservation_take(&pair) >= 0;
		(void)!write(said[1], &c, 1);
		(void)pause();
	}
	assert_int_equal(read(said[0], &c, 1), 1);
	assert_int_equal(c, 1);
	assert_int_equal(reservation_take(&pair), -EADDRINUSE);
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	const int fd = reservation_take(&pair);
	assert_true(fd >= 0);
	(void)close(fd);
	(void)close(said[0]);
	(void)close(said[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(every_pair_is_drawn_once),
		cmocka_unit_test(what_cannot_be_drawn),
		cmocka_unit_test(each_pair_is_as_likely),
		cmocka_unit_test(no_two_runs_have_the_same),
		cmocka_unit_test(the_end_of_a_run_frees_its_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
