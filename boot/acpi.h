/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ACPI tables, hardware-reduced (ACPI 6.4, 4.1 and 5.2): RSDP, XSDT, FADT with sleep and reset
 * registers (abi.h's ports), MADT with local APICs and one I/O APIC, DSDT with \_S5 and one LNRO0005
 * device for each virtio-mmio page. What stock kernels need to find the machine; nothing more.
 */
#ifndef BOOT_ACPI_H
#define BOOT_ACPI_H

#include <stddef.h>
#include <stdint.h>

struct acpi_machine {
	unsigned cpus; /* 1 to 255: local APIC ids 0 .. cpus-1 */
	/* At most LAYOUT_VIRTIO_DEVICES_MAX: at LAYOUT_VIRTIO_MMIO + i pages, gsi LAYOUT_VIRTIO_GSI + i */
	unsigned virtio_devices;
};

/*
 * Builds the tables into buf (size bytes, zeroed by the caller), which the guest sees at gpa. The
 * RSDP is at gpa itself. Returns the bytes used, or -ENOSPC.
 */
int acpi_build(void *buf, size_t size, uint64_t gpa, const struct acpi_machine *machine);

#endif
