/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/places.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

bool places_below(const char *path, const char *dir)
{
	size_t len = dir[1] == '\0' ? 0 : strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

size_t places_parent(const struct user_mount *mounts, size_t index)
{
	for (size_t i = index; i-- > 0;)
		if (places_below(mounts[index].dst, mounts[i].dst))
			return i;
	return PLACES_ROOT;
}

static void cut(char *path, const char *from, size_t len)
{
	memcpy(path, from, len);
	path[len] = '\0';
}

size_t places_base(const char *dst, const char *top, bool (*exists)(const char *path))
{
	char path[PATH_MAX];
	size_t least = strlen(top), len = strlen(dst);

	if (len >= sizeof(path) || exists(dst))
		return 0;
	while (len > least) {
		while (dst[len - 1] != '/')
			len--;
		if (len > 1)
			len--; /* the slash itself is the path of the root only */
		cut(path, dst, len);
		if (len > least && exists(path))
			return len;
	}
	return least;
}

static bool same_or_below(const struct user_mount *a, const struct user_mount *b)
{
	if (a->base < b->base || strncmp(a->dst, b->dst, b->base) != 0)
		return false;
	return a->base == b->base || b->base == 1 || a->dst[b->base] == '/';
}

void places_prune(struct user_mount *mounts, size_t count, size_t parent)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; mounts[i].base && j < count; j++) {
			struct user_mount *other = &mounts[j];

			if (i == j || !other->base || places_parent(mounts, i) != parent ||
			    places_parent(mounts, j) != parent || !same_or_below(&mounts[i], other))
				continue;
			/* Of equals the later ones go, as the first was compared with them in vain. */
			if (mounts[i].base > other->base || j < i)
				mounts[i].base = 0;
		}
}

const char *places_base_path(const struct user_mount *mount, char *path)
{
	cut(path, mount->dst, mount->base);
	return path;
}
