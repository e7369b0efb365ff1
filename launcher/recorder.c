/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/recorder.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/exit_code.h"
#include "core/fds.h"
#include "core/log.h"
#include "core/util.h"
#include "launcher/install.h"
#include "launcher/shell_quote.h"

#define REPORT_NAME "snug-report"

/* What a user sends to snug is meant for the run. */
static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM};

static int check_file(const char *file)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(file, '/');
	int n = slash ? snprintf(dir, sizeof(dir), "%.*s", (int)(slash - file + 1), file)
		      : snprintf(dir, sizeof(dir), ".");

	if (n >= (int)sizeof(dir))
		errno = ENAMETOOLONG;
	else if (access(dir, W_OK | X_OK) == 0)
		return 0;
	int err = -errno;
	log_error("--timeline: %s cannot be written: %s", file, strerror(-err));
	return err;
}

int recorder_check(const struct timeline_options *wanted)
{
	char path[PATH_MAX];
	int err = 0;

	if (!wanted->any)
		return 0;
	if (wanted->json)
		err = check_file(wanted->json);
	if (!err && wanted->svg)
		err = check_file(wanted->svg);
	if (err)
		return err;
	err = install_find(REPORT_NAME, X_OK, path);
	if (err)
		install_missing(REPORT_NAME, err);
	return err;
}

static void wanted_signals(sigset_t *set)
{
	struct sigaction action;

	(void)sigemptyset(set);
	(void)sigaddset(set, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
		if (sigaction(passed_on[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			(void)sigaddset(set, passed_on[i]);
}

int recorder_fork(struct recorder *recorder)
{
	const pid_t parent = getpid();
	sigset_t set;

	recorder->fd = memfd_create("record", MFD_CLOEXEC);
	/* With SIGCHLD ignored, as some callers leave it, there would be nothing to wait for. */
	(void)signal(SIGCHLD, SIG_DFL);
	wanted_signals(&set);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	recorder->monitor = recorder->fd < 0 ? -1 : fork();
	if (recorder->monitor < 0) {
		int err = -errno;
		log_error("the run cannot be recorded: %s", strerror(-err));
		return err;
	}
	if (recorder->monitor > 0)
		return 1;
	/* Nobody would wait for it any more. The monitor sees to it again: an exec can undo this. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		(void)raise(SIGKILL);
	recorder->parent = parent;
	return 0;
}

static void write_facts(const struct plan *plan, FILE *out)
{
	(void)fputs("kernel=", out);
	shell_quote(plan->kernel.path, out);
	(void)fprintf(out, "\nboot=%s\nmemory=%llu\ncommand=",
		      plan->boot == BOOT_DIRECT ? "direct" : "bzimage",
		      (unsigned long long)(plan->memory / MIB(1)));
	for (size_t i = 0; i < plan->argv.count; i++) {
		(void)fputs(i ? " " : "", out);
		shell_quote(plan->argv.items[i], out);
	}
	(void)fputc('\n', out);
}

int recorder_begin(const struct recorder *recorder, const struct plan *plan,
		   const struct stages *stages, struct strlist *argv)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -ENOMEM;
	write_facts(plan, out);
	for (unsigned i = 0; i < stages->count; i++)
		(void)fprintf(out, "stage %llu 0 launcher: %s\n",
			      (unsigned long long)stages->items[i].ns, stages->items[i].name);
	int err = fclose(out) == 0 ? fd_write_all(recorder->fd, text, size) : -ENOMEM;
	free(text);
	strlist_addf(argv, "--parent=%d", recorder->parent);
	return err ? err : argv->error;
}

/* Waits, and passes on what comes. Keys of a terminal reach the whole process group by themselves. */
static int wait_for_monitor(pid_t monitor, struct rusage *usage)
{
	siginfo_t info;
	sigset_t set;
	int status;

	wanted_signals(&set);
	for (;;) {
		if (wait4(monitor, &status, WNOHANG, usage) == monitor)
			return status;
		if (sigwaitinfo(&set, &info) > 0 && info.si_signo != SIGCHLD &&
		    info.si_code != SI_KERNEL)
			(void)kill(monitor, info.si_signo);
	}
}

static void write_end(int fd, int status, const struct rusage *usage)
{
	struct stages end = {0};

	stage_end(&end, "");
	if (WIFSIGNALED(status))
		(void)dprintf(fd, "end killed %d\n", WTERMSIG(status));
	(void)dprintf(fd, "stage %llu 0 end: process gone\nstatus %d\nusage %ld %ld %lld %lld\n",
		      (unsigned long long)end.items[0].ns,
		      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
		      usage->ru_maxrss, usage->ru_minflt + usage->ru_majflt,
		      (long long)usage->ru_utime.tv_sec * 1000000 + usage->ru_utime.tv_usec,
		      (long long)usage->ru_stime.tv_sec * 1000000 + usage->ru_stime.tv_usec);
}

static int run_report(const char *path, char *const argv[], int record)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	pid_t pid;

	(void)sigemptyset(&none);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, record, STDIN_FILENO);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	int err = posix_spawn(&pid, path, &actions, &attributes, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	if (err)
		return -err;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

static void report(int record, const struct timeline_options *wanted)
{
	_cleanup_strlist_ struct strlist argv = {0};
	char path[PATH_MAX];
	int err = install_find(REPORT_NAME, X_OK, path);

	strlist_add(&argv, REPORT_NAME);
	strlist_add(&argv, "timeline");
	if (wanted->table)
		strlist_add(&argv, "--table");
	if (wanted->initcalls)
		strlist_add(&argv, "--initcalls");
	if (wanted->json)
		strlist_addf(&argv, "--json=%s", wanted->json);
	if (wanted->svg)
		strlist_addf(&argv, "--svg=%s", wanted->svg);
	(void)lseek(record, 0, SEEK_SET);
	if (!err)
		err = argv.error ? argv.error : run_report(path, argv.items, record);
	if (err)
		log_error("--timeline: " REPORT_NAME " cannot be run: %s", strerror(-err));
}

int recorder_end(struct recorder *recorder, const struct timeline_options *wanted,
		 struct status *told)
{
	struct rusage usage;
	int status = wait_for_monitor(recorder->monitor, &usage);

	write_end(recorder->fd, status, &usage);
	if (wanted->any)
		report(recorder->fd, wanted);
	status_end(told, recorder->fd);
	(void)close(recorder->fd);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (WTERMSIG(status) == SIGSYS)
		log_error(
			"the monitor made a system call that it is not allowed, and was ended; the "
			"kernel's log says which");
	/* As it would be without a record; one core dump is enough. */
	sigset_t set;
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, WTERMSIG(status));
	(void)signal(WTERMSIG(status), SIG_DFL);
	(void)raise(WTERMSIG(status));
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	return EXIT_SNUG_FAILED;
}
