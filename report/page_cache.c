/* SPDX-License-Identifier: Apache-2.0 */
#include "report/page_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/fds.h"

static void drop_file(int dir, const char *name, struct page_cache_drop *drop)
{
	struct stat st;
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	/* Pages that are not on the disk yet would stay. */
	(void)fdatasync(fd);
	if (posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0)
		drop->files++;
}

static void drop_dir(const char *path, struct page_cache_drop *drop)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		drop_file(dirfd(dir), entry->d_name, drop);
	(void)closedir(dir);
}

/* Page cache, directory entries and inodes. */
static bool drop_all(void)
{
	_cleanup_close_ int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	return fd >= 0 && fd_write_all(fd, "3", 1) == 0;
}

void page_cache_drop(const struct strlist *files, const char *dir, struct page_cache_drop *drop)
{
	*drop = (struct page_cache_drop){0};
	for (size_t i = 0; i < files->count; i++)
		drop_file(AT_FDCWD, files->items[i], drop);
	if (dir)
		drop_dir(dir, drop);
	drop->all = drop_all();
}
