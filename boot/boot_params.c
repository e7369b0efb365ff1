/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/boot_params.h"

#include <string.h>

#include "core/layout.h"

/* zero-page.rst; the types are those of ACPI 6.4, 15.4. */
#define E820_RAM      1
#define E820_RESERVED 2

/* boot.rst, "type_of_loader": 0xff is a loader without an assigned number. */
#define LOADER_UNDEFINED 0xff

static void add_e820(struct boot_params *params, uint64_t start, uint64_t end, uint32_t type)
{
	struct boot_e820_entry *entry = &params->e820_table[params->e820_entries++];

	entry->addr = start;
	entry->size = end - start;
	entry->type = type;
}

static void fill_e820(struct boot_params *params, const struct boot_layout *layout)
{
	add_e820(params, 0, LAYOUT_LOWMEM_END, E820_RAM);
	/* The ACPI tables are here. */
	add_e820(params, LAYOUT_LOWMEM_END, LAYOUT_HIMEM, E820_RESERVED);
	add_e820(params, LAYOUT_HIMEM, layout->low_size, E820_RAM);
	if (layout->high_size)
		add_e820(params, LAYOUT_HIGH_RAM_BASE, LAYOUT_HIGH_RAM_BASE + layout->high_size,
			 E820_RAM);
}

/* The fields boot.rst has the loader write, and those a kernel file has no say in. */
static void fill_header(struct setup_header *header, const struct kernel_image *image,
			const struct boot_layout *layout)
{
	*header = image->header;
	header->type_of_loader = LOADER_UNDEFINED;
	/* CAN_USE_HEAP is for 16-bit code, which does not run; the rest is the kernel's own. */
	header->loadflags = LOADED_HIGH;
	/* What the decompressor says of itself; the kernel randomizes more by it. */
	if (layout->kaslr)
		header->loadflags |= KASLR_FLAG;
	header->code32_start = (uint32_t)image->header.pref_address;
	header->ramdisk_image = (uint32_t)layout->initrd_gpa;
	header->ramdisk_size = (uint32_t)layout->initrd_size;
	header->cmd_line_ptr = (uint32_t)layout->cmdline_gpa;
	header->hardware_subarch = X86_SUBARCH_PC;
	header->hardware_subarch_data = 0;
	header->setup_data = layout->setup_data_gpa;
}

void boot_params_fill(struct boot_params *params, const struct kernel_image *image,
		      const struct boot_layout *layout)
{
	memset(params, 0, sizeof(*params));
	fill_header(&params->hdr, image, layout);
	fill_e820(params, layout);
	params->acpi_rsdp_addr = layout->acpi_rsdp_gpa;
}
