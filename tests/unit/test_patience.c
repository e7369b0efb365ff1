/* SPDX-License-Identifier: Apache-2.0 */
/* When a command that should end has had its time; and how --timeout's time is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "core/util.h"
#include "launcher/duration.h"
#include "vmm/patience.h"

static void without_a_limit_nothing_is_due(void **state)
{
	struct patience p;

	(void)state;
	patience_begin(&p, 0, 1000);
	assert_int_equal(patience_left(&p, 1000), -1);
	assert_int_equal(patience_left(&p, UINT64_MAX), -1);
	assert_int_equal(patience_look(&p, UINT64_MAX), PATIENCE_WAIT);
	assert_false(p.timed_out);
}

static void a_limit_asks_then_ends(void **state)
{
	struct patience p;

	(void)state;
	patience_begin(&p, 500, 1000);
	assert_int_equal(patience_left(&p, 1000), 500);
	assert_int_equal(patience_left(&p, 1499), 1);
	assert_int_equal(patience_look(&p, 1499), PATIENCE_WAIT);
	assert_false(p.timed_out);
	assert_int_equal(patience_left(&p, 1500), 0);
	assert_int_equal(patience_look(&p, 1500), PATIENCE_ASK);
	assert_true(p.timed_out);
	assert_int_equal(patience_look(&p, 1501), PATIENCE_WAIT);
	assert_int_equal(patience_left(&p, 1500), PATIENCE_GRACE_MS);
	assert_int_equal(patience_look(&p, 1500 + PATIENCE_GRACE_MS), PATIENCE_END);
	assert_int_equal(patience_look(&p, 1501 + PATIENCE_GRACE_MS), PATIENCE_WAIT);
	assert_int_equal(patience_left(&p, 1501 + PATIENCE_GRACE_MS), -1);
}

/* The longest there is does not fit poll()'s argument. */
static void a_long_limit_is_waited_for_in_parts(void **state)
{
	struct patience p;

	(void)state;
	patience_begin(&p, UINT32_MAX, 1);
	assert_int_equal(patience_left(&p, 1), INT32_MAX);
	assert_int_equal(patience_look(&p, UINT32_MAX), PATIENCE_WAIT);
	assert_int_equal(patience_left(&p, UINT32_MAX), 1);
}

static void a_second_signal_ends_unless_it_comes_at_once(void **state)
{
	struct patience p;

	(void)state;
	patience_begin(&p, 0, 1000);
	assert_int_equal(patience_asked(&p, 2000), PATIENCE_ASK);
	assert_int_equal(patience_asked(&p, 2000), PATIENCE_ASK);
	assert_int_equal(patience_asked(&p, 2000 + PATIENCE_AGAIN_MS - 1), PATIENCE_ASK);
	assert_int_equal(patience_asked(&p, 2000 + PATIENCE_AGAIN_MS), PATIENCE_END);
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint32_t ms;
	} cases[] = {
		{"30", 0, 30000},
		{"30s", 0, 30000},
		{"1.5h", 0, 5400000},
		{"0.25", 0, 250},
		{"2m", 0, 120000},
		{"1d", 0, 86400000},
		{"250ms", 0, 250},
		{"1.", 0, 1000},
		{"0.001s", 0, 1},
		{"0.3333333333333333333s", 0, 333},
		{"49d", 0, 4233600000U},
		{"", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{".5", -EINVAL, 0},
		{"1x", -EINVAL, 0},
		{"1 s", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{"1.2.3", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
		{"inf", -EINVAL, 0},
		{"0", -ERANGE, 0},
		{"0.0001", -ERANGE, 0},
		{"50d", -ERANGE, 0},
		{"99999999999999999999999", -ERANGE, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t ms = 0;

		print_message("%s\n", cases[i].text);
		assert_int_equal(duration_parse(cases[i].text, &ms), cases[i].err);
		assert_int_equal(ms, cases[i].ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_limit_nothing_is_due),
		cmocka_unit_test(a_limit_asks_then_ends),
		cmocka_unit_test(a_long_limit_is_waited_for_in_parts),
		cmocka_unit_test(a_second_signal_ends_unless_it_comes_at_once),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
