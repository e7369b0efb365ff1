/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of snug-kernels.so, under their own names and as their headers have them. Tests link the
 * real ones instead of this file.
 */
#include <errno.h>

#include "boot/initrd_cache.h"
#include "boot/kernel_cache.h"
#include "boot/modules.h"
#include "launcher/library.h"

/* Sets `real` to the function of that name, or returns what the caller gives for a library that fails. */
#define FIND(real, name, failed)                                 \
	__typeof__(name) *real;                                  \
	void *found_ = library_function(#name);                  \
	if (!found_)                                             \
		return (failed);                                 \
	/* POSIX's way: a function's address from an object's */ \
	*(void **)(&(real)) = found_

int modules_resolve(const char *dir, const char *const names[], struct module_list *list,
		    const char **missing)
{
	*list = (struct module_list){0};
	*missing = NULL;
	FIND(real, modules_resolve, -ELIBACC);
	return real(dir, names, list, missing);
}

int kernel_cache_add(int dir, int fd, const struct kernel_image *image, struct vmlinux *kernel,
		     const char **why)
{
	FIND(real, kernel_cache_add, (*why = library_failure(), -ENOEXEC));
	return real(dir, fd, image, kernel, why);
}

int kernel_cache_make(int fd, const struct kernel_image *image, struct vmlinux *kernel,
		      const char **why)
{
	FIND(real, kernel_cache_make, (*why = library_failure(), -ENOEXEC));
	return real(fd, image, kernel, why);
}

const char *kernel_cache_format(int fd, const struct kernel_image *image)
{
	FIND(real, kernel_cache_format, "unknown");
	return real(fd, image);
}

int initrd_cache_add(int dir, const char *name, const char *const needs[],
		     const struct module_list *list, const char **file, const char **why)
{
	*file = NULL;
	FIND(real, initrd_cache_add, (*why = library_failure(), -ELIBACC));
	return real(dir, name, needs, list, file, why);
}
