/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as the guest will see them: the host's, but for what the guest has of its own. */
#ifndef LAUNCHER_PATHS_H
#define LAUNCHER_PATHS_H

#include <stdbool.h>

/* Is path the same as dir, or below it? By their names; both absolute, without trailing slashes. */
bool path_below(const char *path, const char *dir);

/* How many names there are in an absolute path without double or trailing slashes; "/" has none. */
unsigned path_depth(const char *path);

/*
 * Where the guest has a file system of its own, whatever the host has there: "/proc" and the like, or
 * NULL if path is not at or below one.
 */
const char *path_fresh(const char *path);

/*
 * The absolute path behind path (below cwd, if that is relative): symbolic links resolved as far as
 * it exists here, the rest as it stands. *real is the caller's to free. 0; -EINVAL: ".." in the rest;
 * -ENOENT: a relative path without a cwd; -ENAMETOOLONG or -ENOMEM.
 */
int path_resolve(const char *path, const char *cwd, char **real);

#endif
