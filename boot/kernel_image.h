/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Linux kernel file, read and checked without placing it: both programs use this, the launcher to
 * say early and clearly what is wrong, the monitor because it trusts nobody's word.
 * Linux, Documentation/arch/x86/boot.rst.
 */
#ifndef BOOT_KERNEL_IMAGE_H
#define BOOT_KERNEL_IMAGE_H

#include <asm/bootparam.h>
#include <stdint.h>

struct kernel_image {
	uint64_t file_size;  /* bytes */
	uint64_t setup_size; /* bytes of the real-mode part, from the start of the file */
	uint64_t
		code_size; /* bytes of the protected-mode part, from setup_size to the file's end */
	/* The header as it stands in the file; zero beyond its own length (boot.rst, "jump"). */
	struct setup_header header;
	char version
		[128]; /* "6.1.0-56-amd64": the first word of kernel_version; empty if it has none */
};

/*
 * Reads the bzImage on fd, which stays the caller's and keeps its offset. 0, or -errno with *why set
 * to a static text that completes "FILE: ..." (-ENOEXEC: the file is not a kernel snug can boot;
 * anything else: it could not be read).
 *
 * After success: 64-bit entry exists (XLF_KERNEL_64), protocol >= 2.12, relocatable or at a preferred
 * address, and setup_size + code_size == file_size; header.init_size >= code_size.
 */
int kernel_image_read(int fd, struct kernel_image *image, const char **why);

#endif
