/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MP table (Intel MultiProcessor Specification 1.4, 4): processors, the I/O APIC and which of its pins
 * the devices' interrupts arrive at. It is for kernels without ACPI; who has that does not look any further.
 *
 * A device's interrupt is of an ISA bus that is there for this alone, with the number of its pin: Linux
 * gives it the same number where there is no PIC, and that is what virtio_mmio.device= names. Without a bus
 * there is no way to say that an interrupt is an edge.
 */
#ifndef BOOT_MPTABLE_H
#define BOOT_MPTABLE_H

#include <stddef.h>
#include <stdint.h>

#include "boot/platform.h"

/*
 * Builds the floating pointer structure and, behind it, the configuration table into buf (size bytes,
 * zeroed by the caller), which the guest sees at gpa, a multiple of 16 where the specification has it
 * looked for. Returns the bytes used, or -ENOSPC.
 */
int mptable_build(void *buf, size_t size, uint64_t gpa, const struct platform *platform);

#endif
