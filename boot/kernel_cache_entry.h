/* SPDX-License-Identifier: Apache-2.0 */
/* What finding an entry of the kernel cache and making one share (kernel_cache.c, kernel_cache_add.c). */
#ifndef BOOT_KERNEL_CACHE_ENTRY_H
#define BOOT_KERNEL_CACHE_ENTRY_H

#include "boot/kernel_cache.h"

#define KERNEL_CACHE_MAGIC  "snugvm1" /* with its NUL eight bytes; the number is the form's */
#define KERNEL_CACHE_SUFFIX ".kernel"

/* SHA256.kernel */
#define KERNEL_CACHE_NAME_MAX (2 * KERNEL_CACHE_SHA256_SIZE + sizeof(KERNEL_CACHE_SUFFIX))

/* file-IDENTITY */
#define KERNEL_CACHE_FILE_NAME_MAX (CACHE_IDENTITY_MAX + 8)
int kernel_cache_name_of_file(int fd, char name[KERNEL_CACHE_FILE_NAME_MAX]);

/* A descriptor of the entry if it is there and as it was made, or -ENOENT. */
int kernel_cache_open_entry(int dir, const char *name, struct vmlinux *kernel,
			    struct kernel_cache_info *info);

#endif
