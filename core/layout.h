/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine: every guest-physical address (gpa, bytes) and interrupt line (gsi), with its reason.
 * I/O ports are in abi.h, as the guest uses them too.
 *
 *   0x0000_1000  gdt, boot page tables, boot_params, command line, setup_data  (below 640 KiB)
 *   0x000e_0000  ACPI tables, MP table, reset vector
 *   0x0010_0000  kernel (where its header asks for), initrd at the top of low RAM
 *   0xc000_0000  end of low RAM at the latest; the device hole begins
 *   0xd000_0000  virtio-mmio, one page a device
 *   0xfec0_0000  I/O APIC      0xfee0_0000  local APIC (in KVM)
 *   0x1_0000_0000  the rest of RAM
 */
#ifndef CORE_LAYOUT_H
#define CORE_LAYOUT_H

/* RAM is one slot below the hole where it fits; a second from 4 GiB otherwise. */
#define LAYOUT_LOW_RAM_END   0xc0000000ULL
#define LAYOUT_HIGH_RAM_BASE 0x100000000ULL

/* What the monitor prepares in low memory. Page 0 stays free so that a null pointer faults early. */
#define LAYOUT_GDT             0x1000ULL
#define LAYOUT_PAGE_TABLES     0x2000ULL /* PML4, PDPT, 4 PDs: identity map of 4 GiB in 2 MiB pages */
#define LAYOUT_PAGE_TABLES_END 0x8000ULL
#define LAYOUT_BOOT_STACK      0x9000ULL /* top; grows down a page. Linux sets its own at once */
#define LAYOUT_BOOT_PARAMS     0x10000ULL
#define LAYOUT_CMDLINE         0x20000ULL
#define LAYOUT_CMDLINE_MAX     0x10000ULL
#define LAYOUT_SETUP_DATA      0x30000ULL /* a page */
/*
 * Linux finds the RSDP through boot_params.acpi_rsdp_addr; the BIOS area is where tables belong, it
 * is marked reserved in the e820 map.
 */
#define LAYOUT_ACPI     0xe0000ULL
#define LAYOUT_ACPI_MAX 0x10000ULL
/* In the part of the BIOS area where Linux looks for it (MP specification 1.4, 4): 255 processors fit. */
#define LAYOUT_MPTABLE     0xf0000ULL
#define LAYOUT_MPTABLE_MAX 0x2000ULL
/* f000:fff0, in the same reserved area (boot/entry.h). */
#define LAYOUT_RESET_VECTOR 0xffff0ULL
/* RAM ends here for the guest, and starts again at 1 MiB, as on every PC. */
#define LAYOUT_LOWMEM_END 0x9fc00ULL
#define LAYOUT_HIMEM      0x100000ULL

#define LAYOUT_VIRTIO_MMIO      0xd0000000ULL
#define LAYOUT_VIRTIO_MMIO_SIZE 0x1000ULL

#define LAYOUT_IOAPIC      0xfec00000ULL
#define LAYOUT_IOAPIC_SIZE 0x1000ULL
#define LAYOUT_LAPIC       0xfee00000ULL

/*
 * ACPI's number of the I/O APIC's first pin: behind the sixteen of a PC, as 6.1 finds no interrupt for a
 * device on gsi 2, where a PC's PIC has its cascade. An MP table has no such numbers: Linux then counts the
 * pins from 0.
 */
#define LAYOUT_IOAPIC_GSI 16
/*
 * The first virtio device's pin: Linux takes interrupt 0 of a device for "none". Each pin costs the guest
 * some exits, so there are none behind the last device's.
 */
#define LAYOUT_VIRTIO_PIN 1U

/* Processors at most. Local APIC ids and the boot tables would allow 255. */
#define LAYOUT_CPUS_MAX 64

/* Devices at most: the console and as many shares as fit an I/O APIC of 24 pins. */
#define LAYOUT_VIRTIO_DEVICES_MAX 16

#endif
