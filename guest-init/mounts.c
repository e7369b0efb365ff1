/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest-init/exports.h"
#include "guest-init/keep.h"
#include "guest-init/limits.h"
#include "guest-init/overlay.h"
#include "guest-init/places.h"
#include "guest-init/report.h"
#include "guest-init/say.h"
#include "guest-init/user_mounts.h"

/*
 * cache=loose: nobody but the host writes to a read-only share, and the command sees a snapshot kept
 * as long as it lives. access=any: one attach for everybody; the server acts with one user's rights
 * anyway.
 */
#define SHARE_OPTIONS MOUNTS_9P_OPTIONS "cache=loose,access=any"

static int mount_share(const struct share *share, const char *dir)
{
	int r;

	if (mount(share->tag, dir, "9p", MS_RDONLY, SHARE_OPTIONS) == 0) {
		report_note("mount", share->dir);
		return 0;
	}
	r = -errno;
	say("guest: share ", share->tag, " on ", share->dir, ": ", strerror(-r));
	return r;
}

/*
 * Not only chroot: a process whose root is not its namespace's is refused user namespaces, so the
 * share is moved over the initramfs's root as well (what switch_root(8) does).
 */
static int switch_root(const char *dir)
{
	if (chdir(dir) || mount(".", "/", NULL, MS_MOVE, NULL) || chroot("."))
		return say_failed("changing the root directory", -errno);
	return 0;
}

#define PRIVATE "/private"

static int make_private(const struct spec *spec, int *fd)
{
	char options[LIMITS_TMPFS_MAX];

	if (mkdir(PRIVATE, 0700) ||
	    mount("private", PRIVATE, "tmpfs", 0, limits_tmpfs(spec, "mode=0700", options)))
		return -errno;
	*fd = open(PRIVATE, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 || fchdir(*fd) ? -errno : 0;
}

/* devtmpfs, and so /dev itself, is as the kernel made it; gid 5 is tty everywhere. */
static const struct fresh {
	const char *type, *dir;
	unsigned long flags;
	const char *data;
	bool make;
} fresh[] = {
	{"proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, false},
	{"sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, false},
	{"devtmpfs", "/dev", MS_NOSUID, NULL, false},
	{"devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "ptmxmode=0666,mode=0620,gid=5", true},
	{"tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777", true},
	{"tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755", false},
};

static const struct {
	const char *target, *name;
} links[] = {
	{"/proc/self/fd", "/dev/fd"},
	{"/proc/self/fd/0", "/dev/stdin"},
	{"/proc/self/fd/1", "/dev/stdout"},
	{"/proc/self/fd/2", "/dev/stderr"},
};

bool mounts_are_fresh(const char *path)
{
	for (size_t i = 0; i < sizeof(fresh) / sizeof(fresh[0]); i++)
		if (places_below(path, fresh[i].dir))
			return true;
	return false;
}

static int mount_fresh(void)
{
	for (size_t i = 0; i < sizeof(fresh) / sizeof(fresh[0]); i++) {
		const struct fresh *f = &fresh[i];

		if ((f->make && mkdir(f->dir, 0755) && errno != EEXIST) ||
		    mount(f->type, f->dir, f->type, f->flags, f->data))
			return say_failed(f->dir, -errno);
		report_note("mount", f->dir);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlink(links[i].target, links[i].name) && errno != EEXIST)
			return say_failed(links[i].name, -errno);
	return 0;
}

/* Decimal digits of n at the end of a zeroed buffer; returns where they start. */
static const char *decimal(unsigned n, char *buf, size_t size)
{
	char *p = buf + size - 1;

	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	return p;
}

/* What a login leaves in /run: /var/lock points there, and XDG_RUNTIME_DIR. */
static int fill_run(const struct spec *spec)
{
	char dir[32] = "/run/user/", digits[12] = "";

	strcat(dir, decimal(spec->uid, digits, sizeof(digits)));
	if (mkdir("/run/lock", 01777) || mkdir("/run/user", 0755) || mkdir(dir, 0700) ||
	    chown(dir, spec->uid, spec->gid))
		return say_failed("/run", -errno);
	return 0;
}

/* The root directory, with the working directory left in the private place. */
static int make_root(struct spec *spec)
{
	int private = -1;
	int r;

	if (mkdir("/newroot", 0755))
		return say_failed("/newroot", -errno);
	r = mount_share(&spec->shares[0], "/newroot");
	if (r)
		return r;
	r = make_private(spec, &private);
	if (r)
		return say_failed("memory for the overlays", r);
	r = exports_mount(spec);
	if (!r)
		r = keep_begin(spec);
	if (!r)
		r = user_mounts_root(spec, "/newroot");
	if (!r)
		r = switch_root("/newroot");
	if (!r && fchdir(private))
		r = say_failed("memory for the overlays", -errno);
	close(private);
	return r;
}

int mounts_make(struct spec *spec)
{
	int r = make_root(spec);

	for (size_t i = 1; !r && i < spec->share_count; i++)
		r = mount_share(&spec->shares[i], spec->shares[i].dir);
	if (!r)
		r = user_mounts_base(spec);
	if (!r)
		r = overlays_mount(&spec->overlays);
	if (!r)
		r = mount_fresh();
	if (!r)
		r = fill_run(spec);
	if (!r)
		r = user_mounts_make(spec);
	if (!r && chdir("/"))
		r = say_failed("/", -errno);
	return r;
}
