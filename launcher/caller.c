/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/caller.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"

static int read_groups(struct caller *caller)
{
	/* Cannot fail: nothing but this process changes its groups. */
	const int count = getgroups(0, NULL);

	caller->groups = calloc((size_t)count + 1, sizeof(*caller->groups));
	if (!caller->groups)
		return -ENOMEM;
	caller->group_count = (size_t)getgroups(count, caller->groups);
	return 0;
}

/* A directory that is gone, or outside of the process's root, has no path. */
static char *read_cwd(void)
{
	_cleanup_free_ char *cwd = getcwd(NULL, 0);

	return cwd && cwd[0] == '/' ? steal_ptr(&cwd) : NULL;
}

int caller_read(struct caller *caller, const struct stdio *stdio)
{
	*caller = (struct caller){
		.uid = geteuid(), .gid = getegid(), .environ = environ, .stdio = *stdio};
	int err = read_groups(caller);
	if (err)
		return err;
	caller->umask = umask(0);
	(void)umask(caller->umask);
	caller->cwd = read_cwd();
	return 0;
}

void caller_free(struct caller *caller)
{
	free(caller->groups);
	free(caller->cwd);
	*caller = (struct caller){0};
}

const char *caller_variable(const struct caller *caller, const char *name)
{
	const size_t len = strlen(name);

	for (char *const *item = caller->environ; *item; item++) {
		if (strncmp(*item, name, len) == 0 && (*item)[len] == '=')
			return *item + len + 1;
	}
	return NULL;
}
