/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "launcher/paths.h"

static void release(struct mount *mount)
{
	free(mount->dst);
	free(mount->src);
	cleanup_close(&mount->fd);
}
#define _cleanup_mount_ __attribute__((cleanup(release)))

static int failed(const struct mount *mount, const char *path, int err)
{
	if (err == -EINVAL)
		log_error("--%s: %s: \"..\" after a name that does not exist", mount->option, path);
	else if (err != -ENOMEM)
		log_error("--%s: %s: %s", mount->option, path, strerror(-err));
	return err;
}

static int open_source(struct mount *mount)
{
	struct stat st;

	mount->fd = open(mount->src, O_PATH | O_CLOEXEC);
	if (mount->fd < 0 || fstat(mount->fd, &st) < 0)
		return failed(mount, mount->src, -errno);
	mount->is_dir = S_ISDIR(st.st_mode);
	if (mount->is_dir || (S_ISREG(st.st_mode) && strcmp(mount->option, "rw") != 0))
		return 0;
	log_error("--%s: %s is %s", mount->option, mount->src,
		  !S_ISREG(st.st_mode) ? "neither a directory nor a regular file"
				       : "not a directory; for a file: -v FILE:rw");
	return -ENOTDIR;
}

/* Without a DST it is where the file really is: a mount on a symbolic link would not be there. */
static int find_place(struct mount *mount, const char *dst, const char *cwd)
{
	int err;

	if (dst) {
		err = path_resolve(dst, cwd, &mount->dst);
	} else {
		mount->dst = realpath(mount->src, NULL);
		err = mount->dst ? 0 : -errno;
	}
	return err ? failed(mount, dst ? dst : mount->src, err) : 0;
}

static int check_place(const struct mount *mount)
{
	const char *fresh = path_fresh(mount->dst);

	if (strcmp(mount->dst, "/") == 0 && mount->kind != MOUNT_OVERLAY) {
		log_error("--%s: nothing can be put in place of the VM's /, which is the host's, "
			  "read-only; '--overlay /' makes it writable",
			  mount->option);
		return -EINVAL;
	}
	if (!fresh || strcmp(mount->dst, fresh) != 0)
		return 0;
	log_error("--%s: %s is the VM's own, nothing can be put in its place", mount->option,
		  fresh);
	return -EINVAL;
}

/* Takes over what *mount owns. Behind all that are as deep: the order they were given in. */
static int insert(struct mounts *mounts, struct mount *mount)
{
	const unsigned depth = path_depth(mount->dst);
	size_t at = mounts->count;

	while (at > 0 && path_depth(mounts->items[at - 1].dst) > depth)
		at--;
	memmove(&mounts->items[at + 1], &mounts->items[at],
		(mounts->count - at) * sizeof(*mounts->items));
	mounts->items[at] = *mount;
	mounts->count++;
	*mount = (struct mount){.fd = -1};
	return 0;
}

static int check_unique(const struct mounts *mounts, const struct mount *mount)
{
	for (size_t i = 0; i < mounts->count; i++) {
		if (strcmp(mounts->items[i].dst, mount->dst) != 0)
			continue;
		log_error("--%s: there is something at %s already (--%s)", mount->option,
			  mount->dst, mounts->items[i].option);
		return -EEXIST;
	}
	return 0;
}

static int add(struct mounts *mounts, const struct mount_option *option, const char *cwd)
{
	_cleanup_mount_ struct mount mount = {
		.kind = option->kind,
		.option = option->option,
		.fd = -1,
		.is_dir = true,
		.rw = option->rw,
		.cache = option->cache,
		.relabel = option->relabel,
	};
	int err = 0;

	if (option->kind == MOUNT_VOLUME) {
		mount.src = strdup(option->src);
		if (!mount.src)
			return -ENOMEM;
		err = open_source(&mount);
	}
	if (!err)
		err = find_place(&mount, option->dst, cwd);
	if (!err)
		err = check_place(&mount);
	if (!err)
		err = check_unique(mounts, &mount);
	return err ? err : insert(mounts, &mount);
}

/* Does the host know what is at path? Not where something else is mounted, or where it may not look. */
static bool is_host(const struct mounts *before, const char *path, struct stat *st, int *err)
{
	if (path_fresh(path) || mounts_cover(before, path, false))
		return false;
	*err = stat(path, st) < 0 ? -errno : 0;
	return *err != -EACCES;
}

/* Nothing can be mounted below a file. */
static int check_parents(const struct mounts *before, const struct mount *mount)
{
	for (size_t i = 0; i < before->count; i++) {
		const struct mount *parent = &before->items[i];

		if (parent->is_dir || !path_below(mount->dst, parent->dst))
			continue;
		log_error("--%s: %s would be below %s, which is a file (--%s)", mount->option,
			  mount->dst, parent->dst, parent->option);
		return -ENOTDIR;
	}
	return 0;
}

/* What would not fit where it is to go: said now, and not by a guest that has booted for it. */
static int check_fit(const struct mounts *mounts, size_t index)
{
	const struct mounts before = {.items = mounts->items, .count = index};
	const struct mount *mount = &mounts->items[index];
	struct stat st;
	int err = check_parents(&before, mount);

	if (err)
		return err;
	if (mount->kind == MOUNT_OVERLAY && path_fresh(mount->dst) &&
	    !mounts_cover(&before, mount->dst, false)) {
		log_error("--overlay: %s: the VM has a %s of its own, which shows nothing of the "
			  "host's",
			  mount->dst, path_fresh(mount->dst));
		return -EINVAL;
	}
	if (!is_host(&before, mount->dst, &st, &err))
		return 0;
	if (err == -ENOENT && mount->kind != MOUNT_OVERLAY)
		return 0;
	if (err)
		return failed(mount, mount->dst, err);
	if (S_ISDIR(st.st_mode) == mount->is_dir)
		return 0;
	if (mount->kind == MOUNT_VOLUME)
		log_error("--%s: %s is %s, and %s is %s", mount->option, mount->src,
			  mount->is_dir ? "a directory" : "a file", mount->dst,
			  mount->is_dir ? "none" : "a directory");
	else
		log_error("--%s: %s is not a directory", mount->option, mount->dst);
	return -ENOTDIR;
}

int mounts_plan(struct mounts *mounts, const struct mount_options *options, const char *cwd)
{
	int err = 0;

	*mounts = (struct mounts){0};
	if (!options->count)
		return 0;
	if (options->count > MOUNTS_MAX) {
		log_error("more than %d volumes and other mounts", MOUNTS_MAX);
		return -E2BIG;
	}
	mounts->items = calloc(options->count, sizeof(*mounts->items));
	if (!mounts->items)
		return -ENOMEM;
	for (size_t i = 0; !err && i < options->count; i++)
		err = add(mounts, &options->items[i], cwd);
	for (size_t i = 0; !err && i < mounts->count; i++)
		err = check_fit(mounts, i);
	return err;
}

bool mounts_cover(const struct mounts *mounts, const char *path, bool overlays)
{
	for (size_t i = 0; i < mounts->count; i++) {
		const struct mount *mount = &mounts->items[i];

		if (!mount->keep && (overlays || mount->kind != MOUNT_OVERLAY) &&
		    path_below(path, mount->dst))
			return true;
	}
	return false;
}

bool mounts_use_cache(const struct mounts *mounts, enum mount_cache cache, bool *rw)
{
	bool used = false;

	*rw = false;
	for (size_t i = 0; i < mounts->count; i++) {
		const struct mount *mount = &mounts->items[i];

		if (mount->kind != MOUNT_VOLUME || mount->cache != cache)
			continue;
		used = true;
		*rw |= mount->rw;
	}
	return used;
}

void mounts_free(struct mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++)
		release(&mounts->items[i]);
	free(mounts->items);
	*mounts = (struct mounts){0};
}
