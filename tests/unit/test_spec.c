/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tree.h"

#include "boot/spec.h"

static void records_are_as_abi_h_says(void **state)
{
	static const char expected[] = "arg=a=b\0arg=\0uid=1000\0env=K=two\nlines";
	_cleanup_spec_ struct spec spec = {0};

	(void)state;
	spec_add(&spec, "arg", "%s", "a=b");
	spec_add(&spec, "arg", "%s", "");
	spec_add(&spec, "uid", "%u", 1000u);
	spec_add(&spec, "env", "%s", "K=two\nlines");
	assert_int_equal(spec.error, 0);
	assert_int_equal(spec.size, sizeof(expected));
	assert_memory_equal(spec.data, expected, sizeof(expected));
}

static void walks_in_order(void **state)
{
	_cleanup_spec_ struct spec spec = {0};
	const char *record = NULL;
	int count = 0;

	(void)state;
	assert_null(spec_next(&spec, NULL));
	/* Longer than the first allocation, and a record longer than all before it. */
	for (int i = 0; i < 1000; i++)
		spec_add(&spec, "group", "%d", i);
	spec_add(&spec, "arg", "%0*d", 100000, 7);
	while ((record = spec_next(&spec, record)) && count < 1000) {
		char expected[32];
		(void)snprintf(expected, sizeof(expected), "group=%d", count++);
		assert_string_equal(record, expected);
	}
	assert_non_null(record);
	assert_int_equal(strlen(record), strlen("arg=") + 100000);
	assert_null(spec_next(&spec, record));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_as_abi_h_says),
		cmocka_unit_test(walks_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
