/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels, unpacked once and kept (boot/vmlinux.h is the form). In the cache's directory (boot/cache.h):
 *
 *   SHA256.kernel     what the bzImage with that checksum unpacks to
 *   file-IDENTITY     another name (a hard link) of one of them: the bzImage that is this very file, so
 *                     that a start need not read it
 *
 * An entry whose size, time of change or headers are not what they were made with is damaged, and is made
 * anew. The checksum of its contents is looked at when an entry gets another name, not at every start:
 * that would cost more than the rest of it.
 */
#ifndef BOOT_KERNEL_CACHE_H
#define BOOT_KERNEL_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "boot/cache.h"
#include "boot/kernel_image.h"
#include "boot/vmlinux.h"

#define KERNEL_CACHE_SHA256_SIZE 32

/* An entry's VMLINUX_PT_INFO part. Integers are the host's: an entry never leaves it. */
struct kernel_cache_info {
	char magic[8];
	uint64_t size;                              /* bytes, of the whole file */
	int64_t changed_s, changed_ns;              /* its st_mtim */
	uint8_t source[KERNEL_CACHE_SHA256_SIZE];   /* checksum of the bzImage */
	uint8_t contents[KERNEL_CACHE_SHA256_SIZE]; /* of this file, up to its info */
	uint64_t source_size;
	char compression[8]; /* "xz" */
	char version[128];   /* struct kernel_image's */
};

/*
 * The kernel in the bzImage on fd, unpacked, from the cache's directory: a descriptor (O_CLOEXEC, the
 * caller's) with *kernel filled, or -errno with *why set to a static text that completes "FILE ...":
 * -ENOEXEC if snug cannot unpack it, -EBADMSG if nobody can, -ENOMEM; with anything else it is the
 * directory that is at fault, and kernel_cache_make() another way. The first is the second, but for a
 * file that was seen before.
 */
int kernel_cache_get(int dir, int fd, const struct kernel_image *image, struct vmlinux *kernel,
		     const char **why);
int kernel_cache_add(int dir, int fd, const struct kernel_image *image, struct vmlinux *kernel,
		     const char **why);

/* The same in memory, kept nowhere. */
int kernel_cache_make(int fd, const struct kernel_image *image, struct vmlinux *kernel,
		      const char **why);

/* What is kept of the bzImage on fd: a descriptor with *kernel and *info filled, or -ENOENT. */
int kernel_cache_find(int dir, int fd, struct vmlinux *kernel, struct kernel_cache_info *info);

/* "xz": how the payload of the bzImage on fd is packed; "unknown". */
const char *kernel_cache_format(int fd, const struct kernel_image *image);

/*
 * Removes every kernel but those kept of the count files that are to stay; what goes is added to
 * *removed. 0 or -errno.
 */
int kernel_cache_prune(int dir, const struct cache_identity *stay, size_t count,
		       struct cache_removed *removed);

#endif
