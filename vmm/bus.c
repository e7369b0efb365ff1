/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/bus.h"

#include <errno.h>
#include <string.h>

#include "core/util.h"

int bus_add(struct bus *bus, uint64_t base, uint64_t size, const struct bus_ops *ops, void *dev)
{
	uint64_t end;

	if (size == 0 || add_overflows(base, size, &end))
		return -EINVAL;
	for (unsigned i = 0; i < bus->count; i++) {
		const struct bus_range *r = &bus->ranges[i];

		if (base < r->base + r->size && r->base < end)
			return -EEXIST;
	}
	if (bus->count == BUS_RANGES_MAX)
		return -ENOSPC;
	bus->ranges[bus->count++] =
		(struct bus_range){.base = base, .size = size, .ops = ops, .dev = dev};
	return 0;
}

const struct bus_range *bus_range_at(const struct bus *bus, uint64_t addr, unsigned len)
{
	for (unsigned i = 0; i < bus->count; i++) {
		const struct bus_range *r = &bus->ranges[i];

		if (range_inside(addr, len, r->base, r->size))
			return r;
	}
	return NULL;
}

void bus_read(const struct bus *bus, uint64_t addr, void *data, unsigned len)
{
	const struct bus_range *r = bus_range_at(bus, addr, len);

	if (r)
		r->ops->read(r->dev, addr - r->base, data, len);
	else
		memset(data, 0xff, len);
}

void bus_write(const struct bus *bus, uint64_t addr, const void *data, unsigned len)
{
	const struct bus_range *r = bus_range_at(bus, addr, len);

	if (r)
		r->ops->write(r->dev, addr - r->base, data, len);
}
