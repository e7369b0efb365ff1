/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/oom.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/abi.h"

#define SHELL_SAYS_KILLED (128 + SIGKILL)

bool oom_has_killed(const char *vmstat)
{
	static const char key[] = "\noom_kill ";
	const char *line = strstr(vmstat, key);

	return line && line[sizeof(key) - 1] >= '1' && line[sizeof(key) - 1] <= '9';
}

/* The command may have had the right to unmount /proc: then nobody knows. */
static bool has_killed(void)
{
	static char text[32768];
	int fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return false;
	while (len < sizeof(text) - 1 && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	text[len] = '\0';
	return oom_has_killed(text);
}

uint32_t oom_command_status(int wait_status)
{
	const bool killed = WIFSIGNALED(wait_status)
				    ? WTERMSIG(wait_status) == SIGKILL
				    : WEXITSTATUS(wait_status) == SHELL_SAYS_KILLED;

	if (killed && has_killed())
		return SNUG_STATUS(SNUG_STATUS_OOM, 0);
	return WIFSIGNALED(wait_status) ? SNUG_STATUS(SNUG_STATUS_SIGNALED, WTERMSIG(wait_status))
					: SNUG_STATUS(SNUG_STATUS_EXITED, WEXITSTATUS(wait_status));
}
