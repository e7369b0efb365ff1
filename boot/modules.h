/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel modules a guest needs before it can reach its root file system, resolved through
 * libkmod from a kernel's own module directory: modules.dep for the order, modules.builtin for what
 * needs no loading, modules.softdep for what should come first. Neither the running kernel nor
 * /etc/modprobe.d has a say: the guest's kernel is another one.
 */
#ifndef BOOT_MODULES_H
#define BOOT_MODULES_H

#include <stddef.h>

#include "boot/unpack.h"

struct module_list {
	struct module {
		char *name; /* "9pnet_virtio" */
		char *path; /* of the file, compressed or not */
	} * modules;        /* in the order in which they are to be loaded; owned: modules_free() */
	size_t count;
};

/*
 * Resolves the NULL-terminated names against dir. 0, or -errno:
 *   -ENOENT   with *missing one of names: neither built in nor a module
 *   -ENODATA  dir has no index (modules.dep.bin): depmod has not been run
 *   others    the index cannot be read, or what libkmod said
 * The list is empty after an error. Nothing is logged.
 */
int modules_resolve(const char *dir, const char *const names[], struct module_list *list,
		    const char **missing);

/* Appends copies. 0 or -ENOMEM. */
int module_list_add(struct module_list *list, const char *name, const char *path);

void modules_free(struct module_list *list);
#define _cleanup_modules_ __attribute__((cleanup(modules_free)))

/*
 * Reads one module and unpacks it. 0, or -errno with *why set to a static text that completes
 * "PATH: ..." (-ENOEXEC: it is not a module).
 */
int module_read(const char *path, struct blob *out, const char **why);

#endif
