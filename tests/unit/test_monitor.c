/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Becoming the monitor: this program, started by monitor_exec() in a child, plays the monitor and
 * reports what it was given.
 */
#include "tests/unit/tree.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "core/confine_layers.h"
#include "core/util.h"
#include "launcher/dry_run.h"
#include "launcher/host.h"
#include "launcher/monitor.h"
#include "launcher/shell_quote.h"
#include "launcher/stages.h"
#include "vmm/config.h"

/* The monitor's part: one line for each thing. */
static int report(int argc, char **argv)
{
	struct rlimit limit;
	sigset_t blocked;

	for (int i = 0; i < argc; i++)
		printf("arg %s\n", argv[i]);
	for (char **variable = environ; *variable; variable++)
		printf("env %s\n", *variable);
	for (int fd = 0; fd < 256; fd++) {
		char path[64], own[64], target[256] = "";
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		(void)snprintf(own, sizeof(own), "/proc/%d/fd", (int)getpid());
		if (readlink(path, target, sizeof(target) - 1) > 0 && fd > 2)
			printf("fd %d %s\n", fd, strcmp(target, own) == 0 ? "own" : target);
	}
	(void)sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int sig = 1; sig < NSIG; sig++) {
		struct sigaction action;
		if (sigismember(&blocked, sig) == 1)
			printf("blocked %d\n", sig);
		if (sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			printf("ignored %d\n", sig);
	}
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	printf("nofile %s\n", limit.rlim_cur == limit.rlim_max ? "hard" : "soft");
	return fflush(stdout) == 0 ? 7 : 1;
}

static struct plan sample_plan(void)
{
	return (struct plan){
		.kernel = {.fd = -1, .path = (char *)(uintptr_t) "/boot/vmlinuz-1"},
		.cmdline = (char *)(uintptr_t) "quiet a=\"b c\"",
		.memory = MIB(64),
		.root = "/",
		.kaslr = true,
	};
}

/* Every kind of volume, and two names of one directory. */
static void add_mounts(struct plan *plan, struct mount items[5])
{
	const struct mount all[] = {
		{.kind = MOUNT_VOLUME, .src = (char *)(uintptr_t) "/usr", .cache = CACHE_LOOSE},
		{.kind = MOUNT_TMPFS, .fd = -1},
		{.kind = MOUNT_VOLUME,
		 .src = (char *)(uintptr_t) "/usr/bin",
		 .rw = true,
		 .cache = CACHE_MMAP},
		{.kind = MOUNT_VOLUME, .src = (char *)(uintptr_t) "/etc", .cache = CACHE_NONE},
		{.kind = MOUNT_VOLUME,
		 .src = (char *)(uintptr_t) "/",
		 .rw = true,
		 .cache = CACHE_LOOSE},
	};

	memcpy(items, all, sizeof(all));
	for (int i = 0; i < 5; i++) {
		if (items[i].src)
			items[i].fd = open(items[i].src, O_PATH | O_CLOEXEC);
	}
	plan->mounts = (struct mounts){.items = items, .count = 5};
	plan->hides = (struct hides){
		.items = {{0, (char *)(uintptr_t) "a:b", false},
			  {1, (char *)(uintptr_t) "c", false},
			  {0, (char *)(uintptr_t) "e", true},
			  {0, (char *)(uintptr_t) "d", false}},
		.count = 4,
		.dirs = {{(char *)(uintptr_t) "/dev", open("/dev", O_PATH | O_CLOEXEC)},
			 {(char *)(uintptr_t) "/proc", open("/proc", O_PATH | O_CLOEXEC)}},
		.dir_count = 2,
	};
}

static void the_command_line_is_that_of_config_h(void **state)
{
	static const char *const expected[] = {
		"snug-monitor",
		"--kvm=3",
		"--kernel=4",
		"--kernel-name=/boot/vmlinuz-1",
		"--initrd=5",
		"--initrd=8",
		"--cmdline=quiet a=\"b c\"",
		"--memory=67108864",
		"--share=root:6",
		"--proc-fd=7",
		"--console",
		"--tty",
		"--verbose",
		"--no-confine=caps",
		"--no-confine=seccomp",
		"--timeline=10",
	};
	struct strlist argv = {0};
	struct plan plan = sample_plan();

	(void)state;
	assert_int_equal(monitor_argv(&plan, false, &argv), 0);
	assert_int_equal(argv.count, 11);
	for (size_t i = 0; i < argv.count; i++)
		assert_string_equal(argv.items[i], expected[i]);
	strlist_free(&argv);
	assert_int_equal(monitor_argv(&plan, true, &argv), 0);
	assert_string_equal(argv.items[4], "--vmlinux=9");
	strlist_free(&argv);
	plan.kaslr = false;
	assert_int_equal(monitor_argv(&plan, false, &argv), 0);
	assert_string_equal(argv.items[4], "--no-kaslr");
	strlist_free(&argv);
	plan.kaslr = true;
	plan.stdio.raw = plan.verbose = plan.timeline.any = true;
	plan.no_confine = 1U << CONFINE_SECCOMP | 1U << CONFINE_CAPS;
	assert_int_equal(monitor_argv(&plan, false, &argv), 0);
	assert_int_equal(argv.count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < argv.count; i++)
		assert_string_equal(argv.items[i], expected[i]);
	strlist_free(&argv);
}

static void volumes_and_hidden_names_on_the_command_line(void **state)
{
	static const char *const expected[] = {
		"--share=root:6",
		"--export=loose/0:11",
		"--export=loose/4:14:rw",
		"--export=mmap/2:12:rw,direct",
		"--export=none/3:13:direct",
		"--hide=15:a:b/d",
		"--hide-new=15:e",
		"--hide=16:c",
		"--proc-fd=7",
	};
	struct strlist argv = {0};
	struct plan plan = sample_plan();
	struct mount items[5];

	(void)state;
	add_mounts(&plan, items);
	assert_int_equal(monitor_argv(&plan, false, &argv), 0);
	assert_int_equal(argv.count, 8 + ARRAY_SIZE(expected) + 1);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(argv.items[8 + i], expected[i]);
	strlist_free(&argv);
}

static void assert_export(const struct p9_export *export, const char *name, int fd, bool writable,
			  bool direct)
{
	assert_string_equal(export->name, name);
	assert_int_equal(export->fd, fd);
	assert_int_equal(export->writable, writable);
	assert_int_equal(export->direct, direct);
}

/* Both sides of the interface, one against the other. */
static void the_monitor_understands_it(void **state)
{
	struct strlist argv = {0};
	struct plan plan = sample_plan();
	struct mount items[5];
	struct config config;

	(void)state;
	add_mounts(&plan, items);
	plan.stdio.raw = plan.timeline.any = true;
	assert_int_equal(monitor_argv(&plan, false, &argv), 0);
	/* Whatever is behind them: the parser may look whether they are open. */
	for (int fd = MONITOR_FD_KVM; fd < MONITOR_FD_END; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			assert_int_equal(dup2(STDIN_FILENO, fd), fd);
	}
	assert_int_equal(config_parse(&config, (int)argv.count, argv.items), 0);
	assert_int_equal(config.kvm_fd, MONITOR_FD_KVM);
	assert_int_equal(config.kernel_fd, MONITOR_FD_KERNEL);
	assert_int_equal(config.initrd_count, 2);
	assert_int_equal(config.initrd_fds[0], MONITOR_FD_INITRD);
	assert_int_equal(config.initrd_fds[1], MONITOR_FD_SPEC);
	assert_string_equal(config.kernel_name, "/boot/vmlinuz-1");
	assert_string_equal(config.cmdline, plan.cmdline);
	assert_int_equal(config.memory, plan.memory);
	assert_int_equal(config.share_count, 4);
	assert_int_equal(config.shares[0].exports[0].fd, MONITOR_FD_ROOT);
	assert_int_equal(config.proc_fd, MONITOR_FD_PROC);
	assert_int_equal(config.shares[0].tag_len, 4);
	assert_memory_equal(config.shares[0].tag, "root", 4);
	assert_int_equal(config.shares[1].export_count, 2);
	assert_memory_equal(config.shares[1].tag, "loose", 5);
	assert_export(&config.shares[1].exports[0], "0", MONITOR_FD_PLAN, false, false);
	assert_export(&config.shares[1].exports[1], "4", MONITOR_FD_PLAN + 3, true, false);
	assert_export(&config.shares[2].exports[0], "2", MONITOR_FD_PLAN + 1, true, true);
	assert_export(&config.shares[3].exports[0], "3", MONITOR_FD_PLAN + 2, false, true);
	assert_int_equal(config.hide_count, 4);
	assert_string_equal(config.hides[0].name, "a:b");
	assert_int_equal(config.hides[0].dir_fd, MONITOR_FD_PLAN + 4);
	assert_true(config.hides[2].absent);
	assert_int_equal(config.hides[3].dir_fd, MONITOR_FD_PLAN + 5);
	assert_int_equal(config.timeline_fd, MONITOR_FD_TIMELINE);
	assert_true(config.console && config.tty && !config.verbose);
	strlist_free(&argv);
}

static void stages_are_kept_in_order(void **state)
{
	struct stages stages = {0};

	(void)state;
	for (int i = 0; i < STAGES_MAX + 3; i++)
		stage_end(&stages, "s");
	assert_int_equal(stages.count, STAGES_MAX);
	for (unsigned i = 1; i < stages.count; i++)
		assert_true(stages.items[i].ns >= stages.items[i - 1].ns);
}

/* Out of the way of the numbers that are given out below. */
static int high(const char *path, int flags)
{
	return fcntl(open(path, flags | O_CLOEXEC), F_DUPFD_CLOEXEC, 50);
}

/* Descriptors that lie on each other's places, and more that are nobody's business. */
static void become_monitor(const struct plan *plan)
{
	struct rlimit limit;
	struct monitor_fds fds;
	struct strlist argv = {0};
	sigset_t all;
	int kernel = high("/dev/full", O_RDONLY);
	int initrd = high("/dev/zero", O_RDONLY);
	int kvm = high("/dev/null", O_RDWR);

	fds = (struct monitor_fds){.kvm = dup2(kvm, 5),
				   .kernel = dup2(kernel, 3),
				   .initrd = dup2(initrd, 4),
				   .spec = dup2(kernel, 6),
				   .vmlinux = -1,
				   .timeline = -1};
	(void)dup2(kernel, MONITOR_FD_VMLINUX); /* has to be closed there */
	if (monitor_open_shares(plan, &fds) < 0)
		_exit(101);
	(void)dup2(kernel, 100); /* inherited from somewhere, not close-on-exec */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGCHLD, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 128;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	(void)setenv("LD_PRELOAD_NOT", "x", 1);
	strlist_add(&argv, "snug-monitor");
	strlist_add(&argv, "--report");
	strlist_add(&argv, "a b");
	(void)monitor_exec("/proc/self/exe", &argv, plan, &fds);
	_exit(102);
}

static void exec_passes_what_it_should_and_no_more(void **state)
{
	static char text[8192];
	struct plan plan = sample_plan();
	struct mount items[5];
	int out[2], status;

	(void)state;
	add_mounts(&plan, items);
	assert_int_equal(pipe(out), 0);
	pid_t pid = fork();
	if (pid == 0) {
		(void)dup2(out[1], STDOUT_FILENO);
		become_monitor(&plan);
	}
	(void)close(out[1]);
	size_t at = 0;
	for (ssize_t n; (n = read(out[0], text + at, sizeof(text) - 1 - at)) > 0;)
		at += (size_t)n;
	(void)close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_string_equal(
		text, "arg snug-monitor\narg --report\narg a b\n"
		      "fd 3 /dev/null\nfd 4 /dev/full\nfd 5 /dev/zero\nfd 6 /\n"
		      "fd 7 own\nfd 8 /dev/full\nfd 11 /usr\nfd 12 /usr/bin\nfd 13 /etc\nfd 14 /\n"
		      "fd 15 /dev\nfd 16 /proc\n"
		      "ignored 1\nnofile hard\n");
}

static void a_monitor_that_cannot_be_executed(void **state)
{
	struct plan plan = sample_plan();
	int out[2], status;
	char text[512];

	(void)state;
	assert_int_equal(pipe(out), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct monitor_fds fds = {0};
		struct strlist argv = {0};
		strlist_add(&argv, "x");
		(void)dup2(out[1], STDERR_FILENO);
		if (monitor_open_shares(&plan, &fds) < 0)
			_exit(2);
		_exit(monitor_exec("/nothing", &argv, &plan, &fds) == -ENOENT ? 1 : 3);
	}
	(void)close(out[1]);
	ssize_t n = read(out[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	(void)close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_string_equal(text, "snug: /nothing cannot be executed: No such file or directory\n");
}

static void a_share_that_does_not_exist(void **state)
{
	struct plan plan = sample_plan();
	struct monitor_fds fds;
	struct captured captured;

	(void)state;
	plan.root = "/etc/passwd";
	stderr_begin(&captured);
	assert_int_equal(monitor_open_shares(&plan, &fds), -ENOTDIR);
	stderr_end(&captured);
	assert_one_line(captured.text);
}

/* What a shell makes of it must be the word again. */
static void shell_quoting(void **state)
{
	static const char *const words[] = {
		"",         "plain", "a b",       "it's",          "$HOME `id` \\ \"x\" !",
		"~root",    "a=b",   "tab\there", "esc\033[31m'x", "*?[x]{a,b};&|<>()#",
		"\303\274",
	};

	(void)state;
	if (!have_program("bash")) {
		print_message("skipped: no bash\n");
		skip();
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char *quoted = NULL, command[256], got[64] = "";
		size_t size = 0;
		FILE *out = open_memstream(&quoted, &size);
		(void)fputs("exec printf %s ", out);
		shell_quote(words[i], out);
		(void)fclose(out);
		for (const char *c = quoted; *c; c++)
			assert_true((unsigned char)*c >= 0x20);
		FORMAT(command, "%s", quoted);
		free(quoted);
		int p[2];
		assert_int_equal(pipe(p), 0);
		pid_t pid = fork();
		if (pid == 0) {
			(void)dup2(p[1], STDOUT_FILENO);
			(void)execlp("bash", "bash", "-c", command, (char *)NULL);
			_exit(127);
		}
		(void)close(p[1]);
		assert_true(read(p[0], got, sizeof(got) - 1) >= 0);
		(void)close(p[0]);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_string_equal(got, words[i]);
	}
}

static void a_host_whose_kvm_is_a_pvm_variant(void **state)
{
	struct tree tree;
	struct host_trouble trouble;

	(void)state;
	tree_make(&tree);
	struct host host = {.root = tree.root};
	assert_int_equal(host_check_kvm(&host, &trouble), 0);
	tree_mkdir(&tree, "/sys/module/kvm_pvm");
	assert_int_equal(host_check_kvm(&host, &trouble), -ENOTSUP);
	tree_remove(&tree);
	assert_contains(trouble.text, "PVM variant (module kvm_pvm)");
}

static int try_open_kvm(const struct host *host, struct host_trouble *trouble)
{
	const uid_t uid = geteuid();

	if (uid == 0)
		assert_int_equal(seteuid(65534), 0);
	int fd = host_open_kvm(host, trouble);
	assert_int_equal(seteuid(uid), 0);
	return fd;
}

static void a_host_without_kvm(void **state)
{
	struct tree tree;
	struct host_trouble trouble;
	char file[PATH_MAX];

	(void)state;
	tree_make(&tree);
	struct host host = {.root = tree.root};
	assert_int_equal(try_open_kvm(&host, &trouble), -ENOENT);
	assert_contains(trouble.cure, "modprobe kvm_intel");
	tree_write(&tree, "/dev/kvm", "", 0);
	FORMAT(file, "%s", tree.path);
	assert_int_equal(chmod(file, 0), 0);
	assert_int_equal(try_open_kvm(&host, &trouble), -EACCES);
	assert_contains(trouble.text, "mode 0000");
	if (geteuid() == 0) { /* only root can give it to a group that this process is not in */
		assert_int_equal(chown(file, 0, 1), 0);
		assert_int_equal(chmod(file, 0660), 0);
		assert_int_equal(try_open_kvm(&host, &trouble), -EACCES);
		assert_contains(trouble.text, "owner root, group ");
		assert_contains(trouble.cure, "usermod -aG ");
	}
	assert_int_equal(chmod(file, 0666), 0);
	int fd = try_open_kvm(&host, &trouble);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	(void)close(fd);
	tree_remove(&tree);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_command_line_is_that_of_config_h),
		cmocka_unit_test(volumes_and_hidden_names_on_the_command_line),
		cmocka_unit_test(the_monitor_understands_it),
		cmocka_unit_test(stages_are_kept_in_order),
		cmocka_unit_test(exec_passes_what_it_should_and_no_more),
		cmocka_unit_test(a_monitor_that_cannot_be_executed),
		cmocka_unit_test(a_share_that_does_not_exist),
		cmocka_unit_test(shell_quoting),
		cmocka_unit_test(a_host_whose_kvm_is_a_pvm_variant),
		cmocka_unit_test(a_host_without_kvm),
	};

	if (argc > 1 && strcmp(argv[1], "--report") == 0)
		return report(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
