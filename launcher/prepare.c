/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "boot/initrd.h"
#include "boot/initrd_cache.h"
#include "core/abi.h"
#include "core/cleanup.h"
#include "core/doctor_checks.h"
#include "core/log.h"
#include "launcher/unpacked.h"

int prepare_module_path(const struct module *module, char *path)
{
	int n = snprintf(path, PATH_MAX, INITRD_MODULES_DIR "/%s.ko", module->name);

	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static void add_modules(struct spec *spec, const struct module_list *modules)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < modules->count; i++) {
		if (prepare_module_path(&modules->modules[i], path) == 0)
			spec_add(spec, "module", "%s", path);
		else
			spec->error = -ENAMETOOLONG;
	}
}

static void add_identity(struct spec *spec, const struct identity *identity)
{
	spec_add(spec, "uid", "%u", identity->uid);
	spec_add(spec, "gid", "%u", identity->gid);
	for (size_t i = 0; i < identity->group_count; i++)
		spec_add(spec, "group", "%u", identity->groups[i]);
}

static void add_stdio(struct spec *spec, const struct stdio *stdio)
{
	static const char *const names[] = {"stdin", "stdout", "stderr"};

	if (stdio->tty)
		spec_add(spec, "tty", "%ux%u", stdio->rows, stdio->columns);
	if (stdio->stderr_is_tty)
		spec_add(spec, "stderr", "tty");
	for (int fd = 0; fd <= 2; fd++) {
		if (stdio->closed[fd])
			spec_add(spec, names[fd], "closed");
	}
}

static void add_each(struct spec *spec, const char *key, const struct strlist *list)
{
	for (size_t i = 0; i < list->count; i++)
		spec_add(spec, key, "%s", list->items[i]);
}

/*
 * A guest's users are told apart where the host would let the caller be any of them; for what is only
 * read one attach does for all, and the guest's kernel looks at the modes.
 */
static void add_exports(struct spec *spec, const struct plan *plan)
{
	for (unsigned i = 0; i < CACHE_COUNT; i++) {
		bool rw;

		if (mounts_use_cache(&plan->mounts, (enum mount_cache)i, &rw))
			spec_add(spec, "exports", "%s:%s:cache=%s,access=%s", cache_names[i],
				 rw ? "rw" : "ro", cache_names[i],
				 rw && plan->root_caller ? "user" : "any");
	}
}

static void add_mounts(struct spec *spec, const struct mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++) {
		const struct mount *mount = &mounts->items[i];

		if (mount->keep)
			spec_add(spec, "keep", "%s/%zu", cache_names[mount->cache], i);
		else if (mount->kind == MOUNT_VOLUME)
			spec_add(spec, "mount", "%s:%s/%zu:%s", mount->rw ? "rw" : "ro",
				 cache_names[mount->cache], i, mount->dst);
		else
			spec_add(spec, "mount", "%s:%s",
				 mount->kind == MOUNT_TMPFS ? "tmpfs" : "overlay", mount->dst);
	}
}

static void add_limits(struct spec *spec, const struct plan *plan)
{
	if (plan->pids)
		spec_add(spec, "pids", "%u", plan->pids);
	if (plan->overlay_size.bytes)
		spec_add(spec, "overlay-size", "%llu",
			 (unsigned long long)plan->overlay_size.bytes);
	else if (plan->overlay_size.percent)
		spec_add(spec, "overlay-size", "%u%%", plan->overlay_size.percent);
}

static int make_spec(struct spec *spec, const struct plan *plan)
{
	add_modules(spec, &plan->kernel.modules);
	spec_add(spec, "share", SNUG_ROOT_TAG ":/");
	add_exports(spec, plan);
	add_each(spec, "overlay", &plan->overlays);
	add_mounts(spec, &plan->mounts);
	add_each(spec, "arg", &plan->argv);
	add_each(spec, "env", &plan->env);
	spec_add(spec, "cwd", "%s", plan->cwd);
	add_identity(spec, &plan->identity);
	spec_add(spec, "umask", "%04o", plan->umask);
	spec_add(spec, "hostname", "%s", plan->hostname);
	add_limits(spec, plan);
	add_stdio(spec, &plan->stdio);
	if (plan->timeline.any)
		spec_add(spec, "timeline", "report");
	if (spec->error && spec->error != -ENOMEM)
		log_error("the run specification cannot be made: %s", strerror(-spec->error));
	return spec->error;
}

static int tell_initrd_failed(int err)
{
	if (err == -EFBIG)
		log_error("the initrd cannot be made: it is larger than your limit for files "
			  "(ulimit -f)" SEE_DOCTOR("limits"));
	else
		log_error("the initrd cannot be made: %s", strerror(-err));
	return err;
}

/* The part of the initrd that is this run's own. */
static int make_spec_initrd(struct prepared *prepared)
{
	_cleanup_initrd_ struct initrd initrd;

	initrd_begin(&initrd);
	initrd_add_file(&initrd, SNUG_SPEC_PATH, 0600, prepared->spec.data, prepared->spec.size);
	prepared->spec_fd = initrd_end(&initrd);
	if (prepared->spec_fd >= 0 || prepared->spec_fd == -ENOMEM)
		return prepared->spec_fd < 0 ? -ENOMEM : 0;
	return tell_initrd_failed(prepared->spec_fd);
}

static int tell_module_failed(const char *path, const char *why, int err)
{
	/* Of these, why has said all. */
	if (err == -EBADMSG || err == -EFBIG || err == -ENOEXEC || err == -EINVAL)
		log_error("%s %s", path, why);
	else if (err != -ENOMEM)
		log_error("%s %s: %s", path, why, strerror(-err));
	return err;
}

/* The cache may be of no use, full say; then this is made in memory, each time. */
static int make_base_initrd(const struct plan *plan)
{
	const struct kernel *kernel = &plan->kernel;
	const char *names[KERNEL_NEEDS_MAX];
	const char *file = NULL, *why = NULL;
	int r = -ENOENT;

	kernel_need_names(names);
	if (plan->cache.dir >= 0 && kernel->initrd_name[0])
		r = initrd_cache_add(plan->cache.dir, kernel->initrd_name, names, &kernel->modules,
				     &file, &why);
	if (r < 0 && !file)
		r = initrd_cache_add(-1, NULL, names, &kernel->modules, &file, &why);
	if (r >= 0 || r == -ENOMEM || r == -ELIBACC)
		return r;
	return file ? tell_module_failed(file, why, r) : tell_initrd_failed(r);
}

static int get_base_initrd(struct prepared *prepared, const struct plan *plan)
{
	const int fd = plan->kernel.initrd_fd;

	prepared->initrd_fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : make_base_initrd(plan);
	if (prepared->initrd_fd >= 0)
		return 0;
	return fd >= 0 ? tell_initrd_failed(-errno) : prepared->initrd_fd;
}

int prepare(struct prepared *prepared, const struct plan *plan)
{
	*prepared = (struct prepared){.vmlinux_fd = -1, .initrd_fd = -1, .spec_fd = -1};
	int err = make_spec(&prepared->spec, plan);
	if (!err)
		err = make_spec_initrd(prepared);
	if (!err)
		err = get_base_initrd(prepared, plan);
	return err ? err : unpacked_get(plan, &prepared->vmlinux_fd);
}

void prepared_free(struct prepared *prepared)
{
	spec_free(&prepared->spec);
	cleanup_close(&prepared->initrd_fd);
	cleanup_close(&prepared->spec_fd);
	cleanup_close(&prepared->vmlinux_fd);
	prepared->initrd_fd = prepared->spec_fd = prepared->vmlinux_fd = -1;
}
