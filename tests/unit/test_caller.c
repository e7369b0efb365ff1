/* SPDX-License-Identifier: Apache-2.0 */
/* Who calls, and where what is kept for it goes. */
#include "tests/unit/tree.h"

#include <pwd.h>

#include "core/cleanup.h"
#include "core/util.h"
#include "launcher/cache.h"

static struct caller caller_with(char *const *environment)
{
	return (struct caller){.uid = getuid(), .environ = environment};
}

static void variables_are_found_by_their_whole_name(void **state)
{
	char *const environment[] = {(char[]){"AB=1"}, (char[]){"A"},  (char[]){"A=x=y"},
				     (char[]){"A=2"},  (char[]){"E="}, NULL};
	struct caller caller = caller_with(environment);

	(void)state;
	assert_string_equal(caller_variable(&caller, "A"), "x=y");
	assert_string_equal(caller_variable(&caller, "AB"), "1");
	assert_string_equal(caller_variable(&caller, "E"), "");
	assert_null(caller_variable(&caller, "B"));
	assert_null(caller_variable(&caller, "ABC"));
}

static void assert_cache_dir(const char *cache, const char *home, uid_t uid, const char *expected)
{
	char variables[2][64];
	char *const environment[] = {variables[0], variables[1], NULL};
	struct caller caller = caller_with(environment);

	caller.uid = uid;
	FORMAT(variables[0], "%s", cache);
	FORMAT(variables[1], "%s", home);
	_cleanup_free_ char *dir = NULL;
	assert_int_equal(cache_path(&caller, &dir), 0);
	if (!expected) {
		assert_null(dir);
		return;
	}
	assert_non_null(dir);
	assert_string_equal(dir, expected);
}

static void the_cache_is_where_xdg_says_or_at_home(void **state)
{
	static const char *const useless[] = {"", "XDG_CACHE_HOME=", "XDG_CACHE_HOME=c",
					      "XDG_CACHE_HOME=./c"};

	(void)state;
	assert_cache_dir("XDG_CACHE_HOME=/c/d", "HOME=/h", 0, "/c/d/snug");
	assert_cache_dir("XDG_CACHE_HOME=/c", "", 0, "/c/snug");
	for (size_t i = 0; i < ARRAY_SIZE(useless); i++)
		assert_cache_dir(useless[i], "HOME=/h", 0, "/h/.cache/snug");
}

static void without_a_home_it_is_the_passwd_entrys(void **state)
{
	static const char *const useless[] = {"", "HOME=", "HOME=h", "HOME=../h"};
	const struct passwd *pw = getpwuid(getuid());
	char expected[PATH_MAX];

	(void)state;
	if (!pw || pw->pw_dir[0] != '/') {
		print_message("skipped: no entry for this user\n");
		skip();
	}
	FORMAT(expected, "%s/.cache/snug", pw->pw_dir);
	for (size_t i = 0; i < ARRAY_SIZE(useless); i++)
		assert_cache_dir("", useless[i], getuid(), expected);
}

static void nobody_that_is_known_has_no_cache(void **state)
{
	const uid_t unknown = 3141592653;

	(void)state;
	if (getpwuid(unknown)) {
		print_message("skipped: everybody is known here\n");
		skip();
	}
	assert_cache_dir("XDG_CACHE_HOME=relative", "HOME=relative", unknown, NULL);
	assert_cache_dir("", "", unknown, NULL);
	assert_cache_dir("", "HOME=/h", unknown, "/h/.cache/snug");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_are_found_by_their_whole_name),
		cmocka_unit_test(the_cache_is_where_xdg_says_or_at_home),
		cmocka_unit_test(without_a_home_it_is_the_passwd_entrys),
		cmocka_unit_test(nobody_that_is_known_has_no_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
