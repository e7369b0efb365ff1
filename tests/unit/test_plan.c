/* SPDX-License-Identifier: Apache-2.0 */
/* Options, a made-up caller and a made-up host -> the plan, its run specification and its initrd. */
#include "tests/unit/plan_maker.h"

#include <pwd.h>
#include <signal.h>
#include <sys/resource.h>

#include "launcher/dry_run.h"

/* The made-up kernel has nothing to unpack. */
static int prepare_all_but_kernel(struct prepared *prepared, struct plan *plan)
{
	plan->boot = BOOT_BZIMAGE;
	return prepare(prepared, plan);
}

static void assert_list(const struct strlist *list, const char *const expected[])
{
	size_t i = 0;

	for (; i < list->count && expected[i]; i++)
		assert_string_equal(list->items[i], expected[i]);
	assert_int_equal(i, list->count);
	assert_null(expected[i]);
}

static void the_caller_as_it_is(void **state)
{
	static const char *const overlays[] = {"/tmp", "/home", NULL};
	static const char *const argv[] = {"/bin/sh", NULL};
	struct options options = {0};
	struct plan plan;

	(void)state;
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(plan.identity.uid, 54321);
	assert_int_equal(plan.identity.gid, 54322);
	assert_int_equal(plan.identity.group_count, 2);
	assert_int_equal(plan.identity.groups[1], 24);
	assert_int_equal(plan.umask, 027);
	assert_string_equal(plan.cwd, "/usr/bin");
	assert_int_equal(plan.memory, MIB(512));
	assert_list(&plan.overlays, overlays);
	assert_list(&plan.argv, argv);
	plan_free(&plan);
}

static void memory_fits_the_host(void **state)
{
	struct options options = {0};
	struct plan plan;

	(void)state;
	host.ram = MIB(300) + 12345;
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(plan.memory, MIB(150));
	plan_free(&plan);
	options.memory = MIB(300);
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(plan.memory, MIB(300));
	plan_free(&plan);
	options.memory = MIB(301);
	assert_int_equal(make(&plan, &options), -ERANGE);
	assert_contains(captured.text, "301M is more than this host has (300M)");
	plan_free(&plan);
}

static void the_environment_is_clean(void **state)
{
	static const char *const expected[] = {"HOME=/nonexistent",
					       "USER=me",
					       "SHELL=/bin/sh",
					       "PATH=/bin",
					       "TERM=xterm",
					       "LC_ALL=C.UTF-8",
					       "LC_TIME=de_DE",
					       "SNUG=1",
					       "K=V=W",
					       "MINE=1",
					       "EMPTY=",
					       NULL};
	struct options options = {0};
	struct plan plan;

	(void)state;
	strlist_add(&options.env, "K=first");
	strlist_add(&options.env, "K=V=W");
	strlist_add(&options.env, "MINE");
	strlist_add(&options.env, "NOT_SET");
	strlist_add(&options.env, "EMPTY=");
	assert_int_equal(make(&plan, &options), 0);
	assert_list(&plan.env, expected);
	plan_free(&plan);
	strlist_free(&options.env);
}

static void another_user_has_its_own_home(void **state)
{
	struct options options = {.user = "root"};
	const struct passwd *root = getpwuid(0);
	char home[PATH_MAX];
	struct plan plan;

	(void)state;
	assert_non_null(root);
	FORMAT(home, "%s", root->pw_dir);
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(plan.identity.uid, 0);
	assert_int_equal(plan.identity.gid, 0);
	assert_string_equal(strlist_getenv(&plan.env, "HOME"), home);
	assert_string_equal(strlist_getenv(&plan.env, "USER"), "root");
	assert_string_equal(strlist_getenv(&plan.env, "LOGNAME"), "root");
	assert_string_equal(strlist_getenv(&plan.env, "PATH"), "/bin");
	plan_free(&plan);
}

static void users_by_number(void **state)
{
	struct options options = {.user = "54321"};
	struct plan plan;

	(void)state;
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(plan.identity.uid, 54321);
	assert_int_equal(plan.identity.gid, 54321);
	assert_int_equal(plan.identity.group_count, 0);
	assert_null(strlist_getenv(&plan.env, "HOME"));
	plan_free(&plan);
	options.user = "0:7";
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(plan.identity.uid, 0);
	assert_int_equal(plan.identity.gid, 7);
	assert_int_equal(plan.identity.group_count, 0);
	plan_free(&plan);
}

static void users_that_are_none(void **state)
{
	static const char *const bad[] = {
		"no-such-user", "1:", "1:x",        "1:2:3",
		"1x",           "-1", "4294967295", "99999999999999999999"};
	struct plan plan;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct options options = {.user = bad[i]};
		assert_true(make(&plan, &options) < 0);
		assert_contains(captured.text, "--user");
		plan_free(&plan);
	}
}

static void a_home_elsewhere_gets_an_overlay(void **state)
{
	char home[PATH_MAX];
	char *here[] = {home, NULL};
	struct options options = {0};
	struct plan plan;

	(void)state;
	caller.environ = here;
	/* Below /tmp there is one already, also by way of a symbolic link. */
	FORMAT(home, "HOME=%s", tree.root);
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(plan.overlays.count, 2);
	plan_free(&plan);
	(void)strcpy(home, "HOME=/usr/share");
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(plan.overlays.count, 3);
	assert_string_equal(plan.overlays.items[2], "/usr/share");
	plan_free(&plan);
	FORMAT(home, "HOME=%s/link", tree.root);
	assert_int_equal(symlink("/usr/share", home + strlen("HOME=")), 0);
	assert_int_equal(make(&plan, &options), 0);
	assert_string_equal(plan.overlays.items[2], "/usr/share");
	plan_free(&plan);
	static const char *const none[] = {"HOME=/", "HOME=usr", "HOME=", "HOME=/home/x/.."};
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		(void)strcpy(home, none[i]);
		assert_int_equal(make(&plan, &options), 0);
		assert_int_equal(plan.overlays.count, 2);
		plan_free(&plan);
	}
}

static void working_directories(void **state)
{
	struct options options = {.workdir = "../share"};
	struct plan plan;

	(void)state;
	assert_int_equal(make(&plan, &options), 0);
	assert_string_equal(plan.cwd, "/usr/bin/../share");
	plan_free(&plan);
	options.workdir = "/proc/nothing"; /* only the guest knows */
	assert_int_equal(make(&plan, &options), 0);
	assert_string_equal(plan.cwd, "/proc/nothing");
	plan_free(&plan);
	options.workdir = "/nothing";
	assert_int_equal(make(&plan, &options), -ENOENT);
	assert_contains(captured.text, "--workdir: /nothing: No such file or directory");
	plan_free(&plan);
	options.workdir = "/etc/passwd";
	assert_int_equal(make(&plan, &options), -ENOTDIR);
	plan_free(&plan);
	char longest[PATH_MAX + 1];
	memset(longest, '/', PATH_MAX);
	longest[PATH_MAX] = '\0';
	options.workdir = longest;
	assert_int_equal(make(&plan, &options), -ENAMETOOLONG);
	plan_free(&plan);
}

/* $SHELL may be anything: what cannot be run is passed over. */
static void shells(void **state)
{
	static const struct {
		const char *shell, *taken;
	} rows[] = {
		{"SHELL=/bin/cat", "/bin/cat"},   {"SHELL=", "/bin/sh"},
		{"SHELL=sh", "/bin/sh"},          {"SHELL=/etc", "/bin/sh"},
		{"SHELL=/etc/passwd", "/bin/sh"}, {"SHELL=/nothing", "/bin/sh"},
		{"SHELL=/bin/cat -n", "/bin/sh"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *const shell[] = {(char *)(uintptr_t)rows[i].shell, NULL};
		struct options options = {0};
		struct plan plan;

		caller.environ = shell;
		assert_int_equal(make(&plan, &options), 0);
		assert_int_equal(plan.argv.count, 1);
		assert_string_equal(plan.argv.items[0], rows[i].taken);
		plan_free(&plan);
	}
}

static void a_current_directory_that_is_gone(void **state)
{
	struct options options = {0};
	struct plan plan;

	(void)state;
	caller.cwd = NULL;
	assert_int_equal(make(&plan, &options), -ENOENT);
	assert_contains(captured.text, "-w DIR");
	plan_free(&plan);
	options.workdir = "relative";
	assert_int_equal(make(&plan, &options), -ENOENT);
	plan_free(&plan);
	options.workdir = "/";
	assert_int_equal(make(&plan, &options), 0);
	assert_string_equal(plan.cwd, "/");
	plan_free(&plan);
}

static void a_command_line_too_long_for_the_kernel(void **state)
{
	static char word[3000];
	struct options options = {0};
	struct plan plan;

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	strlist_add(&options.append, word);
	assert_int_equal(make(&plan, &options), -E2BIG);
	assert_contains(captured.text, "takes 2047");
	plan_free(&plan);
	strlist_free(&options.append);
}

static void assert_kaslr(const char *append, bool no_kaslr, bool expected)
{
	struct options options = {.no_kaslr = no_kaslr};
	struct plan plan;

	strlist_add(&options.append, "debug");
	strlist_add(&options.append, append);
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(plan.kaslr, expected);
	/* Whoever unpacks the kernel: the guest is told the same. */
	assert_int_equal(strstr(plan.cmdline, " nokaslr") == NULL, expected);
	plan_free(&plan);
	strlist_free(&options.append);
}

static void random_addresses_unless_somebody_says_no(void **state)
{
	(void)state;
	assert_kaslr("", false, true);
	assert_kaslr("", true, false);
	assert_kaslr("nokaslr", false, false);
	assert_kaslr("nokaslr", true, false);
	/* More than one parameter in an item. */
	assert_kaslr("quiet nokaslr", false, false);
	assert_kaslr("nokaslr  quiet", false, false);
	assert_kaslr("a=1 \t nokaslr ", false, false);
	assert_kaslr("a=nokaslr xnokaslr", false, true);
	assert_kaslr("x-nokaslr", false, true);
}

static void words_that_only_begin_like_it(void **state)
{
	struct options options = {0};
	struct plan plan;

	(void)state;
	strlist_add(&options.append, "nokaslrx nokasl nokaslr=1");
	assert_int_equal(make(&plan, &options), 0);
	assert_true(plan.kaslr);
	plan_free(&plan);
	strlist_free(&options.append);
}

static void who_unpacks_the_kernel_and_where_it_is_kept(void **state)
{
	struct options options = {.boot = BOOT_BZIMAGE};
	struct plan plan;

	(void)state;
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(plan.boot, BOOT_BZIMAGE);
	assert_string_equal(plan.cache.path, "/nonexistent/.cache/snug"); /* the made-up HOME */
	plan_free(&plan);
	options.boot = BOOT_DIRECT;
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(plan.boot, BOOT_DIRECT);
	plan_free(&plan);
}

static void the_run_specification(void **state)
{
	static char *const argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "",
				     (char *)(uintptr_t) "a b", NULL};
	struct options options = {.argv = argv};
	struct prepared prepared;
	struct stat st;
	struct plan plan;

	(void)state;
	caller.stdio = (struct stdio){.closed = {true, false, true}};
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(prepare_all_but_kernel(&prepared, &plan), 0);
	assert_records(&prepared.spec, "arg", "sh||a b");
	assert_records(&prepared.spec, "share", "root:/");
	assert_records(&prepared.spec, "overlay", "/tmp|/home");
	assert_records(&prepared.spec, "cwd", "/usr/bin");
	assert_records(&prepared.spec, "uid", "54321");
	assert_records(&prepared.spec, "gid", "54322");
	assert_records(&prepared.spec, "group", "4|24");
	assert_records(&prepared.spec, "umask", "0027");
	assert_records(&prepared.spec, "stdin", "closed");
	assert_records(&prepared.spec, "stdout", "");
	assert_records(&prepared.spec, "stderr", "closed");
	assert_records(&prepared.spec, "tty", "");
	assert_records(&prepared.spec, "module",
		       "/modules/virtio_ring.ko|/modules/virtio.ko|/modules/virtio_mmio.ko|"
		       "/modules/virtio_console.ko|/modules/9pnet.ko|/modules/9pnet_virtio.ko|"
		       "/modules/netfs.ko|/modules/9p.ko|/modules/crc_test.ko|"
		       "/modules/overlay.ko");
	assert_int_equal(fstat(prepared.initrd_fd, &st), 0);
	assert_true(st.st_size > 0);
	prepared_free(&prepared);
	plan_free(&plan);
}

static void a_terminal(void **state)
{
	struct options options = {0};
	struct prepared prepared;
	struct plan plan;

	(void)state;
	caller.stdio =
		(struct stdio){.tty = true, .stderr_is_tty = true, .rows = 50, .columns = 132};
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(prepare_all_but_kernel(&prepared, &plan), 0);
	assert_records(&prepared.spec, "tty", "50x132");
	assert_records(&prepared.spec, "stderr", "tty");
	prepared_free(&prepared);
	plan_free(&plan);
}

static void the_initrd_holds_what_the_plan_says(void **state)
{
	struct options options = {0};
	struct prepared prepared;
	struct plan plan;
	char command[PATH_MAX];

	(void)state;
	if (!have_program("cpio")) {
		print_message("skipped: no cpio\n");
		skip();
	}
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(prepare_all_but_kernel(&prepared, &plan), 0);
	FORMAT(command,
	       "cd %s && mkdir out && cd out && cpio -idm --quiet init 'modules*' "
	       "</proc/%d/fd/%d && cpio -idm --quiet snug.spec </proc/%d/fd/%d && cmp "
	       "modules/9p.ko ../lib/modules/" VERSION "/kernel/9p.ko "
	       "&& test -x init && test $(stat -c %%a snug.spec) = 600",
	       tree.root, (int)getpid(), prepared.initrd_fd, (int)getpid(), prepared.spec_fd);
	assert_int_equal(system(command), 0);
	int fd = open(tree_path(&tree, "/out/snug.spec"), O_RDONLY);
	static char spec[8192];
	assert_int_equal(read(fd, spec, sizeof(spec)), prepared.spec.size);
	assert_memory_equal(spec, prepared.spec.data, prepared.spec.size);
	(void)close(fd);
	prepared_free(&prepared);
	plan_free(&plan);
}

static void a_dry_run_shows_it_all(void **state)
{
	struct options options = {.memory = MIB(64), .cpus = 3};
	struct strlist argv = {0};
	struct prepared prepared;
	struct plan plan;
	char *text = NULL, kernel[PATH_MAX];
	size_t size = 0;

	(void)state;
	FILE *out = open_memstream(&text, &size);
	strlist_add(&argv, "snug-monitor");
	strlist_add(&argv, "--cmdline=a b");
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(prepare_all_but_kernel(&prepared, &plan), 0);
	assert_int_equal(dry_run_print(&plan, &prepared, "/x y/snug-monitor", &argv, NULL, out), 0);
	(void)fclose(out);
	FORMAT(kernel, "4<%s/boot/vmlinuz-" VERSION, tree.root);
	assert_contains(text, kernel);
	assert_contains(text, "3<>/dev/kvm");
	assert_contains(text, "6</ \\\n  7</proc/self/fd \\\n  8<spec-initrd)\n");
	assert_contains(text, "\n(exec env -i ");
	assert_contains(text, "'/x y/snug-monitor' \\\n  '--cmdline=a b' \\\n");
	assert_contains(text, "/modules/9p.ko  from /tmp/");
	assert_contains(text, "env=SNUG=1\n");
	assert_contains(text, "memory:  64M\n");
	assert_contains(text, "cpus:    3\n");
	free(text);
	strlist_free(&argv);
	prepared_free(&prepared);
	plan_free(&plan);
}

static void a_damaged_module_is_an_error(void **state)
{
	struct options options = {0};
	struct prepared prepared;
	struct plan plan;

	(void)state;
	assert_int_equal(make(&plan, &options), 0);
	assert_int_equal(truncate(plan.kernel.modules.modules[0].path, 3), 0);
	stderr_begin(&captured);
	assert_int_equal(prepare_all_but_kernel(&prepared, &plan), -ENOEXEC);
	stderr_end(&captured);
	assert_one_line(captured.text);
	assert_contains(captured.text, "virtio_ring.ko is not a kernel module");
	prepared_free(&prepared);
	assert_int_equal(unlink(plan.kernel.modules.modules[0].path), 0);
	assert_int_equal(mkdir(plan.kernel.modules.modules[0].path, 0755), 0);
	stderr_begin(&captured);
	assert_int_equal(prepare_all_but_kernel(&prepared, &plan), -EINVAL);
	stderr_end(&captured);
	assert_one_line(captured.text);
	assert_contains(captured.text, "virtio_ring.ko is not a regular file\n");
	prepared_free(&prepared);
	plan_free(&plan);
}

static void a_limit_for_files_is_an_error(void **state)
{
	const struct rlimit limit = {.rlim_cur = 20000, .rlim_max = RLIM_INFINITY};
	const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
	struct options options = {0};
	struct prepared prepared;
	struct plan plan;

	(void)state;
	assert_int_equal(make(&plan, &options), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	stderr_begin(&captured);
	int err = prepare_all_but_kernel(&prepared, &plan);
	stderr_end(&captured);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(err, -EFBIG);
	assert_one_line(captured.text);
	assert_contains(captured.text, "ulimit -f");
	prepared_free(&prepared);
	plan_free(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_caller_as_it_is, set_up),
		cmocka_unit_test_setup(memory_fits_the_host, set_up),
		cmocka_unit_test_setup(the_environment_is_clean, set_up),
		cmocka_unit_test_setup(another_user_has_its_own_home, set_up),
		cmocka_unit_test_setup(users_by_number, set_up),
		cmocka_unit_test_setup(users_that_are_none, set_up),
		cmocka_unit_test_setup(a_home_elsewhere_gets_an_overlay, set_up),
		cmocka_unit_test_setup(working_directories, set_up),
		cmocka_unit_test_setup(shells, set_up),
		cmocka_unit_test_setup(a_current_directory_that_is_gone, set_up),
		cmocka_unit_test_setup(a_command_line_too_long_for_the_kernel, set_up),
		cmocka_unit_test_setup(random_addresses_unless_somebody_says_no, set_up),
		cmocka_unit_test_setup(words_that_only_begin_like_it, set_up),
		cmocka_unit_test_setup(who_unpacks_the_kernel_and_where_it_is_kept, set_up),
		cmocka_unit_test_setup(the_run_specification, set_up),
		cmocka_unit_test_setup(a_terminal, set_up),
		cmocka_unit_test_setup(the_initrd_holds_what_the_plan_says, set_up),
		cmocka_unit_test_setup(a_dry_run_shows_it_all, set_up),
		cmocka_unit_test_setup(a_limit_for_files_is_an_error, set_up),
		cmocka_unit_test_setup(a_damaged_module_is_an_error, set_up), /* the last one */
	};

	return cmocka_run_group_tests(tests, set_up_tree, tear_down_tree);
}
