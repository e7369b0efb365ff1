/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tree.h"

#include "boot/cmdline.h"

static bool has_word(const char *line, const char *word)
{
	const size_t len = strlen(word);

	for (const char *at = line; (at = strstr(at, word)); at++) {
		if ((at == line || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	}
	return false;
}

static void quiet_comes_before_earlycon(void **state)
{
	char *line = cmdline_make(NULL, 0, &(struct cmdline_options){.kaslr = true});

	(void)state;
	assert_true(has_word(line, "quiet"));
	assert_non_null(strstr(line, "earlycon=uart8250,io,0x3f8"));
	assert_true(strstr(line, "quiet") < strstr(line, "earlycon"));
	assert_true(has_word(line, "keep_bootcon"));
	assert_true(has_word(line, "reboot=b"));
	assert_null(strstr(line, "  "));
	free(line);
}

static void verbose_is_not_quiet(void **state)
{
	char *line =
		cmdline_make(NULL, 0, &(struct cmdline_options){.verbose = true, .kaslr = true});

	(void)state;
	assert_false(has_word(line, "quiet"));
	assert_true(line[0] != ' ');
	free(line);
}

static void the_callers_words_come_last(void **state)
{
	static const char *const append[] = {"a=1", "b c"};
	static const char tail[] = " nokaslr a=1 b c";
	char *line = cmdline_make(append, 2, &(struct cmdline_options){0});

	(void)state;
	assert_string_equal(line + strlen(line) - strlen(tail), tail);
	free(line);
}

static void the_log_of_initcalls_is_all_kept(void **state)
{
	char *line =
		cmdline_make(NULL, 0, &(struct cmdline_options){.kaslr = true, .initcalls = true});

	(void)state;
	assert_true(has_word(line, "initcall_debug"));
	assert_true(has_word(line, "log_buf_len=4M"));
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quiet_comes_before_earlycon),
		cmocka_unit_test(verbose_is_not_quiet),
		cmocka_unit_test(the_callers_words_come_last),
		cmocka_unit_test(the_log_of_initcalls_is_all_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
