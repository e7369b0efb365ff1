/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/paths.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/util.h"

bool path_below(const char *path, const char *dir)
{
	const size_t len = strcmp(dir, "/") == 0 ? 0 : strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

unsigned path_depth(const char *path)
{
	unsigned depth = 0;

	if (path[1] == '\0')
		return 0;
	for (; *path; path++)
		depth += *path == '/';
	return depth;
}

const char *path_fresh(const char *path)
{
	static const char *const fresh[] = {"/proc", "/sys", "/dev", "/run"};

	for (size_t i = 0; i < ARRAY_SIZE(fresh); i++) {
		if (path_below(path, fresh[i]))
			return fresh[i];
	}
	return NULL;
}

/* Appends the names in rest to real, a buffer of PATH_MAX bytes. */
static int append_names(char *real, char *rest)
{
	size_t len = strcmp(real, "/") == 0 ? 0 : strlen(real);

	for (char *name; (name = strsep(&rest, "/"));) {
		if (name[0] == '\0' || strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0)
			return -EINVAL;
		const int n = snprintf(real + len, PATH_MAX - len, "/%s", name);
		if (n < 0 || (size_t)n >= PATH_MAX - len)
			return -ENAMETOOLONG;
		len += (size_t)n;
	}
	return 0;
}

int path_resolve(const char *path, const char *cwd, char **real)
{
	char known[PATH_MAX], prefix[PATH_MAX];

	if (path[0] != '/' && !cwd)
		return -ENOENT;
	int n = path[0] == '/' ? snprintf(prefix, PATH_MAX, "%s", path)
			       : snprintf(prefix, PATH_MAX, "%s/%s", cwd, path);
	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	_cleanup_free_ char *rest = strdup(prefix);
	if (!rest)
		return -ENOMEM;
	/* Names that do not exist, or cannot be seen, are taken off its end until it does. */
	size_t len = (size_t)n;
	while (!realpath(len ? prefix : "/", known)) {
		while (len && prefix[len - 1] == '/')
			len--;
		while (len && prefix[len - 1] != '/')
			len--;
		prefix[len] = '\0';
	}
	int err = append_names(known, rest + len);
	if (err)
		return err;
	*real = strdup(known);
	return *real ? 0 : -ENOMEM;
}
