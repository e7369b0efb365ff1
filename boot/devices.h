/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices as a kernel without ACPI is told of them: virtio_mmio.device=SIZE@ADDRESS:IRQ (Linux,
 * kernel-parameters.txt), one for each, where an IRQ is a pin of the I/O APIC as the MP table has it. A
 * kernel that does not know the parameter does not look at it; one that knows ACPI as well finds the device
 * taken when it comes to the second description.
 */
#ifndef BOOT_DEVICES_H
#define BOOT_DEVICES_H

#include <stddef.h>

#include "boot/platform.h"

/*
 * Writes the parameters and behind them cmdline, which so has the last word, to buf (size bytes), with
 * single spaces in between and a NUL. The length without it, or -E2BIG.
 */
int devices_cmdline(char *buf, size_t size, const struct platform *platform, const char *cmdline);

#endif
