/* SPDX-License-Identifier: Apache-2.0 */
/* What --security makes of a plan, on this host or any other; and the command line of snug-label. */
#include "tests/unit/tree.h"

#include <errno.h>

#include "launcher/label.h"
#include "launcher/security.h"
#include "launcher/xdg.h"

static struct captured captured;

static int plan(enum security_source source, bool relabels, struct security *security)
{
	const struct security_option option = {source,
					       source == SECURITY_STATIC ? "a:b:c:s0" : NULL};

	stderr_begin(&captured);
	int err = security_plan(&option, relabels, security);
	stderr_end(&captured);
	return err;
}

static void with_and_without_selinux(void **state)
{
	const bool on = security_selinux_is_on();
	struct security security;

	(void)state;
	assert_int_equal(plan(SECURITY_DYNAMIC, true, &security), 0);
	assert_string_equal(captured.text, "");
	assert_int_equal(security_wants_label(&security), on);
	assert_int_equal(plan(SECURITY_STATIC, true, &security), on ? 0 : -EOPNOTSUPP);
	if (!on)
		assert_contains(captured.text, "SELinux is not enabled on this host");
	assert_int_equal(plan(SECURITY_NONE, false, &security), 0);
	assert_false(security_wants_label(&security));
	assert_int_equal(plan(SECURITY_NONE, true, &security), -EINVAL);
	assert_one_line(captured.text);
	assert_int_equal(plan(SECURITY_INHERIT, true, &security), -EINVAL);
}

static char *const environment[] = {(char *)(uintptr_t) "HOME=/home/me",
				    (char *)(uintptr_t) "XDG_CACHE_HOME=relative",
				    (char *)(uintptr_t) "XDG_STATE_HOME=/state", NULL};

static void places(void **state)
{
	const struct caller caller = {.environ = environment};
	char *path;

	(void)state;
	assert_int_equal(xdg_path(&caller, "XDG_STATE_HOME", ".local/state", &path), 0);
	assert_string_equal(path, "/state/snug");
	free(path);
	assert_int_equal(xdg_path(&caller, "XDG_CACHE_HOME", ".cache", &path), 0);
	assert_string_equal(path, "/home/me/.cache/snug");
	free(path);
}

static void assert_words(const struct strlist *list, const char *const wanted[])
{
	size_t i = 0;

	for (; wanted[i]; i++) {
		assert_true(i < list->count);
		assert_string_equal(list->items[i], wanted[i]);
	}
	assert_int_equal(list->count, i);
}

/* snug-label is looked for beside this program: an empty one will do. */
static void what_is_executed(void **state)
{
	static const char *const labelled[] = {"snug-label",
					       "run",
					       "--security=static",
					       "--label=a:b:c:s0",
					       "--verbose",
					       "--volume=11:ro:no:/a",
					       "--volume=12:rw:Z:/b:c",
					       "--state=/state/snug/labels",
					       "--proc=7",
					       "--",
					       "/m",
					       "snug-monitor",
					       "--kvm=3",
					       NULL};
	static const char *const plain[] = {"snug-monitor", "--kvm=3", NULL};
	const struct caller caller = {.environ = environment};
	struct mount mounts[] = {{.kind = MOUNT_VOLUME, .src = (char *)(uintptr_t) "/a"},
				 {.kind = MOUNT_TMPFS},
				 {.kind = MOUNT_VOLUME,
				  .src = (char *)(uintptr_t) "/b:c",
				  .rw = true,
				  .relabel = RELABEL_PRIVATE}};
	struct plan plan = {.mounts = {mounts, 3},
			    .verbose = true,
			    .security = {{SECURITY_STATIC, "a:b:c:s0"}, true}};
	_cleanup_strlist_ struct strlist argv = {0}, with = {0}, without = {0};
	char self[PATH_MAX], program[PATH_MAX], beside[PATH_MAX];

	(void)state;
	const ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	assert_true(len > 0);
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	FORMAT(beside, "%s/snug-label", self);
	const int fd = open(beside, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	assert_true(fd >= 0);
	(void)close(fd);
	strlist_add(&argv, "snug-monitor");
	strlist_add(&argv, "--kvm=3");
	assert_int_equal(label_command(&plan, &caller, "/m", &argv, program, &with), 0);
	assert_string_equal(program, beside);
	assert_words(&with, labelled);
	plan.security.selinux = false;
	assert_int_equal(label_command(&plan, &caller, "/m", &argv, program, &without), 0);
	assert_string_equal(program, "/m");
	assert_words(&without, plain);
	assert_int_equal(unlink(beside), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_and_without_selinux),
		cmocka_unit_test(places),
		cmocka_unit_test(what_is_executed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
