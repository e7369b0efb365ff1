/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The I/O ports of a PC's chips that this machine does not have: interrupt controllers, timer, keyboard
 * controller, clock, DMA. Kernels without ACPI, which is where they would hear of it, write to some of them, to
 * silence what is there or for a delay. Like ports that nobody has, but that a write is no exit (vmm/bus.h).
 */
#ifndef VMM_LEGACY_PORTS_H
#define VMM_LEGACY_PORTS_H

#include "vmm/bus.h"

#define LEGACY_PORTS      0x00
#define LEGACY_PORTS_SIZE 0x100

extern const struct bus_ops legacy_ports_bus_ops; /* dev: NULL */

#endif
