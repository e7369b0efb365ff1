/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/xdg.h"

#include <errno.h>
#include <stdio.h>

#include "launcher/users.h"

int xdg_path(const struct caller *caller, const char *variable, const char *fallback, char **path)
{
	const char *base = caller_variable(caller, variable);
	const char *home = caller_variable(caller, "HOME");

	*path = NULL;
	/* The XDG specification: a relative path is to be ignored. */
	if (base && base[0] == '/')
		return asprintf(path, "%s/snug", base) < 0 ? -ENOMEM : 0;
	if (!home || home[0] != '/') {
		const struct passwd *pw = users_by_id(caller->uid);
		home = pw ? pw->pw_dir : NULL;
	}
	if (!home || home[0] != '/')
		return 0;
	return asprintf(path, "%s/%s/snug", home, fallback) < 0 ? -ENOMEM : 0;
}
