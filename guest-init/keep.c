/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/keep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/abi.h"
#include "guest-init/keep_file.h"
#include "guest-init/say.h"

/* A descriptor for each level, of both trees. */
#define DEPTH_MAX 200

/* As many as overlay.c has names for. */
#define OVERLAYS_MAX (26 * 26)

static struct {
	const struct spec *spec;
	bool wanted;
	struct {
		const char *name;
		int lower, upper; /* the lower one from before the overlay hid it */
	} overlays[OVERLAYS_MAX];
	size_t count;
	char path[PATH_MAX]; /* of what is being looked at */
	size_t len;
	unsigned depth;
} keep;

int keep_begin(const struct spec *spec)
{
	int r = 0;

	keep.spec = spec;
	if (spec->keep)
		r = keep_file_open(spec->keep);
	if (r)
		return say_failed("the file for --keep-overlay", r);
	keep.wanted = spec->keep != NULL;
	return 0;
}

bool keep_wanted(void)
{
	return keep.wanted;
}

int keep_add(const char *name, const char *dir, const char *upper)
{
	if (!keep.wanted)
		return 0;
	if (keep.count == OVERLAYS_MAX)
		return -E2BIG;
	int lower_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int upper_fd = open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A directory that may be entered and not be listed has no names to tell. */
	if (lower_fd < 0)
		lower_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (lower_fd < 0 || upper_fd < 0)
		return -errno;
	keep.overlays[keep.count].name = name;
	keep.overlays[keep.count].lower = lower_fd;
	keep.overlays[keep.count++].upper = upper_fd;
	return 0;
}

/* Of what guest-init made for them: the command did not. */
static bool is_mount_point(void)
{
	for (size_t i = 0; i < keep.spec->mount_count; i++)
		if (strcmp(keep.spec->mounts[i].dst, keep.path) == 0)
			return true;
	return false;
}

static int enter(const char *name, size_t *before)
{
	const size_t size = strlen(name);

	*before = keep.len;
	if (keep.len + size + 2 > sizeof(keep.path))
		return -ENAMETOOLONG;
	if (keep.len == 0 || keep.path[keep.len - 1] != '/')
		keep.path[keep.len++] = '/';
	memcpy(keep.path + keep.len, name, size + 1);
	keep.len += size;
	return 0;
}

static void leave(size_t before)
{
	keep.len = before;
	keep.path[before] = '\0';
}

/* What to do with a name of one directory; other: the same directory in the other tree, or -1. */
typedef int visit_fn(int dir, int other, const char *name);

static int visit_all(int fd, int other, visit_fn *visit)
{
	DIR *dir = ++keep.depth > DEPTH_MAX ? NULL : fdopendir(fd);
	int r = 0;

	if (!dir) {
		r = keep.depth > DEPTH_MAX ? -ELOOP : -errno;
		close(fd);
	}
	while (!r) {
		size_t before;

		errno = 0;
		const struct dirent *entry = readdir(dir);
		if (!entry) {
			r = -errno;
			break;
		}
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = enter(entry->d_name, &before);
		if (!r)
			r = visit(fd, other, entry->d_name);
		leave(before);
	}
	if (dir)
		closedir(dir);
	keep.depth--;
	return r;
}

static int open_dir(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* All that the share has there is gone: what is in a directory, and then itself. */
static int save_deleted(int lower, int other, const char *name)
{
	struct stat old;
	int r = 0;

	(void)other;
	if (fstatat(lower, name, &old, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(old.st_mode)) {
		int fd = open_dir(lower, name);

		r = fd < 0 ? -errno : visit_all(fd, -1, save_deleted);
	}
	return r ? r : keep_file_record(SNUG_KEEP_DELETE, keep.path, NULL, &old);
}

static int save_if_missing(int lower, int upper, const char *name)
{
	struct stat st;

	return fstatat(upper, name, &st, AT_SYMLINK_NOFOLLOW) ? save_deleted(lower, -1, name) : 0;
}

static int save_entry(int upper, int lower, const char *name);

/* Both are closed. A directory whose names are all the upper one's hides what the share has. */
static int save_dir(int upper, int lower)
{
	char opaque = 0;
	int r = 0;

	if (lower >= 0 && fgetxattr(upper, "trusted.overlay.opaque", &opaque, 1) == 1 &&
	    opaque == 'y') {
		int fd = openat(lower, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		r = fd < 0 ? -errno : visit_all(fd, upper, save_if_missing);
	}
	if (r)
		close(upper);
	else
		r = visit_all(upper, lower, save_entry);
	if (lower >= 0)
		close(lower);
	return r;
}

static int save_subdir(int upper, int lower, const char *name, const struct stat *st,
		       const struct stat *old)
{
	const bool changed = !old || old->st_mode != st->st_mode;
	int r = changed ? keep_file_record(SNUG_KEEP_ENTRY, keep.path, st, old) : 0;

	if (r)
		return r;
	int fd = open_dir(upper, name);
	return fd < 0 ? -errno : save_dir(fd, old ? open_dir(lower, name) : -1);
}

static int save_entry(int upper, int lower, const char *name)
{
	struct stat st, old;
	int r = 0;

	if (fstatat(upper, name, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	bool had = lower >= 0 && fstatat(lower, name, &old, AT_SYMLINK_NOFOLLOW) == 0;
	if (S_ISCHR(st.st_mode) && st.st_rdev == 0)
		return had ? save_deleted(lower, -1, name) : 0;
	if (is_mount_point())
		return 0;
	if (had && (old.st_mode & S_IFMT) != (st.st_mode & S_IFMT)) {
		r = save_deleted(lower, -1, name);
		had = false;
	}
	if (r)
		return r;
	if (S_ISDIR(st.st_mode))
		return save_subdir(upper, lower, name, &st, had ? &old : NULL);
	r = keep_file_record(SNUG_KEEP_ENTRY, keep.path, &st, had ? &old : NULL);
	if (!r && S_ISREG(st.st_mode))
		r = keep_file_data(upper, name);
	else if (!r && S_ISLNK(st.st_mode))
		r = keep_file_link(upper, name, (size_t)st.st_size);
	return r;
}

static int save_all(void)
{
	int r = 0;

	for (size_t i = 0; !r && i < keep.count; i++) {
		const char *name = keep.overlays[i].name;

		keep.len = strlen(name);
		if (keep.len >= sizeof(keep.path))
			return -ENAMETOOLONG;
		memcpy(keep.path, name, keep.len + 1);
		r = save_dir(keep.overlays[i].upper, keep.overlays[i].lower);
	}
	return r ? r : keep_file_end();
}

int keep_save(void)
{
	if (!keep.wanted)
		return 0;
	keep.wanted = false;
	(void)kill(-1, SIGKILL);
	int r = save_all();
	if (r)
		say("guest: what CMD wrote cannot be kept: ", keep.path, ": ", strerror(-r));
	return r;
}
