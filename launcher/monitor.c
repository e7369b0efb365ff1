/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/abi.h"
#include "core/cleanup.h"
#include "core/confine_layers.h"
#include "core/libc.h"
#include "core/log.h"
#include "core/util.h"
#include "launcher/install.h"

#define MONITOR_NAME "snug-monitor"

int monitor_find(char *path)
{
	int err = install_find(MONITOR_NAME, X_OK, path);

	if (err)
		install_missing(MONITOR_NAME, err);
	return err;
}

/* Volumes of one cache mode are one device. Its name there is a volume's place in the plan. */
static void add_exports(const struct plan *plan, enum mount_cache cache, struct strlist *argv)
{
	int fd = MONITOR_FD_PLAN;

	for (size_t i = 0; i < plan->mounts.count; i++) {
		const struct mount *mount = &plan->mounts.items[i];
		const bool direct = cache != CACHE_LOOSE;

		if (mount->kind != MOUNT_VOLUME)
			continue;
		if (mount->cache == cache)
			strlist_addf(argv, "--export=%s/%zu:%d%s%s%s%s", cache_names[cache], i, fd,
				     mount->rw || direct ? ":" : "", mount->rw ? "rw" : "",
				     mount->rw && direct ? "," : "", direct ? "direct" : "");
		fd++;
	}
}

static int first_hide_fd(const struct plan *plan)
{
	int fd = MONITOR_FD_PLAN;

	for (size_t i = 0; i < plan->mounts.count; i++)
		fd += plan->mounts.items[i].kind == MOUNT_VOLUME;
	return fd;
}

static bool is_of(const struct hide *hide, size_t dir, bool absent)
{
	return hide->dir == dir && hide->absent == absent;
}

/* An option for all names of a directory: each is something for the monitor to look at. */
static int add_hides_of(const struct hides *hides, size_t dir, bool absent, int fd,
			struct strlist *argv)
{
	_cleanup_free_ char *names = NULL;
	size_t size = 0;

	for (size_t i = 0; i < hides->count; i++) {
		if (is_of(&hides->items[i], dir, absent))
			size += strlen(hides->items[i].name) + 1;
	}
	if (size == 0)
		return 0;
	char *end = names = malloc(size + 1);
	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < hides->count; i++) {
		if (is_of(&hides->items[i], dir, absent))
			end = stpcpy(stpcpy(end, "/"), hides->items[i].name);
	}
	strlist_addf(argv, "--hide%s=%d:%s", absent ? "-new" : "", fd, names + 1);
	return 0;
}

static int add_hides(const struct plan *plan, struct strlist *argv)
{
	const int first = first_hide_fd(plan);
	int err = 0;

	for (size_t dir = 0; dir < plan->hides.dir_count && !err; dir++) {
		err = add_hides_of(&plan->hides, dir, false, first + (int)dir, argv);
		if (!err)
			err = add_hides_of(&plan->hides, dir, true, first + (int)dir, argv);
	}
	return err;
}

int monitor_argv(const struct plan *plan, bool direct, struct strlist *argv)
{
	strlist_add(argv, MONITOR_NAME);
	strlist_addf(argv, "--kvm=%d", MONITOR_FD_KVM);
	strlist_addf(argv, "--kernel=%d", MONITOR_FD_KERNEL);
	strlist_addf(argv, "--kernel-name=%s", plan->kernel.path);
	if (direct)
		strlist_addf(argv, "--vmlinux=%d", MONITOR_FD_VMLINUX);
	if (!plan->kaslr)
		strlist_add(argv, "--no-kaslr");
	strlist_addf(argv, "--initrd=%d", MONITOR_FD_INITRD);
	strlist_addf(argv, "--initrd=%d", MONITOR_FD_SPEC);
	strlist_addf(argv, "--cmdline=%s", plan->cmdline);
	strlist_addf(argv, "--memory=%llu", (unsigned long long)plan->memory);
	if (plan->cpus > 1)
		strlist_addf(argv, "--cpus=%u", plan->cpus);
	strlist_addf(argv, "--share=" SNUG_ROOT_TAG ":%d", MONITOR_FD_ROOT);
	for (unsigned cache = 0; cache < CACHE_COUNT; cache++)
		add_exports(plan, (enum mount_cache)cache, argv);
	int err = add_hides(plan, argv);
	strlist_addf(argv, "--proc-fd=%d", MONITOR_FD_PROC);
	strlist_add(argv, "--console");
	if (plan->stdio.raw)
		strlist_add(argv, "--tty");
	if (plan->timeout_ms)
		strlist_addf(argv, "--timeout=%u", plan->timeout_ms);
	if (plan->verbose)
		strlist_add(argv, "--verbose");
	for (unsigned i = 0; i < CONFINE_LAYERS; i++) {
		if (plan->no_confine & (1U << i))
			strlist_addf(argv, "--no-confine=%s",
				     confine_layer_name((enum confine_layer)i));
	}
	if (plan->timeline.any)
		strlist_addf(argv, "--timeline=%d", MONITOR_FD_TIMELINE);
	if (plan->json_status)
		strlist_addf(argv, "--result=%d", MONITOR_FD_TIMELINE);
	return err ? err : argv->error;
}

static int open_dir(const char *dir, int *fd)
{
	*fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	int err = -errno;
	log_error("%s cannot be shared: %s", dir, strerror(-err));
	return err;
}

int monitor_open_shares(const struct plan *plan, struct monitor_fds *fds)
{
	int err = open_dir(plan->root, &fds->root);

	return err ? err : open_dir("/proc/self/fd", &fds->proc);
}

int monitor_plan_fd(const struct plan *plan, unsigned index, int *from, const char **path)
{
	unsigned left = index;

	for (size_t i = 0; i < plan->mounts.count; i++) {
		const struct mount *mount = &plan->mounts.items[i];

		if (mount->kind != MOUNT_VOLUME || left--)
			continue;
		*from = mount->fd;
		*path = mount->src;
		return MONITOR_FD_PLAN + (int)index;
	}
	if (left >= plan->hides.dir_count)
		return -1;
	*from = plan->hides.dirs[left].fd;
	*path = plan->hides.dirs[left].path;
	return MONITOR_FD_PLAN + (int)index;
}

/* First out of the way of all the numbers, then onto them; dup2 clears O_CLOEXEC. -1: none. */
static int place(const int *from, int count)
{
	int moved[MONITOR_FD_END];

	for (int i = 0; i < count; i++) {
		moved[i] = from[i];
		if (from[i] >= 0)
			moved[i] = fcntl(from[i], F_DUPFD_CLOEXEC, MONITOR_FD_KVM + count);
		if (moved[i] < 0 && from[i] >= 0)
			return -errno;
	}
	for (int i = 0; i < count; i++) {
		if (moved[i] < 0)
			(void)close(MONITOR_FD_KVM + i);
		else if (dup2(moved[i], MONITOR_FD_KVM + i) < 0)
			return -errno;
	}
	return close_from((unsigned)(MONITOR_FD_KVM + count), CLOSE_RANGE_CLOEXEC) < 0 ? -errno : 0;
}

static int place_fds(const struct plan *plan, const struct monitor_fds *fds)
{
	int from[MONITOR_FD_END] = {fds->kvm,  fds->kernel, fds->initrd,  fds->root,
				    fds->proc, fds->spec,   fds->vmlinux, fds->timeline};
	int count = MONITOR_FD_PLAN - MONITOR_FD_KVM;
	const char *path;

	for (unsigned i = 0; monitor_plan_fd(plan, i, &from[count], &path) >= 0; i++)
		count++;
	return place(from, count);
}

static void reset_signals(void)
{
	static const int kept[] = {SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
	sigset_t none;

	/* Nobody sends the real-time ones. */
	for (int sig = 1; sig <= SIGSYS; sig++) {
		struct sigaction action;
		bool keep = false;

		for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
			keep |= sig == kept[i];
		if (!keep && sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			(void)signal(sig, SIG_DFL);
	}
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The 9p server holds a descriptor for every file the guest knows. */
static void raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int monitor_exec(const char *path, const struct strlist *argv, const struct plan *plan,
		 const struct monitor_fds *fds)
{
	static char *const no_environment[] = {NULL};

	raise_fd_limit();
	int err = place_fds(plan, fds);
	if (err) {
		log_error("the monitor's descriptors cannot be put in place: %s", strerror(-err));
		return err;
	}
	stdio_reopen(&plan->stdio);
	reset_signals();
	(void)execve(path, argv->items, no_environment);
	err = -errno;
	log_error("%s cannot be executed: %s", path, strerror(-err));
	return err;
}
