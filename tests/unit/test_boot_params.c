/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "boot/boot_params.h"
#include "core/layout.h"
#include "core/util.h"
#include "tests/unit/bzimage.h"

/* zero-page.rst */
#define AT_ACPI_RSDP    0x070
#define AT_E820_ENTRIES 0x1e8
#define AT_SENTINEL     0x1ef
#define AT_HEADER       0x1f1
#define AT_E820_TABLE   0x2d0U
#define E820_ENTRY_SIZE 20U

static const struct boot_layout usual = {
	.low_size = MIB(256),
	.initrd_gpa = MIB(200),
	.initrd_size = 12345,
	.acpi_rsdp_gpa = LAYOUT_ACPI,
	.cmdline_gpa = LAYOUT_CMDLINE,
};

static struct kernel_image make_image(void)
{
	struct bzimage bz;
	struct kernel_image image = {
		.file_size = BZIMAGE_SIZE,
		.setup_size = BZIMAGE_SETUP_SIZE,
		.code_size = BZIMAGE_CODE_SIZE,
	};

	bzimage_make(&bz);
	image.header = *bzimage_header(&bz);
	return image;
}

/* Filled over old contents, which must not show through. */
static struct boot_params fill(const struct kernel_image *image, const struct boot_layout *layout)
{
	struct boot_params params;

	memset(&params, 0xa5, sizeof(params));
	boot_params_fill(&params, image, layout);
	return params;
}

static void test_loader_fields(void **state)
{
	struct kernel_image image = make_image();
	struct boot_params params = fill(&image, &usual);

	(void)state;
	assert_int_equal(params.hdr.type_of_loader, 0xff);
	assert_int_equal(params.hdr.code32_start, image.header.pref_address);
	assert_int_equal(params.hdr.ramdisk_image, MIB(200));
	assert_int_equal(params.hdr.ramdisk_size, 12345);
	assert_int_equal(params.hdr.cmd_line_ptr, LAYOUT_CMDLINE);
	assert_int_equal(params.acpi_rsdp_addr, LAYOUT_ACPI);
	/* Addresses below 4 GiB: their upper halves are elsewhere, and zero. */
	assert_int_equal(params.ext_ramdisk_image, 0);
	assert_int_equal(params.ext_ramdisk_size, 0);
	assert_int_equal(params.ext_cmd_line_ptr, 0);
}

static void test_no_initrd(void **state)
{
	struct kernel_image image = make_image();
	struct boot_layout layout = usual;
	struct boot_params params;

	(void)state;
	layout.initrd_gpa = 0;
	layout.initrd_size = 0;
	params = fill(&image, &layout);
	assert_int_equal(params.hdr.ramdisk_image, 0);
	assert_int_equal(params.hdr.ramdisk_size, 0);
}

/* The kernel reads these of its own header. */
static void test_kernel_fields_are_kept(void **state)
{
	struct kernel_image image = make_image();
	struct boot_params params = fill(&image, &usual);

	(void)state;
	assert_int_equal(params.hdr.boot_flag, 0xaa55);
	assert_int_equal(params.hdr.header, 0x53726448);
	assert_int_equal(params.hdr.version, image.header.version);
	assert_int_equal(params.hdr.kernel_alignment, image.header.kernel_alignment);
	assert_int_equal(params.hdr.relocatable_kernel, image.header.relocatable_kernel);
	assert_int_equal(params.hdr.xloadflags, image.header.xloadflags);
	assert_int_equal(params.hdr.cmdline_size, image.header.cmdline_size);
	assert_int_equal(params.hdr.pref_address, image.header.pref_address);
	assert_int_equal(params.hdr.init_size, image.header.init_size);
	assert_int_equal(params.hdr.root_flags, image.header.root_flags);
	assert_int_equal(params.hdr.vid_mode, image.header.vid_mode);
	assert_int_equal(params.hdr.handover_offset, image.header.handover_offset);
	assert_int_equal(params.hdr.kernel_info_offset, image.header.kernel_info_offset);
}

/* A file must not be able to point the kernel somewhere. */
static void test_file_has_no_say(void **state)
{
	struct kernel_image image = make_image();
	struct boot_params params;

	(void)state;
	image.header.setup_data = 0xdeadbeef;
	image.header.hardware_subarch = X86_SUBARCH_XEN;
	image.header.hardware_subarch_data = 0xdeadbeef;
	image.header.loadflags = 0xff;
	image.header.type_of_loader = 0x21;
	image.header.ramdisk_image = 0xdeadbeef;
	image.header.cmd_line_ptr = 0xdeadbeef;
	image.header.code32_start = 0xdeadbeef;
	params = fill(&image, &usual);
	assert_int_equal(params.hdr.setup_data, 0);
	assert_int_equal(params.hdr.hardware_subarch, X86_SUBARCH_PC);
	assert_int_equal(params.hdr.hardware_subarch_data, 0);
	assert_int_equal(params.hdr.loadflags, LOADED_HIGH);
	assert_int_equal(params.hdr.type_of_loader, 0xff);
	assert_int_equal(params.hdr.ramdisk_image, MIB(200));
	assert_int_equal(params.hdr.cmd_line_ptr, LAYOUT_CMDLINE);
	assert_int_equal(params.hdr.code32_start, image.header.pref_address);
}

/* By the documented offsets, so that a wrong structure is seen; and nothing else is set. */
static void test_bytes(void **state)
{
	struct kernel_image image = make_image();
	struct boot_params params = fill(&image, &usual);
	uint8_t bytes[4096];
	uint64_t rsdp;
	size_t table_end;

	(void)state;
	assert_int_equal(sizeof(params), sizeof(bytes));
	memcpy(bytes, &params, sizeof(bytes));
	memcpy(&rsdp, bytes + AT_ACPI_RSDP, sizeof(rsdp));
	assert_int_equal(rsdp, LAYOUT_ACPI);
	assert_int_equal(bytes[AT_E820_ENTRIES], 3);
	assert_int_equal(bytes[AT_SENTINEL], 0);
	assert_memory_equal(bytes + AT_HEADER, &params.hdr, sizeof(params.hdr));

	table_end = AT_E820_TABLE + bytes[AT_E820_ENTRIES] * E820_ENTRY_SIZE;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bool set = range_inside(i, 1, AT_ACPI_RSDP, 8) || i == AT_E820_ENTRIES ||
			   range_inside(i, 1, AT_HEADER, sizeof(params.hdr)) ||
			   range_inside(i, 1, AT_E820_TABLE, table_end - AT_E820_TABLE);

		if (!set)
			assert_int_equal(bytes[i], 0);
	}
}

static void check_e820(uint64_t low_size, uint64_t high_size)
{
	struct kernel_image image = make_image();
	struct boot_layout layout = usual;
	struct boot_params params;
	uint64_t ram = 0, end = 0;

	layout.low_size = low_size;
	layout.high_size = high_size;
	params = fill(&image, &layout);
	assert_true(params.e820_entries <= E820_MAX_ENTRIES_ZEROPAGE);
	for (unsigned i = 0; i < params.e820_entries; i++) {
		const struct boot_e820_entry *entry = &params.e820_table[i];

		assert_true(entry->type == 1 || entry->type == 2);
		assert_true(entry->size > 0);
		assert_true(entry->addr >= end); /* sorted, no overlap */
		end = entry->addr + entry->size;
		if (entry->type == 2) {
			/* What is reserved is below 1 MiB, with the ACPI tables inside. */
			assert_true(range_inside(entry->addr, entry->size, 0, LAYOUT_HIMEM));
			assert_true(range_inside(LAYOUT_ACPI, LAYOUT_ACPI_MAX, entry->addr,
						 entry->size));
			continue;
		}
		assert_true(
			range_inside(entry->addr, entry->size, 0, low_size) ||
			range_inside(entry->addr, entry->size, LAYOUT_HIGH_RAM_BASE, high_size));
		ram += entry->size;
	}
	/* All of it, but for the reserved part. */
	assert_int_equal(ram, low_size - (LAYOUT_HIMEM - LAYOUT_LOWMEM_END) + high_size);
}

static void test_e820(void **state)
{
	(void)state;
	check_e820(MIB(64), 0);
	check_e820(MIB(512), 0);
	check_e820(LAYOUT_LOW_RAM_END - 4096, 0);
	check_e820(LAYOUT_LOW_RAM_END, 0);
	check_e820(LAYOUT_LOW_RAM_END, 4096);
	check_e820(LAYOUT_LOW_RAM_END, MIB(512));
	check_e820(LAYOUT_LOW_RAM_END, GIB(1024));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loader_fields),
		cmocka_unit_test(test_no_initrd),
		cmocka_unit_test(test_kernel_fields_are_kept),
		cmocka_unit_test(test_file_has_no_say),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_e820),
	};

	return cmocka_run_group_tests_name("boot_params", tests, NULL, NULL);
}
