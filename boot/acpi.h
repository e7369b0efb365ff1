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

#include "boot/platform.h"

/*
 * Builds the tables into buf (size bytes, zeroed by the caller), which the guest sees at gpa. The
 * RSDP is at gpa itself. Returns the bytes used, or -ENOSPC.
 */
int acpi_build(void *buf, size_t size, uint64_t gpa, const struct platform *platform);

#endif
