/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/legacy_ports.h"

#include <string.h>

static void legacy_ports_read(void *dev, uint64_t offset, void *data, unsigned len)
{
	(void)dev;
	(void)offset;
	memset(data, 0xff, len);
}

static void legacy_ports_write(void *dev, uint64_t offset, const void *data, unsigned len)
{
	(void)dev;
	(void)offset;
	(void)data;
	(void)len;
}

static const struct bus_part can_wait[] = {{0, LEGACY_PORTS_SIZE}, {0, 0}};

const struct bus_ops legacy_ports_bus_ops = {
	.read = legacy_ports_read, .write = legacy_ports_write, .can_wait = can_wait};
