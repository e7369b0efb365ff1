/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/keep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"

static int failed(const char *dir, int err)
{
	log_error("--keep-overlay: %s: %s", dir, strerror(-err));
	return err;
}

int keep_plan(struct plan *plan, const char *dir)
{
	struct mounts *mounts = &plan->mounts;
	struct mount *items;
	char src[PATH_MAX];
	int n = snprintf(src, sizeof(src), "%s/" KEEP_CHANGES, dir);

	if (n >= (int)sizeof(src))
		return failed(dir, -ENAMETOOLONG);
	if (mounts->count >= MOUNTS_MAX) {
		log_error("more than %d volumes and other mounts", MOUNTS_MAX);
		return -E2BIG;
	}
	items = realloc(mounts->items, (mounts->count + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	mounts->items = items;
	items[mounts->count] = (struct mount){
		.kind = MOUNT_VOLUME,
		.option = "keep-overlay",
		.dst = strdup(""),
		.src = strdup(src),
		.fd = -1,
		.keep = true,
		.rw = true,
		/* A full disk is to be known when it is written to. */
		.cache = CACHE_NONE,
		.relabel = security_wants_label(&plan->security) &&
					   plan->security.option.source != SECURITY_INHERIT
				   ? RELABEL_PRIVATE
				   : RELABEL_NONE,
	};
	const struct mount *added = &items[mounts->count++];
	return added->dst && added->src ? 0 : -ENOMEM;
}

/* Is the directory one of those that CMD may write to, or below one? Then it could write more there. */
static bool is_in_volume(const struct plan *plan, int dirfd)
{
	_cleanup_close_ int fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	struct stat st, up, volume;

	while (fd >= 0 && fstat(fd, &st) == 0) {
		for (size_t i = 0; i < plan->mounts.count; i++) {
			const struct mount *mount = &plan->mounts.items[i];

			if (mount->rw && mount->is_dir && fstat(mount->fd, &volume) == 0 &&
			    volume.st_dev == st.st_dev && volume.st_ino == st.st_ino)
				return true;
		}
		int parent = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (parent < 0 || fstat(parent, &up) < 0) {
			cleanup_close(&parent);
			return false;
		}
		(void)close(fd);
		fd = parent;
		if (up.st_dev == st.st_dev && up.st_ino == st.st_ino)
			break;
	}
	return false;
}

static int check_empty(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	unsigned count = 0;

	if (!dir) {
		int err = -errno;

		cleanup_close(&fd);
		return err;
	}
	while (readdir(dir))
		count++;
	(void)closedir(dir);
	return count > 2 ? -ENOTEMPTY : 0;
}

static int write_places(const struct plan *plan, int dirfd)
{
	int fd = openat(dirfd, KEEP_PLACES, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file) {
		int err = -errno;

		cleanup_close(&fd);
		return err;
	}
	for (size_t i = 0; i < plan->overlays.count; i++)
		(void)fprintf(file, "%s%c", plan->overlays.items[i], '\0');
	for (size_t i = 0; i < plan->mounts.count; i++) {
		if (plan->mounts.items[i].kind == MOUNT_OVERLAY)
			(void)fprintf(file, "%s%c", plan->mounts.items[i].dst, '\0');
	}
	const bool bad = ferror(file);
	return fclose(file) || bad ? -EIO : 0;
}

static int make(const struct plan *plan, int dirfd, struct mount *mount)
{
	int err = check_empty(dirfd);

	if (!err)
		err = write_places(plan, dirfd);
	if (err)
		return err;
	int fd = openat(dirfd, KEEP_CHANGES, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	(void)close(fd);
	mount->fd = openat(dirfd, KEEP_CHANGES, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return mount->fd < 0 ? -errno : 0;
}

int keep_begin(const struct plan *plan)
{
	const size_t count = plan->mounts.count;
	struct mount *mount = count ? &plan->mounts.items[count - 1] : NULL;

	if (!mount || !mount->keep)
		return 0;
	_cleanup_free_ char *dir =
		strndup(mount->src, strlen(mount->src) - strlen("/" KEEP_CHANGES));
	if (!dir)
		return -ENOMEM;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return failed(dir, -errno);
	_cleanup_close_ int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return failed(dir, -errno);
	if (is_in_volume(plan, dirfd)) {
		log_error("--keep-overlay: %s is in a volume that CMD may write to; give another "
			  "directory",
			  dir);
		return -EINVAL;
	}
	int err = make(plan, dirfd, mount);
	if (err == -ENOTEMPTY)
		log_error("--keep-overlay: %s is not empty; give a new directory", dir);
	else if (err)
		(void)failed(dir, err);
	return err;
}
