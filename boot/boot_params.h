/* SPDX-License-Identifier: Apache-2.0 */
/* The "zero page" (struct boot_params) with its e820 map: boot.rst and zero-page.rst. */
#ifndef BOOT_BOOT_PARAMS_H
#define BOOT_BOOT_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "boot/kernel_image.h"

struct boot_layout {
	uint64_t low_size;  /* bytes of RAM from gpa 0 */
	uint64_t high_size; /* bytes of RAM from LAYOUT_HIGH_RAM_BASE */
	uint64_t initrd_gpa;
	uint64_t initrd_size; /* 0: none */
	uint64_t acpi_rsdp_gpa;
	uint64_t cmdline_gpa;
	uint64_t setup_data_gpa; /* 0: none */
	bool kaslr;              /* the kernel is at a random address already */
};

/* Fills *params, all of it, from the image's header and the layout. */
void boot_params_fill(struct boot_params *params, const struct kernel_image *image,
		      const struct boot_layout *layout);

#endif
