/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/status.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/fds.h"
#include "core/log.h"
#include "launcher/facts.h"
#include "launcher/install.h"
#include "launcher/security.h"
#include "launcher/version.h"

/* As snug-report has them (report/status.h): facts on standard input, lines to the first, the record in the next. */
#define FD_LINES  3
#define FD_RECORD 4
/* Ours are above, so that none is in another's way. */
#define FD_ABOVE 10

static int failed(const char *what, int err)
{
	log_error("--json-status: %s: %s", what, strerror(-err));
	return err;
}

static int open_lines(struct status *status, const struct options *options)
{
	_cleanup_close_ int file = -1;
	char name[32];
	const struct status_option *wanted = &options->json_status;
	int fd = wanted->fd;

	if (wanted->file) {
		file = open(wanted->file,
			    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
		if (file < 0)
			return failed(wanted->file, -errno);
		fd = file;
	}
	status->fd = fcntl(fd, F_DUPFD_CLOEXEC, FD_ABOVE);
	if (status->fd >= 0)
		return 0;
	(void)snprintf(name, sizeof(name), "descriptor %d", fd);
	return failed(name, -errno);
}

/* All of a text that open_memstream() made, at the end of the facts. */
static void add_facts(const struct status *status, FILE *out, char *const *text, const size_t *size)
{
	if (fclose(out) == 0)
		(void)fd_write_all(status->facts, *text, *size);
	free(*text);
}

static void write_first(struct status *status, const struct options *options)
{
	struct timespec now;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	facts_add(out, "version", SNUG_VERSION);
	(void)fprintf(out, "pid=%d\ntime=%lld.%03ld\n", getpid(), (long long)now.tv_sec,
		      now.tv_nsec / 1000000);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)fprintf(out, "began=%lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
	for (char *const *arg = options->argv; *arg; arg++)
		facts_add(out, "arg", *arg);
	status->has_command = options->argv[0];
	facts_add(out, "selinux", security_selinux_mode());
	add_facts(status, out, &text, &size);
}

int status_begin(struct status *status, const struct options *options)
{
	char path[PATH_MAX];

	*status = STATUS_NONE;
	if (!options->json_status.any || options->dry_run)
		return 0;
	int err = install_find(REPORT_NAME, X_OK, path);
	if (err) {
		install_missing(REPORT_NAME, err);
		return err;
	}
	err = open_lines(status, options);
	if (err)
		return err;
	_cleanup_close_ int facts = memfd_create("status", MFD_CLOEXEC);
	status->facts = facts < 0 ? -1 : fcntl(facts, F_DUPFD_CLOEXEC, FD_ABOVE);
	if (status->facts < 0)
		return failed("the status cannot be collected", -errno);
	write_first(status, options);
	return 0;
}

/* One line, by snug-report, which is waited for. */
static void tell(const struct status *status, const char *event, int record)
{
	char *argv[] = {(char *)REPORT_NAME, (char *)"status", (char *)event, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char path[PATH_MAX];
	sigset_t none;
	pid_t pid;

	(void)sigemptyset(&none);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, status->facts, STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, status->fd, FD_LINES);
	if (record >= 0)
		(void)posix_spawn_file_actions_adddup2(&actions, record, FD_RECORD);
	else
		(void)posix_spawn_file_actions_addopen(&actions, FD_RECORD, "/dev/null", O_RDONLY,
						       0);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)lseek(status->facts, 0, SEEK_SET);
	int err = install_find(REPORT_NAME, X_OK, path);
	if (!err)
		err = -posix_spawn(&pid, path, &actions, &attributes, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	if (err) {
		(void)failed(REPORT_NAME, err);
		return;
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	(void)lseek(status->facts, 0, SEEK_END);
}

void status_start(struct status *status, const struct plan *plan)
{
	char *text = NULL;
	size_t size = 0;

	if (status->fd < 0)
		return;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return;
	for (size_t i = 0; !status->has_command && i < plan->argv.count; i++)
		facts_add(out, "arg", plan->argv.items[i]);
	facts_add(out, "kernel", plan->kernel.path);
	facts_add(out, "kernel-version", plan->kernel.image.version);
	(void)fprintf(out, "boot=%s\nmemory=%llu\ncpus=%u\n",
		      plan->boot == BOOT_DIRECT ? "direct" : "bzimage",
		      (unsigned long long)plan->memory, plan->cpus);
	add_facts(status, out, &text, &size);
	tell(status, "start", -1);
}

void status_end(struct status *status, int record)
{
	if (status->fd < 0)
		return;
	if (record >= 0)
		(void)lseek(record, 0, SEEK_SET);
	tell(status, "end", record);
	status->told = true;
}

void status_free(struct status *status)
{
	if (status->facts >= 0 && !status->told)
		status_end(status, -1);
	cleanup_close(&status->fd);
	cleanup_close(&status->facts);
}
