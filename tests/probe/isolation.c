/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "probe.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

/* Whoever it is becomes root in there. */
static int user_namespace(void)
{
	char map[32];

	(void)snprintf(map, sizeof(map), "0 %u 1", geteuid());
	if (unshare(CLONE_NEWUSER))
		return -errno;
	int r = write_to("/proc/self/uid_map", map);

	return r ? r : expect(geteuid() == 0);
}

static int mount_namespace(void)
{
	return leave_namespaces(CLONE_NEWNS);
}

static int network_namespace(void)
{
	return leave_namespaces(CLONE_NEWNET);
}

static int uts_namespace(void)
{
	int r = leave_namespaces(CLONE_NEWUTS);

	return r ? r : result(sethostname("probe", 5));
}

static int ipc_namespace(void)
{
	return leave_namespaces(CLONE_NEWIPC);
}

static int cgroup_namespace(void)
{
	return leave_namespaces(CLONE_NEWCGROUP);
}

static int is_first(void)
{
	return expect(getpid() == 1);
}

static int pid_namespace(void)
{
	int r = leave_namespaces(CLONE_NEWPID);

	return r ? r : result_of_child(is_first);
}

static int since_long(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	if (now.tv_sec <= 100000)
		(void)fprintf(stderr, "CLOCK_BOOTTIME there: %lld s\n", (long long)now.tv_sec);
	return expect(now.tv_sec > 100000);
}

static int time_namespace(void)
{
	int r = leave_namespaces(CLONE_NEWTIME);

	if (r == 0)
		r = write_to("/proc/self/timens_offsets", "boottime 100000 0");
	return r ? r : result_of_child(since_long);
}

static int enter_namespace(void)
{
	int before = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);

	if (before < 0 || unshare(CLONE_NEWUTS))
		return -errno;
	return result(setns(before, CLONE_NEWUTS));
}

static int pivot_root(void)
{
	int r = leave_namespaces(CLONE_NEWNS);

	if (r)
		return r;
	if (syscall(SYS_mount, "none", "/", NULL, 0x44000UL /* MS_REC | MS_PRIVATE */, NULL) ||
	    mkdir("root", 0700) || syscall(SYS_mount, "none", "root", "tmpfs", 0UL, NULL) ||
	    chdir("root"))
		return -errno;
	return result(syscall(SYS_pivot_root, ".", "."));
}

/* getppid() is refused, and with a listener, told. */
static const struct sock_filter filter_code[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static long install_filter(unsigned int flags)
{
	struct sock_filter code[sizeof(filter_code) / sizeof(*filter_code)];
	struct sock_fprog program = {.len = sizeof(code) / sizeof(*code), .filter = code};

	memcpy(code, filter_code, sizeof(code));
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static int seccomp_filter(void)
{
	int r = result(install_filter(SECCOMP_FILTER_FLAG_TSYNC));

	return r ? r : expect(syscall(SYS_getppid) < 0 && errno == ENOTTY);
}

static int seccomp_listener(void)
{
	return result(install_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER));
}

/* Nothing may be read any more. */
static int landlock(void)
{
	struct landlock_ruleset_attr rules = {.handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE};
	int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);

	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0))
		return -errno;
	return expect(open("/proc/self/status", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
}

const struct probe isolation_probes[] = {
	{"user namespaces", user_namespace, false},
	{"mount namespaces", mount_namespace, false},
	{"pid namespaces", pid_namespace, false},
	{"network namespaces", network_namespace, false},
	{"uts namespaces", uts_namespace, false},
	{"ipc namespaces", ipc_namespace, false},
	{"cgroup namespaces", cgroup_namespace, false},
	{"time namespaces", time_namespace, false},
	{"setns", enter_namespace, true},
	{"pivot_root", pivot_root, false},
	{"seccomp filters", seccomp_filter, false},
	{"seccomp listeners", seccomp_listener, false},
	{"Landlock", landlock, false},
	{NULL, NULL, false},
};
