/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/entry.h"

#include <string.h>

#include "core/abi.h"
#include "core/layout.h"
#include "core/util.h"

/* Page table entries: Intel SDM, volume 3, 4.5. */
#define PTE_PRESENT  (1ULL << 0)
#define PTE_WRITABLE (1ULL << 1)
#define PTE_LARGE    (1ULL << 7)

#define PAGE_SIZE         0x1000ULL
#define LARGE_PAGE_SIZE   MIB(2)
#define ENTRIES           512U
#define IDENTITY_MAP_GIBS 4U

/* Segment descriptors, 4 GiB from 0, ring 0, accessed: Intel SDM, volume 3, 3.4.5. */
#define DESC_CODE64 0x00af9b000000ffffULL /* execute and read, long mode */
#define DESC_DATA   0x00cf93000000ffffULL /* read and write */

static void write_entry(uint8_t *low_ram, uint64_t table, unsigned index, uint64_t entry)
{
	memcpy(low_ram + table + index * sizeof(entry), &entry, sizeof(entry));
}

static void write_gdt(uint8_t *low_ram)
{
	const uint64_t gdt[BOOT_GDT_ENTRIES] = {
		[BOOT_CS / 8] = DESC_CODE64,
		[BOOT_DS / 8] = DESC_DATA,
	};

	memcpy(low_ram + LAYOUT_GDT, gdt, sizeof(gdt));
}

static void write_identity_map(uint8_t *low_ram)
{
	const uint64_t pml4 = LAYOUT_PAGE_TABLES;
	const uint64_t pdpt = pml4 + PAGE_SIZE;
	const uint64_t first_pd = pdpt + PAGE_SIZE;

	_Static_assert(LAYOUT_PAGE_TABLES + (2 + IDENTITY_MAP_GIBS) * PAGE_SIZE ==
			       LAYOUT_PAGE_TABLES_END,
		       "PML4, PDPT and one PD for each GiB");

	memset(low_ram + LAYOUT_PAGE_TABLES, 0, LAYOUT_PAGE_TABLES_END - LAYOUT_PAGE_TABLES);
	write_entry(low_ram, pml4, 0, pdpt | PTE_PRESENT | PTE_WRITABLE);
	for (unsigned gib = 0; gib < IDENTITY_MAP_GIBS; gib++)
		write_entry(low_ram, pdpt, gib,
			    (first_pd + gib * PAGE_SIZE) | PTE_PRESENT | PTE_WRITABLE);
	/* The page directories follow each other: one run of entries. */
	for (unsigned i = 0; i < IDENTITY_MAP_GIBS * ENTRIES; i++)
		write_entry(low_ram, first_pd, i,
			    (i * LARGE_PAGE_SIZE) | PTE_PRESENT | PTE_WRITABLE | PTE_LARGE);
}

void entry_write_tables(uint8_t *low_ram)
{
	write_gdt(low_ram);
	write_identity_map(low_ram);
}

void entry_write_reset_vector(uint8_t *low_ram)
{
	const uint16_t port = SNUG_PORT_BASE + SNUG_PORT_RESET;
	const uint8_t code[] = {
		0xba, (uint8_t)port,    (uint8_t)(port >> 8), /* mov $port, %dx */
		0xb0, SNUG_RESET_VALUE,                       /* mov $value, %al */
		0xee,                                         /* out %al, (%dx) */
		0xf4,                                         /* hlt */
	};

	memcpy(low_ram + LAYOUT_RESET_VECTOR, code, sizeof(code));
}
