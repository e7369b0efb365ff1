/* SPDX-License-Identifier: Apache-2.0 */
/* The console ports (core/abi.h) as character devices: virtio 1.2, 5.3; /dev/vportDpN in Linux. */
#ifndef GUEST_INIT_CONSOLE_H
#define GUEST_INIT_CONSOLE_H

#include "core/abi.h"

struct console {
	int ports[SNUG_CONSOLE_PORTS]; /* O_NONBLOCK, O_CLOEXEC */
};

/*
 * Opens the ports in /dev, waiting for those that the driver has yet to announce: it learns of them
 * one by one from the device, some time after its module is loaded. 0 or -errno, said.
 */
int console_open(struct console *console);

/* The N of a device named vportDpN; -1 for any other name. */
int console_port_number(const char *name);

#endif
