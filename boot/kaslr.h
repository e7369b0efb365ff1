/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a kernel that is entered directly goes: the choice its own decompressor makes otherwise (Linux,
 * arch/x86/boot/compressed/kaslr.c), from the same slots: physical addresses in RAM and virtual ones in
 * the kernel's gigabyte, independent of each other, both at the header's alignment.
 */
#ifndef BOOT_KASLR_H
#define BOOT_KASLR_H

#include <stdbool.h>
#include <stdint.h>

#include "boot/kernel_image.h"
#include "boot/vmlinux.h"

struct kaslr {
	uint64_t gpa;      /* of the image's start */
	uint64_t distance; /* bytes, of the virtual addresses from those linked to */
	bool random;       /* both were chosen, whatever came of it */
};

/* The places of a kernel that is not moved, or cannot be. */
struct kaslr kaslr_none(const struct vmlinux *kernel);

/*
 * Chooses by two random numbers, any 64 bits each. limit: the gpa behind the last byte the image may
 * use, not below kernel->end.
 */
struct kaslr kaslr_choose(const struct kernel_image *image, const struct vmlinux *kernel,
			  uint64_t limit, const uint64_t random[2]);

#endif
