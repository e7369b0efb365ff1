/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a guest ready to run: kernel, initrd, boot_params, command line, ACPI and MP tables and boot page
 * tables are placed in guest RAM (core/layout.h). Linux, Documentation/arch/x86/boot.rst, "64-bit
 * boot protocol".
 */
#ifndef BOOT_LOAD_H
#define BOOT_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "boot/kernel_image.h"
#include "boot/platform.h"
#include "boot/vmlinux.h"

/* Guest RAM as boot sees it, zeroed: everything boot places lies in the low part. */
struct boot_ram {
	uint8_t *low;       /* gpa 0 */
	uint64_t low_size;  /* bytes, page-aligned, at most LAYOUT_LOW_RAM_END */
	uint64_t high_size; /* bytes from LAYOUT_HIGH_RAM_BASE, 0 if none */
};

#define BOOT_INITRDS_MAX 4

/* From the host's source, new for each start. */
struct boot_random {
	uint64_t kaslr[2];
	uint8_t seed[32]; /* of the guest's generator: SETUP_RNG_SEED, Linux 6.0 and newer */
};

struct boot_request {
	const struct kernel_image *image; /* as kernel_image_read() left it */
	int kernel_fd;
	/* The same kernel unpacked, as vmlinux_read() left it: it is entered directly, without its own
	 * decompressor. NULL: by that. */
	const struct vmlinux *vmlinux;
	int vmlinux_fd;
	bool kaslr; /* of a kernel that is entered directly; the decompressor has an option of its own */
	const struct boot_random *random; /* NULL: no seed; not with kaslr */
	/* One after the other, each from a multiple of four bytes on: the kernel unpacks them in turn. */
	const int *initrd_fds;
	unsigned initrd_count;
	const char *cmdline;      /* NUL-terminated; the devices are put in front of it */
	struct platform platform; /* what the guest is told of */
	/* Told of each step that is done, by a static text; NULL: nobody wants to know. */
	void (*passed)(void *ctx, const char *what);
	void *passed_ctx;
};

/* Where the first vCPU starts, in long mode (boot/entry.h has the registers' values). */
struct boot_entry {
	uint64_t rip;
	uint64_t rsi; /* gpa of boot_params */
};

/*
 * What the initrds take together. 0, or -errno with *why set to a static text: one is not a regular
 * file, or cannot be read.
 */
int boot_initrd_size(const int *fds, unsigned count, uint64_t *size, const char **why);

/*
 * Can this RAM hold this kernel and this initrd (bytes)? 0, or -ENOMEM with *need set to the smallest
 * memory size in bytes, a whole number of MiB, that would do; 0 if none would, because the kernel does
 * not take an initrd that large. It is what placing them needs: a guest that then unpacks its initrd
 * needs more. Needs no VM: ask before one exists.
 */
int boot_fits(const struct kernel_image *image, uint64_t initrd_size, uint64_t low_size,
	      uint64_t *need);

/*
 * Places everything. 0, or -errno with *why set to a static text that names what went wrong (-E2BIG:
 * the command line is longer than the kernel takes; -ENOMEM: does not fit; otherwise a read error).
 * Files are read with pread: descriptors stay the caller's.
 */
int boot_load(const struct boot_request *request, const struct boot_ram *ram,
	      struct boot_entry *entry, const char **why);

#endif
