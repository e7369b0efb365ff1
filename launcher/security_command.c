/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/security_command.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "launcher/label.h"
#include "launcher/monitor.h"

static int become(const char *program, const struct strlist *command)
{
	static char *const no_environment[] = {NULL};

	(void)execve(program, command->items, no_environment);
	int err = -errno;
	log_error("%s cannot be executed: %s", program, strerror(-err));
	return err;
}

int security_command(const struct options *options, const struct caller *caller, FILE *out)
{
	_cleanup_strlist_ struct strlist command = {0};
	char program[PATH_MAX], monitor[PATH_MAX];
	int err = 0;

	if (!security_selinux_is_on()) {
		(void)fputs("SELinux is not enabled on this host: VMs get no label.\n", out);
		return fflush(out) == 0 && !ferror(out) ? 0 : -errno;
	}
	if (options->security_action == SECURITY_SHOW)
		err = monitor_find(monitor);
	if (!err)
		err = label_question(options->security_action == SECURITY_SHOW ? monitor : NULL,
				     caller, program, &command);
	return err ? err : become(program, &command);
}
