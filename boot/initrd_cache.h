/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of an initrd that is the same for every run: guest-init and the modules, kept in the cache
 * (boot/cache.h) as
 *
 *   initrd-IDENTITY-IDENTITY   by the modules' index (modules.dep.bin) and by who makes it
 *
 * Its first file, snug.modules, is for whoever looks for it: what the entry was made with, and the
 * modules with the identities of their files, so that one that was changed is noticed.
 */
#ifndef BOOT_INITRD_CACHE_H
#define BOOT_INITRD_CACHE_H

#include "boot/cache.h"
#include "boot/initrd.h"
#include "boot/modules.h"

#define INITRD_CACHE_NAME_MAX (2 * CACHE_IDENTITY_MAX + 16)

/* Where in the initrd they are. */
#define INITRD_MODULES_DIR "/modules"

/*
 * The entry's name for the modules in a directory. maker: the program that makes
 * it, guest-init and all. 0, or -errno if the directory has no index.
 */
int initrd_cache_name(const char *modules_dir, const struct cache_identity *maker,
		      char name[INITRD_CACHE_NAME_MAX]);

/*
 * The entry: a descriptor with *list filled (modules_free()), or -ENOENT; -ENOMEM. needs: what the
 * modules were resolved from (NULL-terminated), which must be what it was made from.
 */
int initrd_cache_get(int dir, const char *name, const char *const needs[],
		     struct module_list *list);

/*
 * Makes the entry, or with dir negative the same in memory: a descriptor, or -errno with *why set to a
 * text that completes "FILE ..." and *file to a module's path of the list, or to NULL: then it is about
 * the initrd.
 */
int initrd_cache_add(int dir, const char *name, const char *const needs[],
		     const struct module_list *list, const char **file, const char **why);

/* For cache_removal.named. */
bool initrd_cache_is_entry(const char *name);

#endif
