/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The early console: what a stock kernel says before its virtio-console module is loaded (a panic,
 * say) goes to an 8250's data register. Write-only, always ready, nothing else of a UART: a run that
 * goes well prints nothing and so pays nothing.
 */
#ifndef VMM_EARLY_CONSOLE_H
#define VMM_EARLY_CONSOLE_H

#include "vmm/bus.h"

extern const struct bus_ops early_console_bus_ops; /* dev: struct klog */

#endif
