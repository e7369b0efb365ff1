/* SPDX-License-Identifier: Apache-2.0 */
#include "label/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/cleanup.h"

static void release(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}
#define _cleanup_dir_ __attribute__((cleanup(release)))

struct walk {
	tree_visit *visit;
	void *ctx;
	dev_t dev;
	bool go_on;
	int first_error;
};

/* What to do about an error: 0 to go on. */
static int met(struct walk *walk, int err)
{
	if (err && !walk->first_error)
		walk->first_error = err;
	return walk->go_on ? 0 : err;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int walk_object(struct walk *walk, int fd, unsigned depth);

static int walk_entry(struct walk *walk, int dir, const char *name, unsigned depth)
{
	_cleanup_close_ int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	return walk_object(walk, fd, depth);
}

static int walk_entries(struct walk *walk, int fd, unsigned depth)
{
	_cleanup_close_ int open_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *entry;

	if (open_fd < 0)
		return errno == ENOENT ? 0 : -errno;
	_cleanup_dir_ DIR *dir = fdopendir(open_fd);
	if (!dir)
		return -errno;
	(void)steal_fd(&open_fd);
	while (errno = 0, (entry = readdir(dir))) {
		int err = is_dots(entry->d_name)
				  ? 0
				  : walk_entry(walk, dirfd(dir), entry->d_name, depth);
		if (met(walk, err) < 0)
			return err;
	}
	return -errno;
}

static int walk_object(struct walk *walk, int fd, unsigned depth)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != walk->dev)
		return 0;
	if (depth > TREE_DEPTH_MAX)
		return -ELOOP;
	int err = met(walk, walk->visit(walk->ctx, fd, &st, depth));
	return err || !S_ISDIR(st.st_mode) ? err : walk_entries(walk, fd, depth + 1);
}

int tree_walk(int top, tree_visit *visit, void *ctx, bool go_on)
{
	struct stat st;

	if (fstat(top, &st) < 0)
		return -errno;
	struct walk walk = {visit, ctx, st.st_dev, go_on, 0};
	(void)met(&walk, walk_object(&walk, top, 0));
	return walk.first_error;
}
