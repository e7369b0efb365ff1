/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power-off device: an I/O port block (core/abi.h) with guest-init's status register, the ACPI
 * sleep and reset registers, and the timeline's marks. A store to it ends the VM at once.
 */
#ifndef VMM_POWEROFF_H
#define VMM_POWEROFF_H

#include "vmm/bus.h"
#include "vmm/guest_mem.h"
#include "vmm/run_end.h"
#include "vmm/timeline.h"

struct poweroff {
	struct run_end *end;
	struct timeline *timeline;
	const struct guest_mem *mem;
};

extern const struct bus_ops poweroff_bus_ops; /* dev: struct poweroff */

#endif
