/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest-init/say.h"

/* Where the control groups are seen while one is made; then they are gone from there, but not from the kernel. */
#define GROUPS "/run/cgroup"
#define GROUP  GROUPS "/command"

const char *limits_tmpfs(const struct spec *spec, const char *mode, char options[LIMITS_TMPFS_MAX])
{
	strcpy(options, mode);
	if (spec->overlay_size) {
		strcat(options, ",size=");
		strcat(options, spec->overlay_size);
	}
	return options;
}

static int write_file(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		r = -errno;
	close(fd);
	return r;
}

static int make_group(struct spec *spec)
{
	int r = write_file(GROUPS "/cgroup.subtree_control", "+pids");

	if (r)
		return say_failed("--pids: the pids controller (CONFIG_CGROUP_PIDS)", r);
	if (mkdir(GROUP, 0755))
		return say_failed(GROUP, -errno);
	r = write_file(GROUP "/pids.max", spec->pids);
	if (r)
		return say_failed("pids.max", r);
	spec->group_fd = open(GROUP "/cgroup.procs", O_WRONLY | O_CLOEXEC);
	return spec->group_fd < 0 ? say_failed("cgroup.procs", -errno) : 0;
}

int limits_make_group(struct spec *spec)
{
	int r;

	if (!spec->pids)
		return 0;
	if (mkdir(GROUPS, 0700) || mount("cgroup2", GROUPS, "cgroup2", 0, NULL))
		return say_failed("--pids: control groups (CONFIG_CGROUPS)", -errno);
	r = make_group(spec);
	if (umount2(GROUPS, MNT_DETACH) || rmdir(GROUPS))
		r = say_failed(GROUPS, -errno);
	return r;
}

int limits_enter_group(const struct spec *spec)
{
	/* 0: whoever writes it. */
	return spec->pids && write(spec->group_fd, "0", 1) < 0 ? -errno : 0;
}
