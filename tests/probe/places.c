/* SPDX-License-Identifier: Apache-2.0 */
/* Names that programs look at, by what they do when one is missing: not start, count wrongly, or say so. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "probe.h"

static const char *const names[] = {
	/* of a process: debuggers, process lists, run-time systems, crash handlers */
	"/proc/self/auxv",
	"/proc/self/cgroup",
	"/proc/self/cmdline",
	"/proc/self/comm",
	"/proc/self/coredump_filter",
	"/proc/self/environ",
	"/proc/self/fd",
	"/proc/self/fdinfo/1",
	"/proc/self/limits",
	"/proc/self/maps",
	"/proc/self/mountinfo",
	"/proc/self/ns/user",
	"/proc/self/oom_score_adj",
	"/proc/self/pagemap",
	"/proc/self/setgroups",
	"/proc/self/smaps",
	"/proc/self/smaps_rollup",
	"/proc/self/stat",
	"/proc/self/statm",
	"/proc/self/status",
	"/proc/self/task",
	"/proc/self/wchan",
	"/proc/thread-self/children",
	/* of the machine: how many processors, how much memory, since when */
	"/proc/cpuinfo",
	"/proc/filesystems",
	"/proc/interrupts",
	"/proc/loadavg",
	"/proc/locks",
	"/proc/meminfo",
	"/proc/stat",
	"/proc/uptime",
	"/proc/version",
	"/proc/vmstat",
	"/proc/zoneinfo",
	"/sys/devices/system/cpu/cpu0/topology/core_id",
	"/sys/devices/system/cpu/online",
	"/sys/devices/system/cpu/possible",
	"/sys/devices/system/cpu/vulnerabilities/spectre_v2",
	"/sys/fs/cgroup",
	"/sys/kernel/mm/transparent_hugepage/enabled",
	/* of its sockets */
	"/proc/net/dev",
	"/proc/net/if_inet6",
	"/proc/net/route",
	"/proc/net/tcp",
	"/proc/net/tcp6",
	"/proc/net/udp",
	"/proc/net/unix",
	"/proc/sys/net/core/somaxconn",
	"/proc/sys/net/ipv4/ip_local_port_range",
	"/proc/sys/net/ipv6/conf/all/disable_ipv6",
	"/sys/class/net/lo/address",
	/* what they may set, or want set */
	"/proc/sys/fs/file-max",
	"/proc/sys/fs/inotify/max_user_watches",
	"/proc/sys/fs/mqueue/msg_max",
	"/proc/sys/fs/nr_open",
	"/proc/sys/fs/pipe-max-size",
	"/proc/sys/kernel/cap_last_cap",
	"/proc/sys/kernel/core_pattern",
	"/proc/sys/kernel/hostname",
	"/proc/sys/kernel/ngroups_max",
	"/proc/sys/kernel/osrelease",
	"/proc/sys/kernel/perf_event_paranoid",
	"/proc/sys/kernel/pid_max",
	"/proc/sys/kernel/random/boot_id",
	"/proc/sys/kernel/random/uuid",
	"/proc/sys/kernel/seccomp/actions_avail",
	"/proc/sys/kernel/sem",
	"/proc/sys/kernel/shmmax",
	"/proc/sys/kernel/threads-max",
	"/proc/sys/user/max_user_namespaces",
	"/proc/sys/vm/max_map_count",
	"/proc/sys/vm/overcommit_memory",
	/* devices */
	"/dev/fd/1",
	"/dev/full",
	"/dev/null",
	"/dev/ptmx",
	"/dev/pts",
	"/dev/random",
	"/dev/shm",
	"/dev/urandom",
	"/dev/zero",
	NULL,
};

static int in_proc_sys_dev(void)
{
	int r = 0;

	for (size_t i = 0; names[i]; i++) {
		if (access(names[i], F_OK) == 0)
			continue;
		r = -errno;
		(void)printf("%s: %s\n", names[i], strerror(errno));
	}
	(void)fflush(stdout);
	return r;
}

const struct probe place_probes[] = {
	{"names in /proc, /sys, /dev", in_proc_sys_dev, false},
	{NULL, NULL, false},
};
