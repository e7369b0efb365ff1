/* SPDX-License-Identifier: Apache-2.0 */
/* snug doctor: how much of everything there is. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/util.h"
#include "launcher/finding.h"
#include "launcher/plan.h"

/* Files that the guest may have open, each a descriptor here; a compiler, or find, has this many. */
#define DESCRIPTORS_MIN 1024
/* What the monitor has besides the guest's memory: found by trying, with RLIMIT_AS and with RLIMIT_DATA. */
#define MONITOR_ROOM MIB(8)
#define FILE_MIN     MIB(64)
#define THREADS_MIN  64

static unsigned long long mebibytes(uint64_t bytes)
{
	return bytes / MIB(1);
}

/* The hard one: the launcher raises what it needs to that; bytes or a number, UINT64_MAX: none. */
static uint64_t hard_limit(unsigned resource)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0 || limit.rlim_max == RLIM_INFINITY)
		return UINT64_MAX;
	return limit.rlim_max;
}

static uint64_t soft_limit(unsigned resource)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return limit.rlim_cur;
}

void check_limits(const struct host *host, struct finding *finding)
{
	const uint64_t files = hard_limit(RLIMIT_NOFILE);
	const uint64_t space = min_u64(soft_limit(RLIMIT_AS), soft_limit(RLIMIT_DATA));
	const uint64_t need = plan_default_memory(host) + MONITOR_ROOM;

	if (space < need)
		finding_fail(finding, "raise it (ulimit -v, ulimit -d), or give the VM less: -m",
			     "your limit for memory is %llu MiB, and a run takes %llu",
			     mebibytes(space), mebibytes(need));
	if (files < DESCRIPTORS_MIN)
		finding_warn(finding, "raise it (ulimit -Hn, or LimitNOFILE= of a service)",
			     "%llu open files at most: a command that opens more is told so",
			     (unsigned long long)files);
	if (soft_limit(RLIMIT_FSIZE) < FILE_MIN)
		finding_warn(finding, "raise it (ulimit -f)",
			     "files of %llu MiB at most: a kernel cannot be unpacked once for all",
			     mebibytes(soft_limit(RLIMIT_FSIZE)));
	if (geteuid() != 0 && soft_limit(RLIMIT_NPROC) < THREADS_MIN)
		finding_warn(finding, "raise it (ulimit -u)",
			     "%llu processes and threads at most: a VM has a dozen",
			     (unsigned long long)soft_limit(RLIMIT_NPROC));
	if (files == UINT64_MAX)
		finding_ok(finding, "any number of open files");
	else
		finding_ok(finding, "%llu open files", (unsigned long long)files);
	if (finding->verdict != VERDICT_OK)
		return;
	if (space == UINT64_MAX)
		finding_add(finding, "any amount of memory");
	else
		finding_add(finding, "%llu MiB of memory", mebibytes(space));
}

/* Bytes; UINT64_MAX: not known. */
static uint64_t available(const struct host *host)
{
	char path[PATH_MAX], line[128];
	unsigned long long kib;
	uint64_t bytes = UINT64_MAX;
	FILE *file = host_path(host, "/proc/meminfo", path) ? fopen(path, "re") : NULL;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
			bytes = (uint64_t)kib * 1024;
	}
	if (file)
		(void)fclose(file);
	return bytes;
}

static bool read_text(const struct host *host, const char *file, char *text, size_t size)
{
	char path[PATH_MAX];
	_cleanup_close_ int fd =
		host_path(host, file, path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	const ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (n < 0)
		return false;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

/* The least of memory.max of this process's control group and those above; UINT64_MAX: none. */
static uint64_t group_limit(const struct host *host, char group[PATH_MAX])
{
	char text[PATH_MAX], file[PATH_MAX + 64], value[32];
	uint64_t least = UINT64_MAX;

	if (!read_text(host, "/proc/self/cgroup", text, sizeof(text)) ||
	    strncmp(text, "0::/", 4) != 0)
		return least;
	char *end = text + strlen(text);
	while (end > text + 3) {
		(void)snprintf(file, sizeof(file), "/sys/fs/cgroup%s/memory.max", text + 3);
		if (read_text(host, file, value, sizeof(value)) && value[0] >= '0' &&
		    value[0] <= '9' && strtoull(value, NULL, 10) < least) {
			least = strtoull(value, NULL, 10);
			(void)snprintf(group, PATH_MAX, "%s", text + 3);
		}
		end = strrchr(text + 3, '/');
		*end = '\0';
	}
	return least;
}

void check_memory(const struct host *host, struct finding *finding)
{
	char group[PATH_MAX];
	const uint64_t wanted = plan_default_memory(host);
	const uint64_t there = available(host), limit = group_limit(host, group);

	if (limit < wanted)
		finding_warn(finding, "raise its memory.max, or give the VM less: -m",
			     "the control group %s may have %llu MiB, and a VM %llu: the host's "
			     "kernel kills one that uses it",
			     group, mebibytes(limit), mebibytes(wanted));
	if (there < wanted)
		finding_warn(finding, "end something, or give the VM less: -m",
			     "%llu MiB are available, and a VM may take %llu", mebibytes(there),
			     mebibytes(wanted));
	finding_ok(finding, "%llu MiB, of which a VM may use %llu unless -m says otherwise",
		   mebibytes(host->ram), mebibytes(wanted));
	if (there != UINT64_MAX)
		finding_add(finding, "%llu MiB are available", mebibytes(there));
}
