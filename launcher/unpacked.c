/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/unpacked.h"

#include <errno.h>
#include <string.h>

#include "boot/kernel_cache.h"
#include "core/cleanup.h"
#include "core/doctor_checks.h"
#include "core/log.h"

static void warn(const struct cache *cache, int err, const char *why)
{
	log_warning("the kernel cache %s%s%s%s%s; the kernel is unpacked for this run alone, which "
		    "takes longer" SEE_DOCTOR("cache"),
		    cache->path ? cache->path : "", cache->path ? " " : "", why,
		    err == -EPERM ? "" : ": ", err == -EPERM ? "" : strerror(-err));
}

static int explain(const struct plan *plan, int err, const char *why)
{
	if (err == -ENOEXEC) {
		log_warning("%s %s; its own decompressor has to, which takes longer",
			    plan->kernel.path, why);
		return 0;
	}
	if (err == -EBADMSG)
		log_error("%s %s", plan->kernel.path, why);
	else if (err != -ENOMEM)
		log_error("%s %s: %s", plan->kernel.path, why, strerror(-err));
	return err;
}

static int get(const struct plan *plan, struct vmlinux *vmlinux, const char **why)
{
	const struct kernel *kernel = &plan->kernel;
	const struct cache *cache = &plan->cache;
	int r = cache->dir;

	*why = cache->why;
	if (r >= 0) {
		r = kernel_cache_get(cache->dir, kernel->fd, &kernel->image, vmlinux, why);
		if (r >= 0 || r == -ENOEXEC || r == -EBADMSG || r == -ENOMEM)
			return r;
	}
	warn(cache, r, *why);
	return kernel_cache_make(kernel->fd, &kernel->image, vmlinux, why);
}

int unpacked_get(const struct plan *plan, int *fd)
{
	struct vmlinux vmlinux;
	const char *why = NULL;

	*fd = -1;
	if (plan->boot != BOOT_DIRECT)
		return 0;
	int r = get(plan, &vmlinux, &why);
	if (r < 0)
		return explain(plan, r, why);
	*fd = r;
	return 0;
}
