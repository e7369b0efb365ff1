/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/unpacked.h"

#include <errno.h>
#include <string.h>

#include "boot/kernel_cache.h"
#include "core/cleanup.h"
#include "core/log.h"

static int open_cache(const char *dir, const char **why)
{
	if (dir)
		return kernel_cache_open(dir, why);
	*why = "has no place: neither HOME nor XDG_CACHE_HOME is set";
	return -ENOENT;
}

static void warn(const char *dir, int err, const char *why)
{
	/* Of these, why has said all. */
	const bool said = err == -EPERM || err == -ENOTDIR || err == -ENOENT;

	log_warning("the kernel cache %s%s%s%s%s; the kernel is unpacked for this run alone, which "
		    "takes longer",
		    dir ? dir : "", dir ? " " : "", why, said ? "" : ": ",
		    said ? "" : strerror(-err));
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

static int get_from_cache(const struct plan *plan, struct vmlinux *vmlinux, const char **why)
{
	_cleanup_close_ int dir = open_cache(plan->cache_dir, why);
	int r = dir < 0 ? dir
			: kernel_cache_get(dir, plan->kernel.fd, &plan->kernel.image, vmlinux, why);

	if (r >= 0 || (dir >= 0 && (r == -ENOEXEC || r == -EBADMSG || r == -ENOMEM)))
		return r;
	warn(plan->cache_dir, r, *why);
	return kernel_cache_make(plan->kernel.fd, &plan->kernel.image, vmlinux, why);
}

int unpacked_get(const struct plan *plan, int *fd)
{
	struct vmlinux vmlinux;
	const char *why = NULL;

	*fd = -1;
	if (plan->boot != BOOT_DIRECT)
		return 0;
	int r = get_from_cache(plan, &vmlinux, &why);
	if (r < 0)
		return explain(plan, r, why);
	*fd = r;
	return 0;
}
