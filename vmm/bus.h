/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An address space of devices, memory-mapped or I/O ports. A device does not know where it lives: the
 * bus owns the ranges, hands out offsets, and refuses overlap.
 */
#ifndef VMM_BUS_H
#define VMM_BUS_H

#include <stdint.h>

#define BUS_RANGES_MAX 24

/*
 * Called on a vCPU's thread; must not block. offset is inside the range, and so is offset + len
 * (bytes: 1, 2, 4 or 8). A read fills all of data, little-endian.
 */
struct bus_ops {
	void (*read)(void *dev, uint64_t offset, void *data, unsigned len);
	void (*write)(void *dev, uint64_t offset, const void *data, unsigned len);
	/*
	 * The registers whose writes can wait (vmm/deferred.h), the last with size 0; NULL: none. Their writes
	 * come in order, but on any thread and with any device's lock held: they take none.
	 */
	const struct bus_part {
		uint32_t offset;
		uint32_t size; /* bytes */
	} * can_wait;
};

struct bus {
	struct bus_range {
		uint64_t base;
		uint64_t size;
		const struct bus_ops *ops;
		void *dev;
	} ranges[BUS_RANGES_MAX];
	unsigned count;
};

/* 0; -EEXIST if the range overlaps another, -EINVAL if it is empty or wraps, -ENOSPC. */
int bus_add(struct bus *bus, uint64_t base, uint64_t size, const struct bus_ops *ops, void *dev);

/* The range that has all of these bytes, or NULL. */
const struct bus_range *bus_range_at(const struct bus *bus, uint64_t addr, unsigned len);

/* What no device claims whole reads as ones and swallows writes, as on real machines. */
void bus_read(const struct bus *bus, uint64_t addr, void *data, unsigned len);
void bus_write(const struct bus *bus, uint64_t addr, const void *data, unsigned len);

#endif
