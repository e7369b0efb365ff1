/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's cache (boot/cache.h): $XDG_CACHE_HOME/snug, or ~/.cache/snug. */
#ifndef LAUNCHER_CACHE_H
#define LAUNCHER_CACHE_H

#include "launcher/caller.h"

struct cache {
	char *path;      /* owned; NULL: there is no place for one */
	int dir;         /* the open directory; negative: it is of no use, -errno */
	const char *why; /* then: to complete "the kernel cache PATH ..."; -EPERM: says it all */
};

#define CACHE_NOT_OPEN ((struct cache){.dir = -1})

/* Where it is, to be freed; NULL if there is no place for one. 0 or -ENOMEM. */
int cache_path(const struct caller *caller, char **path);

/* Opens the directory, or finds out why not. 0 or -ENOMEM. */
int cache_find(struct cache *cache, const struct caller *caller);

void cache_free(struct cache *cache);
#define _cleanup_cache_ __attribute__((cleanup(cache_free)))

#endif
