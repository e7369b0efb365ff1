/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/cache.h"

#include <errno.h>
#include <stdio.h>

#include "boot/cache.h"
#include "core/cleanup.h"
#include "launcher/users.h"

int cache_path(const struct caller *caller, char **path)
{
	const char *cache = caller_variable(caller, "XDG_CACHE_HOME");
	const char *home = caller_variable(caller, "HOME");

	*path = NULL;
	/* The XDG specification: a relative path is to be ignored. */
	if (cache && cache[0] == '/')
		return asprintf(path, "%s/snug", cache) < 0 ? -ENOMEM : 0;
	if (!home || home[0] != '/') {
		const struct passwd *pw = users_by_id(caller->uid);
		home = pw ? pw->pw_dir : NULL;
	}
	if (!home || home[0] != '/')
		return 0;
	return asprintf(path, "%s/.cache/snug", home) < 0 ? -ENOMEM : 0;
}

int cache_find(struct cache *cache, const struct caller *caller)
{
	*cache = CACHE_NOT_OPEN;
	if (cache_path(caller, &cache->path) < 0) {
		cache->path = NULL;
		return -ENOMEM;
	}
	if (cache->path) {
		cache->dir = cache_open(cache->path, &cache->why);
		return 0;
	}
	cache->dir = -EPERM;
	cache->why = "has no place: neither HOME nor XDG_CACHE_HOME is set";
	return 0;
}

void cache_free(struct cache *cache)
{
	free(cache->path);
	cleanup_close(&cache->dir);
	*cache = CACHE_NOT_OPEN;
}
