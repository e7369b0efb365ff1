/* SPDX-License-Identifier: Apache-2.0 */
/* The run specification as guest-init reads it (guest-init/spec.h, core/abi.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "guest-init/spec.h"

#define MINIMAL "share=root:/\0uid=0\0gid=0\0arg=true\0"

/* A copy on the heap, exactly as long as the text, so that ASan sees a step beyond it. */
static int parse(struct spec *spec, char **copy, const char *text, size_t len)
{
	const char *why = NULL;
	int r;

	*copy = malloc(len ? len : 1);
	assert_non_null(*copy);
	memcpy(*copy, text, len);
	r = spec_parse(spec, *copy, len, &why);
	assert_non_null(why);
	return r;
}

#define PARSE(spec, copy, literal) parse(spec, copy, literal, sizeof(literal) - 1)

static void assert_refused_len(const char *text, size_t len)
{
	struct spec spec;
	char *copy;
	int r = parse(&spec, &copy, text, len);

	if (r != -EINVAL)
		fail_msg("taken, or refused with %d: \"%.*s\"", r, (int)len, text);
	spec_free(&spec);
	free(copy);
}

#define assert_refused(literal) assert_refused_len(literal, sizeof(literal) - 1)

static void test_minimal_has_the_documented_defaults(void **state)
{
	struct spec spec;
	char *copy;

	(void)state;
	assert_int_equal(PARSE(&spec, &copy, MINIMAL), 0);
	assert_string_equal(spec.shares[0].tag, "root");
	assert_string_equal(spec.shares[0].dir, "/");
	assert_int_equal(spec.share_count, 1);
	assert_string_equal(spec.args.items[0], "true");
	assert_null(spec.args.items[1]);
	assert_null(spec.env.items[0]);
	assert_string_equal(spec.cwd, "/");
	assert_int_equal(spec.umask, 022);
	assert_null(spec.hostname);
	assert_int_equal(spec.group_count, 0);
	assert_false(spec.tty);
	assert_false(spec.stderr_tty);
	assert_false(spec.closed[0] || spec.closed[1] || spec.closed[2]);
	spec_free(&spec);
	free(copy);
}

static void test_everything(void **state)
{
	struct spec spec;
	char *copy;

	(void)state;
	assert_int_equal(
		PARSE(&spec, &copy,
		      "module=/m/a.ko\0module=/m/b.ko\0share=root:/\0share=data:/srv/a:b\0"
		      "overlay=/tmp\0overlay=/home\0"
		      "exports=mmap:rw:cache=mmap,access=any\0exports=loose:ro:cache=loose\0"
		      "mount=ro:loose/0:/a:b\0mount=rw:mmap/12:/c\0mount=tmpfs:/d:e\0"
		      "mount=overlay:/\0uid=1000\0gid=4294967294\0group=4\0"
		      "group=27\0umask=077\0cwd=/"
		      "srv\0hostname=box\0pids=64\0overlay-size=50%\0tty=24x80\0stderr=tty\0"
		      "stdin=closed\0stdout=closed\0env=A=b=c\0env=EMPTY=\0arg=sh\0arg=\0"
		      "arg=x=y\nz\0"),
		0);
	assert_int_equal(spec.modules.count, 2);
	assert_string_equal(spec.modules.items[1], "/m/b.ko");
	assert_int_equal(spec.share_count, 2);
	assert_string_equal(spec.shares[1].tag, "data");
	assert_string_equal(spec.shares[1].dir, "/srv/a:b");
	assert_int_equal(spec.overlays.count, 2);
	assert_string_equal(spec.overlays.items[0], "/tmp");
	assert_int_equal(spec.export_count, 2);
	assert_string_equal(spec.exports[0].tag, "mmap");
	assert_string_equal(spec.exports[0].options, "cache=mmap,access=any");
	assert_true(spec.exports[0].rw && !spec.exports[1].rw);
	assert_int_equal(spec.exports[0].fd, -1);
	assert_int_equal(spec.mount_count, 4);
	assert_int_equal(spec.mounts[0].kind, USER_RO_VOLUME);
	assert_string_equal(spec.mounts[0].source, "loose/0");
	assert_string_equal(spec.mounts[0].dst, "/a:b");
	assert_int_equal(spec.mounts[1].kind, USER_RW_VOLUME);
	assert_string_equal(spec.mounts[1].source, "mmap/12");
	assert_int_equal(spec.mounts[2].kind, USER_TMPFS);
	assert_string_equal(spec.mounts[2].dst, "/d:e");
	assert_int_equal(spec.mounts[3].kind, USER_OVERLAY);
	assert_string_equal(spec.mounts[3].dst, "/");
	assert_int_equal(spec.uid, 1000);
	assert_true(spec.gid == 4294967294U);
	assert_int_equal(spec.group_count, 2);
	assert_int_equal(spec.groups[0], 4);
	assert_int_equal(spec.groups[1], 27);
	assert_int_equal(spec.umask, 077);
	assert_string_equal(spec.cwd, "/srv");
	assert_string_equal(spec.hostname, "box");
	assert_string_equal(spec.pids, "64");
	assert_string_equal(spec.overlay_size, "50%");
	assert_true(spec.tty && spec.stderr_tty);
	assert_int_equal(spec.size.ws_row, 24);
	assert_int_equal(spec.size.ws_col, 80);
	assert_true(spec.closed[0] && spec.closed[1] && !spec.closed[2]);
	assert_string_equal(spec.env.items[0], "A=b=c");
	assert_string_equal(spec.env.items[1], "EMPTY=");
	assert_null(spec.env.items[2]);
	assert_int_equal(spec.args.count, 3);
	assert_string_equal(spec.args.items[1], "");
	assert_string_equal(spec.args.items[2], "x=y\nz");
	assert_null(spec.args.items[3]);
	spec_free(&spec);
	free(copy);
}

static void test_the_slot_before_the_arguments_is_free_for_use(void **state)
{
	struct spec spec;
	char *copy;

	(void)state;
	assert_int_equal(PARSE(&spec, &copy, MINIMAL), 0);
	spec.args.items[-1] = copy;
	assert_string_equal(spec.args.items[0], "true");
	spec_free(&spec);
	free(copy);
}

static void test_what_is_missing_is_refused(void **state)
{
	(void)state;
	assert_refused("");
	assert_refused("share=root:/\0uid=0\0gid=0\0");
	assert_refused("share=root:/\0gid=0\0arg=true\0");
	assert_refused("share=root:/\0uid=0\0arg=true\0");
	assert_refused("uid=0\0gid=0\0arg=true\0");
	assert_refused("share=data:/srv\0share=root:/\0uid=0\0gid=0\0arg=true\0");
}

static void test_what_is_malformed_is_refused(void **state)
{
	static const char *const records[] = {
		"surprise=1",
		"uid",
		"uid=",
		"uid=-1",
		"uid=4294967295",
		"uid=0x1",
		"uid=1 ",
		"gid=4294967296",
		"gid=",
		"group=4294967295",
		"group=x",
		"umask=8",
		"umask=01000",
		"umask=",
		"tty=24",
		"tty=24x",
		"tty=x80",
		"tty=24x80x",
		"tty=65536x1",
		"stdin=open",
		"stdin=tty",
		"stdout=tty",
		"stderr=",
		"share=:/srv",
		"share=data",
		"share=data:srv",
		"overlay=tmp",
		"overlay=",
		"exports=",
		"exports=t",
		"exports=t:rw",
		"exports=t:rw:",
		"exports=:rw:cache=none",
		"exports=a/b:rw:cache=none",
		"exports=t:wo:cache=none",
		"mount=",
		"mount=ro",
		"mount=ro:/a",
		"mount=ro:t:/a",
		"mount=ro:t/0",
		"mount=ro:t/0:a",
		"mount=rw:t/0:",
		"mount=tmpfs",
		"mount=tmpfs:a",
		"mount=tmpfs:",
		"mount=overlay:a",
		"mount=bind:t/0:/a",
		"cwd=",
		"cwd=srv",
		"",
		"stderr=tty",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		char text[128] = MINIMAL;
		size_t len = sizeof(MINIMAL) - 1;

		memcpy(text + len, records[i], strlen(records[i]) + 1);
		assert_refused_len(text, len + strlen(records[i]) + 1);
	}
}

static void test_cut_short_anywhere_is_refused(void **state)
{
	static const char text[] = MINIMAL "env=A=b\0";

	(void)state;
	for (size_t len = 0; len < sizeof(MINIMAL) - 1; len++)
		assert_refused_len(text, len);
	for (size_t len = sizeof(MINIMAL); len < sizeof(text) - 1; len++)
		assert_refused_len(text, len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_minimal_has_the_documented_defaults),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_the_slot_before_the_arguments_is_free_for_use),
		cmocka_unit_test(test_what_is_missing_is_refused),
		cmocka_unit_test(test_what_is_malformed_is_refused),
		cmocka_unit_test(test_cut_short_anywhere_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
