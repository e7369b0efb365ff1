/* SPDX-License-Identifier: Apache-2.0 */
/* A driver's view of a virtio-mmio device (virtio 1.2, 4.2): its registers, through the bus. */
#ifndef TESTS_UNIT_VIRTIO_DRIVER_H
#define TESTS_UNIT_VIRTIO_DRIVER_H

#include "tests/unit/vq_driver.h"

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>

#include "virtio/mmio.h"

static inline uint32_t reg_read(struct virtio_mmio *mmio, uint64_t offset)
{
	uint32_t value = 0x55555555;

	virtio_mmio_bus_ops.read(mmio, offset, &value, 4);
	return value;
}

static inline void reg_write(struct virtio_mmio *mmio, uint64_t offset, uint32_t value)
{
	virtio_mmio_bus_ops.write(mmio, offset, &value, 4);
}

static inline uint64_t offered_features(struct virtio_mmio *mmio)
{
	uint64_t features;

	reg_write(mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	features = (uint64_t)reg_read(mmio, VIRTIO_MMIO_DEVICE_FEATURES) << 32;
	reg_write(mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	return features | reg_read(mmio, VIRTIO_MMIO_DEVICE_FEATURES);
}

static inline void accept_features(struct virtio_mmio *mmio, uint64_t features)
{
	reg_write(mmio, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	reg_write(mmio, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
	reg_write(mmio, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	reg_write(mmio, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
}

/* Steps 1 to 6 of 3.1.1. True if the device took the features. */
static inline bool negotiate(struct virtio_mmio *mmio, uint64_t features)
{
	uint32_t status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	reg_write(mmio, VIRTIO_MMIO_STATUS, 0);
	reg_write(mmio, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	reg_write(mmio, VIRTIO_MMIO_STATUS, status);
	accept_features(mmio, features);
	reg_write(mmio, VIRTIO_MMIO_STATUS, status | VIRTIO_CONFIG_S_FEATURES_OK);
	return reg_read(mmio, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_FEATURES_OK;
}

static inline void set_queue_addresses(struct virtio_mmio *mmio, const struct vq_driver *d)
{
	reg_write(mmio, VIRTIO_MMIO_QUEUE_NUM, d->size);
	reg_write(mmio, VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)d->desc_gpa);
	reg_write(mmio, VIRTIO_MMIO_QUEUE_DESC_HIGH, (uint32_t)(d->desc_gpa >> 32));
	reg_write(mmio, VIRTIO_MMIO_QUEUE_AVAIL_LOW, (uint32_t)d->avail_gpa);
	reg_write(mmio, VIRTIO_MMIO_QUEUE_AVAIL_HIGH, (uint32_t)(d->avail_gpa >> 32));
	reg_write(mmio, VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)d->used_gpa);
	reg_write(mmio, VIRTIO_MMIO_QUEUE_USED_HIGH, (uint32_t)(d->used_gpa >> 32));
}

/* Makes queue `index` ready, as large as the device allows, with its rings from gpa. */
static inline struct vq_driver start_queue(struct virtio_mmio *mmio, const struct guest_mem *mem,
					   unsigned index, uint64_t gpa)
{
	struct vq_driver d;

	reg_write(mmio, VIRTIO_MMIO_QUEUE_SEL, index);
	d = vq_driver_at(mem, gpa, (uint16_t)reg_read(mmio, VIRTIO_MMIO_QUEUE_NUM_MAX));
	set_queue_addresses(mmio, &d);
	reg_write(mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_int_equal(reg_read(mmio, VIRTIO_MMIO_QUEUE_READY), 1);
	return d;
}

static inline void driver_ok(struct virtio_mmio *mmio)
{
	reg_write(mmio, VIRTIO_MMIO_STATUS,
		  reg_read(mmio, VIRTIO_MMIO_STATUS) | VIRTIO_CONFIG_S_DRIVER_OK);
}

#endif
