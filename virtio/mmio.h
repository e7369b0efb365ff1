/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio-mmio, version 2 (virtio 1.2, 4.2): a device's register file on the bus. One page each, at
 * LAYOUT_VIRTIO_MMIO, with one edge-triggered interrupt.
 *
 * A register file may have a page of memory that the guest sees read-only in its place: what is read there
 * costs no exit to user space, and half of all accesses are reads, one of them in every interrupt.
 * Writes still come through the bus, and bring the page up to date. Those that start nothing, which are most, may
 * come later than they were made (vmm/bus.h).
 */
#ifndef VIRTIO_MMIO_H
#define VIRTIO_MMIO_H

#include <stdatomic.h>
#include <stdint.h>

#include "virtio/device.h"
#include "vmm/bus.h"

struct virtio_mmio {
	struct virtio_device *dev;
	uint8_t *page; /* NULL: reads come through the bus as well */
	/* Any vCPU may change them between two instructions of another's access. */
	_Atomic uint32_t device_features_sel;
	_Atomic uint32_t driver_features_sel;
	_Atomic uint32_t queue_sel;
	/* What the driver wrote of each queue; it counts when the queue is made ready, and is frozen so. */
	struct virtio_mmio_queue {
		_Atomic uint32_t num;
		_Atomic uint64_t desc, avail, used; /* gpa */
	} queues[VIRTIO_QUEUES_MAX];
};

#define VIRTIO_MMIO_PAGE_SIZE 0x1000

/*
 * page: of VIRTIO_MMIO_PAGE_SIZE bytes, zeroed and aligned to them, or NULL. It stays the caller's and
 * must outlive both.
 */
void virtio_mmio_init(struct virtio_mmio *mmio, struct virtio_device *dev, uint8_t *page);

extern const struct bus_ops virtio_mmio_bus_ops; /* dev: struct virtio_mmio */

#endif
