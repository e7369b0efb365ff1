/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of plans: a made-up caller on a made-up host with one kernel, in a directory tree. */
#ifndef TESTS_UNIT_PLAN_MAKER_H
#define TESTS_UNIT_PLAN_MAKER_H

#include "tests/unit/fake_kernel.h"
#include "tests/unit/fake_modules.h"

#include <errno.h>

#include "core/util.h"
#include "launcher/plan.h"
#include "launcher/prepare.h"

#define VERSION "6.1.0"

static struct tree tree;
static struct host host;
static struct captured captured;

static gid_t groups[] = {4, 24};
static char *const environment[] = {
	(char *)(uintptr_t) "PATH=/bin",
	(char *)(uintptr_t) "HOME=/nonexistent",
	(char *)(uintptr_t) "USER=me",
	(char *)(uintptr_t) "SHELL=/bin/sh",
	(char *)(uintptr_t) "TERM=xterm",
	(char *)(uintptr_t) "LC_ALL=C.UTF-8",
	(char *)(uintptr_t) "LC_TIME=de_DE",
	(char *)(uintptr_t) "SSH_AUTH_SOCK=/secret",
	(char *)(uintptr_t) "DBUS_SESSION_BUS_ADDRESS=secret",
	(char *)(uintptr_t) "XDG_RUNTIME_DIR=/secret",
	(char *)(uintptr_t) "AWS_SECRET_ACCESS_KEY=secret",
	(char *)(uintptr_t) "SNUG=0",
	(char *)(uintptr_t) "LC_",
	(char *)(uintptr_t) "MINE=1",
	NULL,
};
static struct caller caller;

static inline int set_up_tree(void **state)
{
	(void)state;
	tree_make(&tree);
	if (fake_modules_available()) {
		fake_kernel_make(&tree, "/boot/vmlinuz-" VERSION, VERSION);
		fake_modules_make(&tree, "", VERSION, NULL, NULL);
	}
	return 0;
}

static inline int tear_down_tree(void **state)
{
	(void)state;
	tree_remove(&tree);
	return 0;
}

static inline int set_up(void **state)
{
	(void)state;
	host = (struct host){.root = tree.root, .ram = GIB(1)};
	caller = (struct caller){
		.uid = 54321,
		.gid = 54322,
		.groups = groups,
		.group_count = ARRAY_SIZE(groups),
		.umask = 027,
		.cwd = (char *)(uintptr_t) "/usr/bin",
		.environ = environment,
	};
	return 0;
}

static inline void need_tools(void)
{
	if (!fake_modules_available()) {
		print_message("skipped: no as or no depmod\n");
		skip();
	}
}

static char *const no_command[] = {NULL};

static inline int make(struct plan *plan, struct options *options)
{
	need_tools();
	if (!options->argv)
		options->argv = no_command;
	stderr_begin(&captured);
	int err = plan_make(plan, options, &caller, &host);
	stderr_end(&captured);
	if (err)
		assert_one_line(captured.text);
	else
		assert_string_equal(captured.text, "");
	return err;
}

/* The records of one key, joined by '|'. */
static inline void records(const struct spec *spec, const char *key, char *out, size_t size)
{
	const char *record = NULL;
	const size_t len = strlen(key);

	out[0] = '\0';
	while ((record = spec_next(spec, record))) {
		if (strncmp(record, key, len) != 0 || record[len] != '=')
			continue;
		const size_t at = strlen(out);
		(void)snprintf(out + at, size - at, "%s%s", at ? "|" : "", record + len + 1);
	}
}

static inline void assert_records(const struct spec *spec, const char *key, const char *expected)
{
	static char joined[4096];

	records(spec, key, joined, sizeof(joined));
	assert_string_equal(joined, expected);
}

#endif
