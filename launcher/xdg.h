/* SPDX-License-Identifier: Apache-2.0 */
/* A user's directories, by the XDG Base Directory Specification. */
#ifndef LAUNCHER_XDG_H
#define LAUNCHER_XDG_H

#include "launcher/caller.h"

/*
 * *path: snug's directory below the one that variable names ("XDG_CACHE_HOME"), or below fallback
 * (".cache") in the home directory; to be freed; NULL if neither is known. 0 or -ENOMEM.
 */
int xdg_path(const struct caller *caller, const char *variable, const char *fallback, char **path);

#endif
