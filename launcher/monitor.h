/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor: where it is, how it is called (vmm/config.h) and how this process becomes it. Its
 * descriptors always have the same numbers, so that a dry run shows the very command line.
 */
#ifndef LAUNCHER_MONITOR_H
#define LAUNCHER_MONITOR_H

#include "launcher/plan.h"
#include "launcher/strlist.h"

enum {
	MONITOR_FD_KVM = 3,
	MONITOR_FD_KERNEL,
	MONITOR_FD_INITRD,
	MONITOR_FD_ROOT,
	MONITOR_FD_PROC,
	MONITOR_FD_SPEC,
	MONITOR_FD_VMLINUX,  /* closed where there is none */
	MONITOR_FD_TIMELINE, /* the same */
	MONITOR_FD_PLAN, /* the plan's volumes, in its order, then the directories of what it hides */
	MONITOR_FD_END = MONITOR_FD_PLAN + MOUNTS_MAX + HIDES_MAX, /* at most */
};

struct monitor_fds {
	int kvm;
	int kernel;
	int initrd; /* what is the same for every run */
	int root;
	int proc;     /* /proc/self/fd */
	int spec;     /* an initrd of the run specification */
	int vmlinux;  /* the unpacked kernel; -1: none */
	int timeline; /* the record; -1: none */
};

/*
 * Finds the program: beside this one (a build directory), or where it is installed. path has PATH_MAX
 * bytes. 0, or -errno after having logged.
 */
int monitor_find(char *path);

/* The monitor's argument vector. direct: with an unpacked kernel. 0 or -ENOMEM (nothing logged). */
int monitor_argv(const struct plan *plan, bool direct, struct strlist *argv);

/*
 * Opens the root share and /proc/self/fd, through which the monitor opens volumes again: this process's,
 * which the monitor will be. 0, or -errno after having logged. The descriptors are the caller's.
 */
int monitor_open_shares(const struct plan *plan, struct monitor_fds *fds);

/*
 * The descriptors that the plan brings along: the number of the index-th, and in *from and *path what
 * it is now and the file's path. -1 where there are no more.
 */
int monitor_plan_fd(const struct plan *plan, unsigned index, int *from, const char **path);

/*
 * Becomes the monitor: descriptors in place and every other one closed, an empty environment, signals
 * as a fresh process has them (an inherited "ignore" of a hang-up or a keyboard signal stays: nohup
 * and "&" mean it), as many descriptors as the hard limit allows. Returns -errno after having logged.
 */
int monitor_exec(const char *path, const struct strlist *argv, const struct plan *plan,
		 const struct monitor_fds *fds);

#endif
