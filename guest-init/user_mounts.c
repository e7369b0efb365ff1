/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/user_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest-init/limits.h"
#include "guest-init/mounts.h"
#include "guest-init/overlay.h"
#include "guest-init/places.h"
#include "guest-init/report.h"
#include "guest-init/say.h"

static int mount_failed(const struct user_mount *m, int error)
{
	say("guest: mount on ", m->dst, ": ", strerror(-error));
	return error;
}

static bool exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Where the guest can write without more ado: below what is not the share. */
static bool is_overlaid(const struct spec *spec, const char *path)
{
	for (size_t i = 0; i < spec->overlays.count; i++)
		if (places_below(path, spec->overlays.items[i]) && is_dir(spec->overlays.items[i]))
			return true;
	return false;
}

/* Is the first name of dst missing in the share? dirfd: its root. */
static bool needs_root(const struct spec *spec, size_t index, int dirfd)
{
	const char *name = spec->mounts[index].dst + 1;
	char first[NAME_MAX + 1];
	size_t len = strcspn(name, "/");
	struct stat st;

	if (len == 0 || len > NAME_MAX || places_parent(spec->mounts, index) != PLACES_ROOT)
		return false;
	memcpy(first, name, len);
	first[len] = '\0';
	return fstatat(dirfd, first, &st, AT_SYMLINK_NOFOLLOW) != 0;
}

static bool find_root(struct spec *spec, int dirfd)
{
	if (spec->mounts[0].kind == USER_OVERLAY && spec->mounts[0].dst[1] == '\0')
		return true;
	for (size_t i = 0; i < spec->mount_count; i++)
		if (needs_root(spec, i, dirfd)) {
			spec->mounts[i].base = 1;
			return true;
		}
	return false;
}

int user_mounts_root(struct spec *spec, const char *dir)
{
	int r = 0;

	if (spec->mount_count == 0)
		return 0;
	int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return say_failed("/", -errno);
	spec->root_overlay = find_root(spec, dirfd);
	close(dirfd);
	if (spec->root_overlay)
		r = overlay_mount(dir, spec->mounts[0].kind == USER_OVERLAY &&
						       spec->mounts[0].dst[1] == '\0'
					       ? spec->mounts[0].dst
					       : NULL);
	return r ? say_failed("overlay over /", r) : 0;
}

/* Overlays over the bases of those mounts that are below the parent-th and nearest to it. */
static int mount_bases(struct spec *spec, size_t parent)
{
	const char *top = parent == PLACES_ROOT ? "/" : spec->mounts[parent].dst;
	char path[PATH_MAX];

	for (size_t i = 0; i < spec->mount_count; i++) {
		struct user_mount *m = &spec->mounts[i];

		if (places_parent(spec->mounts, i) != parent ||
		    (parent == PLACES_ROOT &&
		     (mounts_are_fresh(m->dst) || is_overlaid(spec, m->dst))))
			continue;
		m->base = places_base(m->dst, top, exists);
	}
	places_prune(spec->mounts, spec->mount_count, parent);
	for (size_t i = 0; i < spec->mount_count; i++) {
		if (!spec->mounts[i].base || places_parent(spec->mounts, i) != parent)
			continue;
		int r = overlay_mount(places_base_path(&spec->mounts[i], path), NULL);
		if (r)
			return mount_failed(&spec->mounts[i], r);
	}
	return 0;
}

int user_mounts_base(struct spec *spec)
{
	return spec->mount_count && !spec->root_overlay ? mount_bases(spec, PLACES_ROOT) : 0;
}

static int make_one(const char *path, bool dir, const struct stat *parent)
{
	if (dir ? mkdir(path, 0755) : mknod(path, S_IFREG | 0644, 0))
		return -errno;
	/* On a volume the host has decided whose it is. */
	return chown(path, parent->st_uid, parent->st_gid) && errno != EPERM ? -errno : 0;
}

/* Makes what is missing of path; all but the last name are directories. Owned as what they are in. */
static int make_point(const char *path, bool dir)
{
	struct stat st, parent = {0};
	char part[PATH_MAX];
	int r;

	if (strlen(path) >= sizeof(part))
		return -ENAMETOOLONG;
	strcpy(part, path);
	for (char *slash = part; slash;) {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		if (stat(part, &st) == 0)
			parent = st;
		else if (errno != ENOENT)
			return -errno;
		else if ((r = make_one(part, slash || dir, &parent)))
			return r;
		if (slash)
			*slash = '/';
	}
	return 0;
}

static int bind_volume(const struct user_mount *m)
{
	struct stat st;

	if (stat(m->source, &st))
		return -errno;
	int r = make_point(m->dst, S_ISDIR(st.st_mode));
	if (r)
		return r;
	if (mount(m->source, m->dst, NULL, MS_BIND, NULL))
		return -errno;
	if (m->kind == USER_RO_VOLUME &&
	    mount(NULL, m->dst, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NODEV, NULL))
		return -errno;
	return 0;
}

/* The command's to write to; for others it has the mode of the directory it covers. */
static int mount_tmpfs(const struct spec *spec, const struct user_mount *m)
{
	char options[LIMITS_TMPFS_MAX];
	struct stat st;
	int r = make_point(m->dst, true);

	if (r)
		return r;
	if (stat(m->dst, &st) ||
	    mount("tmpfs", m->dst, "tmpfs", MS_NOSUID | MS_NODEV,
		  limits_tmpfs(spec, "mode=0755", options)) ||
	    chown(m->dst, spec->uid, spec->gid) || chmod(m->dst, (st.st_mode & 07777) | 0700))
		return -errno;
	return 0;
}

/* An overlay inside of one that is thrown away would change nothing. */
static int mount_overlay(const struct spec *spec, size_t index)
{
	size_t parent = places_parent(spec->mounts, index);
	const char *dst = spec->mounts[index].dst;

	if (dst[1] == '\0' || (parent == PLACES_ROOT && is_overlaid(spec, dst)) ||
	    (parent != PLACES_ROOT && spec->mounts[parent].kind == USER_OVERLAY))
		return 0;
	return overlay_mount(dst, dst);
}

static int mount_one(struct spec *spec, size_t index)
{
	const struct user_mount *m = &spec->mounts[index];
	int r = 0;

	switch (m->kind) {
	case USER_RO_VOLUME:
	case USER_RW_VOLUME:
		r = bind_volume(m);
		break;
	case USER_TMPFS:
		r = mount_tmpfs(spec, m);
		break;
	case USER_OVERLAY:
		r = mount_overlay(spec, index);
		break;
	}
	if (r)
		return mount_failed(m, r);
	return m->kind == USER_RO_VOLUME ? mount_bases(spec, index) : 0;
}

/* What was made writable for the mount points' sake is not the command's to write to. */
static int close_bases(const struct spec *spec)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < spec->mount_count; i++) {
		if (spec->mounts[i].base && mount(NULL, places_base_path(&spec->mounts[i], path),
						  NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL))
			return mount_failed(&spec->mounts[i], -errno);
	}
	return 0;
}

int user_mounts_make(struct spec *spec)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		int r = mount_one(spec, i);

		if (r)
			return r;
		report_note("mount", spec->mounts[i].dst);
	}
	return close_bases(spec);
}
