/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe: what the kernel below can do, of what programs expect. Says "ok NAME" or "no NAME: WHY" for each thing;
 * those that take root are left out for others. Static: it tells of the kernel, not of a library.
 *
 * Exit status: 0, or 1 where anything is missing.
 */
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "probe.h"

#define TIME_LIMIT 20 /* seconds of one probe; an emulated host's processor is slow */

static const struct probe *const all[] = {
	file_probes,      mount_probes,  memory_probes, process_probes,
	isolation_probes, socket_probes, place_probes,
};

int write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	return result(fd < 0 ? fd : write(fd, text, strlen(text)));
}

int leave_namespaces(int kinds)
{
	char users[32], groups[32];

	if (geteuid() == 0)
		return result(unshare(kinds));
	/* In there, nobody is anybody until the maps are there. */
	(void)snprintf(users, sizeof(users), "0 %u 1", geteuid());
	(void)snprintf(groups, sizeof(groups), "0 %u 1", getegid());
	int r = result(unshare(kinds | CLONE_NEWUSER));

	if (r == 0)
		r = write_to("/proc/self/uid_map", users);
	if (r == 0)
		r = write_to("/proc/self/setgroups", "deny");
	return r ? r : write_to("/proc/self/gid_map", groups);
}

/* An errno fits an exit status. */
int result_of_child(int (*run)(void))
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		(void)alarm(TIME_LIMIT);
		_exit(-run());
	}
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGALRM ? -ETIME : -EFAULT;
	return -WEXITSTATUS(status);
}

static const struct probe *current;

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *where)
{
	(void)stat;
	(void)type;
	(void)where;
	return remove(path);
}

static int in_own_directory(void)
{
	char dir[] = "/dev/shm/snug-probe.XXXXXX";

	if (!mkdtemp(dir) || chdir(dir))
		return -errno;
	int r = result_of_child(current->run);

	/* A directory that is left, of a process that was killed, is nobody's in a guest. */
	if (chdir("/") == 0)
		(void)nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	return r;
}

int main(void)
{
	bool missing = false;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		for (current = all[i]; current->name; current++) {
			if (current->root && geteuid() != 0)
				continue;
			int r = in_own_directory();

			missing = missing || r;
			if (r)
				(void)printf("no %s: %s\n", current->name, strerror(-r));
			else
				(void)printf("ok %s\n", current->name);
		}
	}
	return missing;
}
