/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/exec.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* Where POSIX leaves it to the system: what glibc's execvp() searches without PATH. */
#define DEFAULT_PATH "/bin:/usr/bin"

static const char *search_path(char **envp)
{
	for (; *envp; envp++)
		if (strncmp(*envp, "PATH=", 5) == 0)
			return *envp + 5;
	return DEFAULT_PATH;
}

static int exec_file(char *path, char **argv, char **envp)
{
	static char shell[] = "/bin/sh";
	char *name = argv[0];
	int error;

	execve(path, argv, envp);
	if (errno != ENOEXEC)
		return -errno;
	argv[-1] = shell;
	argv[0] = path;
	execve(shell, argv - 1, envp);
	error = -errno;
	argv[0] = name;
	return error;
}

/* Errors of one directory in PATH after which the search goes on (those of execvp(3)). */
static int is_absent(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ESTALE || error == -ENODEV ||
	       error == -ETIMEDOUT;
}

static int exec_search(const char *dirs, char **argv, char **envp)
{
	size_t name_len = strlen(argv[0]);
	int found = -ENOENT;

	for (;;) {
		char path[PATH_MAX];
		size_t len = strcspn(dirs, ":");

		if (len + 1 + name_len < sizeof(path)) {
			char *name = path + len;
			int r;

			memcpy(path, dirs, len);
			if (len > 0)
				*name++ = '/';
			memcpy(name, argv[0], name_len + 1);
			r = exec_file(path, argv, envp);
			if (r == -EACCES)
				found = r;
			else if (!is_absent(r))
				return r;
		}
		if (dirs[len] == '\0')
			return found;
		dirs += len + 1;
	}
}

int exec_command(char **argv, char **envp)
{
	if (argv[0][0] == '\0')
		return -ENOENT;
	if (strchr(argv[0], '/'))
		return exec_file(argv[0], argv, envp);
	return exec_search(search_path(envp), argv, envp);
}
