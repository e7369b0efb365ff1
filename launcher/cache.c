/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/cache.h"

#include <errno.h>

#include "boot/cache.h"
#include "core/cleanup.h"
#include "launcher/xdg.h"

int cache_path(const struct caller *caller, char **path)
{
	return xdg_path(caller, "XDG_CACHE_HOME", ".cache", path);
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
