/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "core/cleanup.h"

#define NAME_LOCK  "lock"
#define PREFIX_NEW "new-"

struct cache_identity cache_identity_of(const struct stat *st)
{
	struct cache_identity identity;

	(void)snprintf(identity.text, sizeof(identity.text), "%llx-%llx-%llx-%llx.%09ld-%llx.%09ld",
		       (unsigned long long)st->st_dev, (unsigned long long)st->st_ino,
		       (unsigned long long)st->st_size, (unsigned long long)st->st_mtim.tv_sec,
		       st->st_mtim.tv_nsec, (unsigned long long)st->st_ctim.tv_sec,
		       st->st_ctim.tv_nsec);
	return identity;
}

static int failed(const char **why, const char *text, int err)
{
	*why = text;
	return err;
}

static int make_directory(const char *dir)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(dir, '/');

	if (mkdir(dir, 0700) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT || !slash || slash == dir)
		return -errno;
	if (snprintf(parent, sizeof(parent), "%.*s", (int)(slash - dir), dir) >=
	    (int)sizeof(parent))
		return -ENAMETOOLONG;
	if (mkdir(parent, 0700) < 0 && errno != EEXIST)
		return -errno;
	return mkdir(dir, 0700) == 0 || errno == EEXIST ? 0 : -errno;
}

static int open_directory(const char *dir)
{
	return open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int cache_open(const char *dir, const char **why)
{
	_cleanup_close_ int fd = open_directory(dir);
	struct stat st;

	if (fd < 0 && errno == ENOENT) {
		int err = make_directory(dir);
		if (err)
			return failed(why, "cannot be made", err);
		fd = open_directory(dir);
	}
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return failed(why, "is not a directory", -EPERM);
	if (fd < 0 || fstat(fd, &st) < 0)
		return failed(why, "cannot be opened", -errno);
	if (st.st_uid != geteuid())
		return failed(why, "belongs to somebody else", -EPERM);
	if (st.st_mode & 0022)
		return failed(why, "can be written by others; try chmod go-w on it", -EPERM);
	return steal_fd(&fd);
}

int cache_open_entry(int dir, const char *name, struct stat *st)
{
	_cleanup_close_ int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) < 0 || !S_ISREG(st->st_mode) || st->st_uid != geteuid() ||
	    (st->st_mode & 0022))
		return -ENOENT;
	return steal_fd(&fd);
}

int cache_lock(int dir)
{
	_cleanup_close_ int fd =
		openat(dir, NAME_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return steal_fd(&fd);
}

bool cache_is_new(const char *name)
{
	return strncmp(name, PREFIX_NEW, strlen(PREFIX_NEW)) == 0;
}

int cache_begin_new(int dir, char name[CACHE_NEW_MAX])
{
	/* With the lock: whatever has such a name belongs to nobody alive. */
	const struct cache_removal left_over = {.named = cache_is_new};
	struct cache_removed removed = {0};

	(void)cache_remove(dir, &left_over, &removed);
	(void)snprintf(name, CACHE_NEW_MAX, PREFIX_NEW "%d", (int)getpid());
	const int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

int cache_finish_new(int dir, int fd, const char *new_name, const char *name)
{
	/* On the disk before it has its name: a crash leaves all of it or nothing. */
	return fsync(fd) < 0 || renameat(dir, new_name, dir, name) < 0 ? -errno : 0;
}

void cache_drop_new(int dir, const char *new_name)
{
	(void)unlinkat(dir, new_name, 0);
}

static bool to_remove(const struct cache_removal *removal, const char *name, const struct stat *st)
{
	if (!removal->named(name) || (removal->only_last_names && st->st_nlink > 1))
		return false;
	for (size_t i = 0; i < removal->count; i++) {
		if (strstr(name, removal->stay[i].text))
			return false;
	}
	return true;
}

int cache_remove(int dir, const struct cache_removal *removal, struct cache_removed *removed)
{
	_cleanup_close_ int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *entry;

	if (!entries)
		return -errno;
	copy = -1;
	while ((entry = readdir(entries))) {
		struct stat st;

		if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    to_remove(removal, entry->d_name, &st) &&
		    unlinkat(dir, entry->d_name, 0) == 0 && st.st_nlink == 1) {
			removed->files++;
			removed->bytes += (uint64_t)st.st_size;
		}
	}
	(void)closedir(entries);
	return 0;
}
