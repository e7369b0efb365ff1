/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An unpacked kernel: what a bzImage's payload holds, made ready once (boot/vmlinux_make.h) so that a
 * start only has to place it. An ELF executable, as the payload is, with three program headers of snug's
 * own behind its PT_LOAD ones: the relocations, as arrays of 32-bit little-endian offsets from the start
 * of the image. Linux, arch/x86/boot/compressed/misc.c, handle_relocations(), has what each kind means.
 *
 * The monitor reads it from a file that somebody else made: everything in it is checked.
 */
#ifndef BOOT_VMLINUX_H
#define BOOT_VMLINUX_H

#include <stdbool.h>
#include <stdint.h>

#define VMLINUX_SEGMENTS_MAX 8
#define VMLINUX_HEADERS_MAX  16 /* program headers of all types */

/* p_type (of the range for operating systems): the three kinds of relocations, and what the cache knows. */
#define VMLINUX_PT_RELOCS 0x6536e700U /* + enum vmlinux_reloc */
#define VMLINUX_PT_INFO   0x6536e70fU

enum vmlinux_reloc {
	VMLINUX_RELOC_64, /* 64 bits, to which the distance is added */
	VMLINUX_RELOC_32, /* the same with 32 bits */
	/* 32 bits, from which it is taken away (per-CPU variables, up to Linux 6.14). */
	VMLINUX_RELOC_32_NEGATIVE,
	VMLINUX_RELOC_KINDS,
};

struct vmlinux_part {
	uint64_t offset; /* in the file */
	uint64_t size;   /* bytes */
};

struct vmlinux {
	/* Ascending in memory and apart from each other. */
	struct vmlinux_segment {
		struct vmlinux_part file;
		uint64_t
			gpa; /* as linked; in memory as large as in the file, or larger: then zeros */
	} segments[VMLINUX_SEGMENTS_MAX];
	unsigned segment_count;
	/* Where it is linked to be in physical memory: page-aligned, not below LAYOUT_HIMEM. */
	uint64_t start, end;
	uint64_t entry; /* the 64-bit entry point, in the file part of a segment */
	/* Empty, all of them, for a kernel that can only run at the virtual address it is linked to. */
	struct vmlinux_part relocs[VMLINUX_RELOC_KINDS];
	struct vmlinux_part info; /* size 0: none */
};

/* Can it be at another virtual address? */
bool vmlinux_has_relocs(const struct vmlinux *kernel);

/*
 * Reads and checks the headers of the file on fd, which stays the caller's and keeps its offset. 0, or
 * -errno with *why set to a static text that completes "FILE ..." (-ENOEXEC: not such a file).
 *
 * After success every part lies inside the file, the segments do not overlap and lie inside
 * [start, end), which ends at LAYOUT_LOW_RAM_END at the latest, and relocations come in whole words.
 */
int vmlinux_read(int fd, struct vmlinux *kernel, const char **why);

/*
 * Copies the segments to image, which has room for end - start bytes, all zero, and stands for gpa
 * start. 0, or -errno of reading (-ENODATA: the file became shorter).
 */
int vmlinux_load(int fd, const struct vmlinux *kernel, uint8_t *image);

/*
 * Moves the loaded image to a virtual address that is distance bytes higher than the one it is linked
 * to. 0, -ENOEXEC for a relocation outside of the image, or -errno of reading.
 */
int vmlinux_relocate(int fd, const struct vmlinux *kernel, uint8_t *image, uint64_t distance);

#endif
