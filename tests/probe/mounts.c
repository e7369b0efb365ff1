/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "probe.h"

/* <sys/mount.h> and <linux/mount.h> do not go together in glibc 2.36. */
int mount(const char *source, const char *target, const char *type, unsigned long flags,
	  const void *data);

static int mount_here(const char *type, const char *options)
{
	int r = leave_namespaces(CLONE_NEWNS | CLONE_NEWIPC);

	if (r == 0)
		r = result(mkdir("m", 0700));
	return r ? r : result(mount("none", "m", type, 0, options));
}

static int tmpfs(void)
{
	return mount_here("tmpfs", "size=1m,mode=700");
}

static int overlay(void)
{
	if (mkdir("lower", 0700) || mkdir("upper", 0700) || mkdir("work", 0700) ||
	    mkdir("lower/directory", 0700))
		return -errno;
	int r = mount_here("overlay", "lowerdir=lower,upperdir=upper,workdir=work");

	return r ? r : result(rename("m/directory", "m/renamed") && errno != EXDEV ? -1 : 0);
}

static int devpts(void)
{
	int r = mount_here("devpts", "newinstance,ptmxmode=0666");

	return r ? r : result(open("m/ptmx", O_RDWR | O_CLOEXEC | O_NOCTTY));
}

static int mqueue(void)
{
	return mount_here("mqueue", NULL);
}

static int devtmpfs(void)
{
	int r = mount_here("devtmpfs", NULL);

	return r ? r : result(open("m/null", O_RDWR | O_CLOEXEC));
}

static int proc(void)
{
	return mount_here("proc", NULL);
}

static int sysfs(void)
{
	return mount_here("sysfs", NULL);
}

static int fork_again(void)
{
	return result(fork());
}

/* A limit that is one. */
static int cgroup2(void)
{
	char pid[16];
	int r = mount_here("cgroup2", NULL);

	if (r == 0)
		r = write_to("m/cgroup.subtree_control", "+pids +memory +cpu +cpuset");
	if (r == 0)
		r = result(mkdir("m/snug-probe", 0700));
	if (r)
		return r;
	(void)snprintf(pid, sizeof(pid), "%d", getpid());
	r = write_to("m/snug-probe/memory.max", "64M");
	if (r == 0)
		r = write_to("m/snug-probe/cpu.max", "50000 100000");
	if (r == 0)
		r = write_to("m/snug-probe/pids.max", "1");
	if (r == 0)
		r = write_to("m/snug-probe/cgroup.procs", pid);
	if (r == 0)
		r = expect(fork_again() == -EAGAIN);
	(void)write_to("m/cgroup.procs", pid);
	(void)rmdir("m/snug-probe");
	return r;
}

static int cgroup2_freezer(void)
{
	int r = mount_here("cgroup2", NULL);

	if (r == 0)
		r = result(mkdir("m/snug-freeze", 0700));
	if (r == 0)
		r = write_to("m/snug-freeze/cgroup.freeze", "1");
	(void)rmdir("m/snug-freeze");
	return r;
}

/* fsopen() and its kin; and a bind mount made read-only with all below it. */
static int new_calls(void)
{
	struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
	int r = leave_namespaces(CLONE_NEWNS);

	if (r)
		return r;
	int context = (int)syscall(SYS_fsopen, "tmpfs", 0);

	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -errno;
	int made = (int)syscall(SYS_fsmount, context, 0, 0);

	if (made < 0 || mkdir("m", 0700) ||
	    syscall(SYS_move_mount, made, "", AT_FDCWD, "m", MOVE_MOUNT_F_EMPTY_PATH))
		return -errno;
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "m", OPEN_TREE_CLONE | AT_RECURSIVE);

	if (tree < 0 || syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE,
				&read_only, sizeof(read_only)))
		return -errno;
	return expect(mkdirat(tree, "x", 0700) < 0 && errno == EROFS);
}

const struct probe mount_probes[] = {
	{"tmpfs", tmpfs, false},
	{"overlay", overlay, false},
	{"devpts, an instance of its own", devpts, false},
	{"mqueue", mqueue, false},
	{"devtmpfs", devtmpfs, true},
	{"proc", proc, true},
	{"sysfs", sysfs, true},
	{"cgroup2: pids, memory, cpu, cpuset", cgroup2, true},
	{"cgroup2: freezer", cgroup2_freezer, true},
	{"fsopen, fsmount, open_tree, mount_setattr", new_calls, false},
	{NULL, NULL, false},
};
