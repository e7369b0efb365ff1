/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/install.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"

/* Where "make install" puts it. */
#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/local/libexec"
#endif

#define INSTALLED LIBEXECDIR "/snug/"

static int beside_this_program(const char *name, int mode, char *path)
{
	char self[PATH_MAX];
	const ssize_t len = readlink("/proc/self/exe", self, sizeof(self));

	if (len < 0)
		return -errno;
	const char *slash = memrchr(self, '/', (size_t)len);
	if (!slash)
		return -ENOENT;
	const int n = snprintf(path, PATH_MAX, "%.*s/%s", (int)(slash - self), self, name);
	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	return access(path, mode) < 0 ? -errno : 0;
}

int install_find(const char *name, int mode, char *path)
{
	if (beside_this_program(name, mode, path) == 0)
		return 0;
	(void)snprintf(path, PATH_MAX, INSTALLED "%s", name);
	return access(path, mode) < 0 ? -errno : 0;
}

void install_missing(const char *name, int err)
{
	log_error("%s is neither beside snug nor at " INSTALLED "%s: %s; install snug again", name,
		  name, strerror(-err));
}
