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
	uint64_t code_size;  /* bytes of the protected-mode part, from setup_size: what is loaded */
	/* The header as it stands in the file; zero beyond its own length (boot.rst, "jump"). */
	struct setup_header header;
	/*
	 * "6.1.0-56-amd64": the first word of kernel_version; empty if it has none. Printable, no
	 * slash, no leading dot: fit to be the name of a directory.
	 */
	char version[128];
};

/*
 * Reads the bzImage on fd, which stays the caller's and keeps its offset. 0, or -errno with *why set
 * to a static text that completes "FILE: ..." (-ENOEXEC: the file is not a kernel snug can boot;
 * anything else: it could not be read).
 *
 * After success:
 *  - protocol >= 2.12, bzImage (LOADED_HIGH), with a 64-bit entry point (XLF_KERNEL_64) inside code_size;
 *  - setup_size + code_size <= file_size: a signed kernel goes on after them;
 *  - payload_offset and payload_length lie inside code_size;
 *  - kernel_alignment is a power of two, pref_address a multiple of it at or above LAYOUT_HIMEM, and
 *    pref_address + init_size at most LAYOUT_LOW_RAM_END; init_size >= code_size.
 *
 * The kernel is meant to be loaded at pref_address: also a relocatable one that is loaded lower moves
 * itself there before it unpacks itself (boot.rst, "init_size"), so lower saves nothing.
 */
int kernel_image_read(int fd, struct kernel_image *image, const char **why);

#endif
