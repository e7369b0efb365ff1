/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/kernel_cache.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "boot/kernel_cache_entry.h"
#include "core/cleanup.h"
#include "core/fds.h"
#include "core/util.h"

#define PREFIX_FILE "file-"

static bool is_file(const char *name)
{
	return strncmp(name, PREFIX_FILE, strlen(PREFIX_FILE)) == 0;
}

static bool is_entry(const char *name)
{
	const size_t len = strlen(name);

	return len == KERNEL_CACHE_NAME_MAX - 1 &&
	       strcmp(name + len - strlen(KERNEL_CACHE_SUFFIX), KERNEL_CACHE_SUFFIX) == 0;
}

int kernel_cache_name_of_file(int fd, char name[KERNEL_CACHE_FILE_NAME_MAX])
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	(void)snprintf(name, KERNEL_CACHE_FILE_NAME_MAX, PREFIX_FILE "%s",
		       cache_identity_of(&st).text);
	return 0;
}

static bool times_match(const struct stat *st, const struct kernel_cache_info *info)
{
	return st->st_mtim.tv_sec == info->changed_s && st->st_mtim.tv_nsec == info->changed_ns;
}

int kernel_cache_open_entry(int dir, const char *name, struct vmlinux *kernel,
			    struct kernel_cache_info *info)
{
	struct stat st;
	_cleanup_close_ int fd = cache_open_entry(dir, name, &st);
	const char *why;

	if (fd < 0 || vmlinux_read(fd, kernel, &why) < 0 || kernel->info.size != sizeof(*info) ||
	    fd_pread_all(fd, info, sizeof(*info), kernel->info.offset) < 0)
		return -ENOENT;
	if (memcmp(info->magic, KERNEL_CACHE_MAGIC, sizeof(info->magic)) != 0 ||
	    info->size != (uint64_t)st.st_size || !times_match(&st, info))
		return -ENOENT;
	return steal_fd(&fd);
}

int kernel_cache_find(int dir, int fd, struct vmlinux *kernel, struct kernel_cache_info *info)
{
	char name[KERNEL_CACHE_FILE_NAME_MAX];
	int err = kernel_cache_name_of_file(fd, name);

	return err ? err : kernel_cache_open_entry(dir, name, kernel, info);
}

int kernel_cache_get(int dir, int fd, const struct kernel_image *image, struct vmlinux *kernel,
		     const char **why)
{
	struct kernel_cache_info info;
	const int found = kernel_cache_find(dir, fd, kernel, &info);

	return found >= 0 ? found : kernel_cache_add(dir, fd, image, kernel, why);
}

int kernel_cache_prune(int dir, const struct cache_identity *stay, size_t count,
		       struct cache_removed *removed)
{
	const struct cache_removal removals[] = {
		{.named = cache_is_new},
		{.named = is_file, .stay = stay, .count = count},
		{.named = is_entry, .only_last_names = true},
	};
	_cleanup_close_ int held = cache_lock(dir);
	int err = held < 0 ? held : 0;

	for (size_t i = 0; i < ARRAY_SIZE(removals) && !err; i++)
		err = cache_remove(dir, &removals[i], removed);
	return err;
}
