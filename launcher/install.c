/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/install.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/doctor_checks.h"
#include "core/log.h"

/* From where "make install" puts snug. */
#define INSTALLED "../libexec/snug/"

static int find_from_here(const char *dir, const char *name, int mode, char *path)
{
	char self[PATH_MAX];
	const ssize_t len = readlink("/proc/self/exe", self, sizeof(self));

	if (len < 0)
		return -errno;
	const char *slash = memrchr(self, '/', (size_t)len);
	if (!slash)
		return -ENOENT;
	const int n = snprintf(path, PATH_MAX, "%.*s/%s%s", (int)(slash - self), self, dir, name);
	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	return access(path, mode) < 0 ? -errno : 0;
}

int install_find(const char *name, int mode, char *path)
{
	return find_from_here("", name, mode, path) == 0
		       ? 0
		       : find_from_here(INSTALLED, name, mode, path);
}

void install_missing(const char *name, int err)
{
	log_error("%s is neither beside snug nor in " INSTALLED
		  ": %s; install snug again" SEE_DOCTOR("programs"),
		  name, strerror(-err));
}
