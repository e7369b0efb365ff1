/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/label.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "launcher/install.h"
#include "launcher/monitor.h"
#include "launcher/xdg.h"

#define LABEL_NAME  "snug-label"
#define CONTEXT_MAX 4096 /* a page, as the kernel has it */

/* Where the action is in command: behind the name. */
#define ACTION 1

static const char *const sources[] = {
	[SECURITY_DYNAMIC] = "dynamic",
	[SECURITY_STATIC] = "static",
	[SECURITY_INHERIT] = "inherit",
};

static const char *const relabels[] = {
	[RELABEL_NONE] = "no",
	[RELABEL_SHARED] = "z",
	[RELABEL_PRIVATE] = "Z",
};

static void add_all(struct strlist *to, const struct strlist *from)
{
	for (size_t i = 0; i < from->count; i++)
		strlist_add(to, from->items[i]);
}

/* By the descriptors that monitor_exec() gives them. */
static void add_volumes(const struct mounts *mounts, struct strlist *command)
{
	int fd = MONITOR_FD_PLAN;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct mount *mount = &mounts->items[i];

		if (mount->kind == MOUNT_VOLUME)
			strlist_addf(command, "--volume=%d:%s:%s:%s", fd++, mount->rw ? "rw" : "ro",
				     relabels[mount->relabel], mount->src);
	}
}

static int find_program(char *program)
{
	int err = install_find(LABEL_NAME, X_OK, program);

	if (err)
		install_missing(LABEL_NAME, err);
	return err;
}

/* Where labels of volumes are remembered: not in the cache, as they outlive what made them. */
static int add_state(const struct caller *caller, struct strlist *command)
{
	_cleanup_free_ char *path = NULL;
	int err = xdg_path(caller, "XDG_STATE_HOME", ".local/state", &path);

	if (!err && path)
		strlist_addf(command, "--state=%s/labels", path);
	return err;
}

static int add_label(const struct plan *plan, const struct caller *caller, const char *monitor,
		     struct strlist *command)
{
	const struct security_option *option = &plan->security.option;

	strlist_add(command, LABEL_NAME);
	strlist_add(command, "run");
	strlist_addf(command, "--security=%s", sources[option->source]);
	if (option->label)
		strlist_addf(command, "--label=%s", option->label);
	if (plan->verbose)
		strlist_add(command, "--verbose");
	add_volumes(&plan->mounts, command);
	int err = add_state(caller, command);
	strlist_addf(command, "--proc=%d", MONITOR_FD_PROC);
	if (plan->json_status)
		strlist_addf(command, "--record=%d", MONITOR_FD_TIMELINE);
	strlist_add(command, "--");
	strlist_add(command, monitor);
	return err;
}

int label_command(const struct plan *plan, const struct caller *caller, const char *monitor,
		  const struct strlist *argv, char *program, struct strlist *command)
{
	int err = 0;

	if (security_wants_label(&plan->security)) {
		err = find_program(program);
		if (!err)
			err = add_label(plan, caller, monitor, command);
	} else {
		(void)snprintf(program, PATH_MAX, "%s", monitor);
	}
	add_all(command, argv);
	return err ? err : command->error;
}

int label_question(const char *monitor, const struct caller *caller, char *program,
		   struct strlist *command)
{
	int err = find_program(program);

	if (err)
		return err;
	strlist_add(command, LABEL_NAME);
	strlist_add(command, monitor ? "show" : "mend");
	strlist_add(command, "--verbose");
	err = add_state(caller, command);
	if (monitor) {
		strlist_add(command, "--");
		strlist_add(command, monitor);
		strlist_add(command, "snug-monitor");
	}
	return err ? err : command->error;
}

static int read_line(int fd, char *text, size_t size)
{
	size_t at = 0;
	ssize_t n;

	while ((n = read(fd, text + at, size - 1 - at)) > 0)
		at += (size_t)n;
	text[at] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return n < 0 ? -errno : 0;
}

static int spawn(const char *program, const struct strlist *command, int out, pid_t *pid)
{
	static char *const no_environment[] = {NULL};
	posix_spawn_file_actions_t actions;
	int err = posix_spawn_file_actions_init(&actions);

	if (err)
		return -err;
	err = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!err)
		err = posix_spawn(pid, program, &actions, NULL, command->items, no_environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -err;
}

static int ask(const char *program, const struct strlist *command, char *text, size_t size)
{
	int pipe_fds[2], status = 0;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;
	_cleanup_close_ int from = pipe_fds[0];
	int err = spawn(program, command, pipe_fds[1], &pid);
	(void)close(pipe_fds[1]);
	if (err)
		return err;
	err = read_line(from, text, size);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	/* Otherwise it has said why. */
	return err ? err : WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPERM;
}

int label_show(const struct plan *plan, const char *program, const struct strlist *command,
	       char **label)
{
	_cleanup_strlist_ struct strlist show = {0};
	char text[CONTEXT_MAX];

	*label = NULL;
	if (!security_wants_label(&plan->security))
		return 0;
	for (size_t i = 0; i < command->count; i++)
		strlist_add(&show, i == ACTION ? "show" : command->items[i]);
	int err = show.error ? show.error : ask(program, &show, text, sizeof(text));
	if (err && err != -EPERM && err != -ENOMEM)
		log_error(LABEL_NAME ": %s", strerror(-err));
	if (err || text[0] == '\0')
		return err;
	*label = strdup(text);
	return *label ? 0 : -ENOMEM;
}
