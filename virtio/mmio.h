/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio-mmio, version 2 (virtio 1.2, 4.2): a device's register file on the bus. One page each, at
 * LAYOUT_VIRTIO_MMIO, with one edge-triggered interrupt.
 */
#ifndef VIRTIO_MMIO_H
#define VIRTIO_MMIO_H

#include <stdatomic.h>

#include "virtio/device.h"
#include "vmm/bus.h"

struct virtio_mmio {
	struct virtio_device *dev;
	/* Any vCPU may change them between two instructions of another's access. */
	_Atomic uint32_t device_features_sel;
	_Atomic uint32_t driver_features_sel;
	_Atomic uint32_t queue_sel;
};

extern const struct bus_ops virtio_mmio_bus_ops; /* dev: struct virtio_mmio */

#endif
