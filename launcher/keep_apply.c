/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/keep_apply.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"

/* The directory that the last name of rest, a path below top, is in; name: where in rest that begins. */
static int open_below(int top, const char *rest, const char *name)
{
	const struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				     .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	_cleanup_free_ char *parent =
		name == rest ? strdup(".") : strndup(rest, (size_t)(name - rest) - 1);
	if (!parent)
		return -ENOMEM;
	int fd = (int)syscall(SYS_openat2, top, parent, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

/* The place itself the user named, or snug: there links are followed. *name points into path. */
static int open_parent(const struct kept *kept, const char *path, const char **name)
{
	const char *place = kept_place(kept, path);
	const char *rest = path + (place[1] ? strlen(place) : 0) + 1;
	int top = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (top < 0)
		return -errno;
	*name = strrchr(path, '/') + 1;
	int fd = open_below(top, rest, *name);
	(void)close(top);
	return fd;
}

/* -ESTALE: something else is there than was for the guest. */
static int check_before(int parent, const char *name, const struct snug_keep_record *record)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT && !record->old_mode ? 0
		       : errno == ENOENT                    ? -ESTALE
							    : -errno;
	if (S_ISDIR(st.st_mode))
		return S_ISDIR(record->old_mode) || S_ISDIR(record->mode) ? 0 : -ESTALE;
	if (!record->old_mode || ((st.st_mode ^ record->old_mode) & S_IFMT) ||
	    (uint64_t)st.st_size != record->old_size || st.st_mtim.tv_sec != record->old_mtime ||
	    (uint32_t)st.st_mtim.tv_nsec != record->old_mtime_nsec)
		return -ESTALE;
	return 0;
}

static int apply_delete(int parent, const char *name, uint32_t mode)
{
	if (unlinkat(parent, name, S_ISDIR(mode) ? AT_REMOVEDIR : 0) == 0 || errno == ENOENT)
		return 0;
	return -errno;
}

/* Needs an open directory, not O_PATH. What is to be put in must get in. */
static int apply_dir(int parent, const char *name, uint32_t mode)
{
	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	_cleanup_close_ int fd =
		openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 || fchmod(fd, (mode & 0777) | 0700) < 0 ? -errno : 0;
}

static int make_file(const struct kept *kept, const struct kept_entry *entry, int parent,
		     const char *name)
{
	const struct snug_keep_record *record = &entry->record;
	const struct timespec times[] = {
		{.tv_nsec = UTIME_OMIT},
		{.tv_sec = record->mtime, .tv_nsec = (long)record->mtime_nsec}};
	_cleanup_close_ int fd =
		openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	int err = kept_copy(kept, entry, fd);
	if (!err && (fchmod(fd, record->mode & 0777) < 0 || futimens(fd, times) < 0))
		err = -errno;
	return err;
}

static int apply_file(const struct kept *kept, const struct kept_entry *entry, int parent,
		      const char *name, bool replace)
{
	char temporary[64];
	uint64_t number;
	int err;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return -errno;
	(void)snprintf(temporary, sizeof(temporary), ".snug-apply.%016llx",
		       (unsigned long long)number);
	if (S_ISLNK(entry->record.mode))
		err = symlinkat(entry->target, parent, temporary) < 0 ? -errno : 0;
	else
		err = make_file(kept, entry, parent, temporary);
	if (!err && renameat2(parent, temporary, parent, name, replace ? 0 : RENAME_NOREPLACE) < 0)
		err = errno == EEXIST ? -ESTALE : -errno;
	if (err)
		(void)unlinkat(parent, temporary, 0);
	return err;
}

static int apply(const struct kept *kept, const struct kept_entry *entry, bool force)
{
	const struct snug_keep_record *record = &entry->record;
	const char *name = NULL;
	_cleanup_close_ int parent = open_parent(kept, entry->path, &name);

	if (parent < 0)
		return parent;
	int err = check_before(parent, name, record);
	if (err && !(err == -ESTALE && force))
		return err;
	if (record->type == SNUG_KEEP_DELETE)
		return apply_delete(parent, name, record->old_mode);
	if (S_ISDIR(record->mode))
		return apply_dir(parent, name, record->mode);
	if (S_ISREG(record->mode) || S_ISLNK(record->mode))
		return apply_file(kept, entry, parent, name, force || record->old_mode);
	return -EOPNOTSUPP;
}

int keep_apply(const struct kept *kept, const struct kept_entry *entry, bool force)
{
	int err = apply(kept, entry, force);

	if (err == -ESTALE)
		log_error("%s: the host's has changed since the guest saw it; left as it is "
			  "(--force)",
			  entry->path);
	else if (err == -ELOOP)
		log_error("%s: a symbolic link of the host is on the way; left as it is",
			  entry->path);
	else if (err == -EOPNOTSUPP)
		log_error("%s: special files are not applied", entry->path);
	else if (err)
		log_error("%s: %s; left as it is", entry->path, strerror(-err));
	return err;
}
