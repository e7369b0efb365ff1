/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processor's state at the 64-bit entry point (boot.rst, "64-bit boot protocol"): long mode, an
 * identity map of the first 4 GiB, flat segments __BOOT_CS 0x10 and __BOOT_DS 0x18, interrupts off.
 * Plain values, so that this folder needs no KVM header; vmm/vcpu.c turns them into registers.
 */
#ifndef BOOT_ENTRY_H
#define BOOT_ENTRY_H

#include <stdint.h>

#define BOOT_CS 0x10
#define BOOT_DS 0x18

#define BOOT_CR0  0x80000001ULL /* PG, PE */
#define BOOT_CR4  0x20ULL       /* PAE */
#define BOOT_EFER 0x500ULL      /* LME, LMA */

#define BOOT_GDT_ENTRIES 4

/* Writes the GDT at LAYOUT_GDT and the identity map at LAYOUT_PAGE_TABLES into low RAM. */
void entry_write_tables(uint8_t *low_ram);

/*
 * A reset vector, at the real-mode address f000:fff0: where a PC's firmware begins, and where kernels
 * jump that reboot "by the BIOS" (a stock 6.1 does, after a panic). It stores to the reset register.
 */
void entry_write_reset_vector(uint8_t *low_ram);

#endif
