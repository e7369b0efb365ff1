/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guest/lib/virtio.h"

#define STATUS_DRIVER (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER)

/* Offsets in QUEUE_RAM; a queue of 128 descriptors fits. */
#define AVAIL_AT 0x800
#define USED_AT  0xa00

uint64_t virtio_find(uint32_t id, unsigned nth)
{
	for (unsigned i = 0; i < LAYOUT_VIRTIO_DEVICES_MAX; i++) {
		uint64_t dev = LAYOUT_VIRTIO_MMIO + i * LAYOUT_VIRTIO_MMIO_SIZE;

		if (reg(dev, VIRTIO_MMIO_DEVICE_ID) == id && nth-- == 0)
			return dev;
	}
	return 0;
}

uint64_t virtio_offered(uint64_t dev)
{
	uint64_t features;

	set_reg(dev, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	features = reg(dev, VIRTIO_MMIO_DEVICE_FEATURES);
	set_reg(dev, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	return features | ((uint64_t)reg(dev, VIRTIO_MMIO_DEVICE_FEATURES) << 32);
}

bool virtio_negotiate(uint64_t dev, uint64_t features)
{
	set_reg(dev, VIRTIO_MMIO_STATUS, 0);
	set_reg(dev, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	set_reg(dev, VIRTIO_MMIO_STATUS, STATUS_DRIVER);
	set_reg(dev, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	set_reg(dev, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
	set_reg(dev, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	set_reg(dev, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
	set_reg(dev, VIRTIO_MMIO_STATUS, STATUS_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK);
	return reg(dev, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_FEATURES_OK;
}

void virtio_driver_ok(uint64_t dev)
{
	set_reg(dev, VIRTIO_MMIO_STATUS,
		STATUS_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK);
}

void queue_set_gpas(uint64_t dev, uint64_t desc, uint64_t avail, uint64_t used)
{
	set_reg(dev, VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)desc);
	set_reg(dev, VIRTIO_MMIO_QUEUE_DESC_HIGH, (uint32_t)(desc >> 32));
	set_reg(dev, VIRTIO_MMIO_QUEUE_AVAIL_LOW, (uint32_t)avail);
	set_reg(dev, VIRTIO_MMIO_QUEUE_AVAIL_HIGH, (uint32_t)(avail >> 32));
	set_reg(dev, VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)used);
	set_reg(dev, VIRTIO_MMIO_QUEUE_USED_HIGH, (uint32_t)(used >> 32));
}

void queue_place(struct queue *q, uint64_t dev, unsigned index, uint16_t size, uint64_t gpa)
{
	memset((void *)gpa, 0, QUEUE_RAM);
	*q = (struct queue){.dev = dev,
			    .index = index,
			    .size = size,
			    .desc = (struct vring_desc *)gpa,
			    .avail = (struct vring_avail *)(gpa + AVAIL_AT),
			    .used = (struct vring_used *)(gpa + USED_AT)};
	set_reg(dev, VIRTIO_MMIO_QUEUE_SEL, index);
	set_reg(dev, VIRTIO_MMIO_QUEUE_NUM, size);
	queue_set_gpas(dev, gpa, gpa + AVAIL_AT, gpa + USED_AT);
}

bool queue_enable(struct queue *q)
{
	set_reg(q->dev, VIRTIO_MMIO_QUEUE_SEL, q->index);
	set_reg(q->dev, VIRTIO_MMIO_QUEUE_READY, 1);
	return reg(q->dev, VIRTIO_MMIO_QUEUE_READY) == 1;
}

void queue_desc(struct queue *q, uint16_t i, uint64_t gpa, uint32_t len, uint16_t flags,
		uint16_t next)
{
	q->desc[i] = (struct vring_desc){.addr = gpa, .len = len, .flags = flags, .next = next};
}

void queue_add(struct queue *q, uint16_t head)
{
	uint16_t idx = q->avail->idx;

	q->avail->ring[idx % q->size] = head;
	__atomic_store_n(&q->avail->idx, (uint16_t)(idx + 1), __ATOMIC_SEQ_CST);
}

void queue_kick(struct queue *q)
{
	set_reg(q->dev, VIRTIO_MMIO_QUEUE_NOTIFY, q->index);
}

bool queue_has_used(const struct queue *q)
{
	return __atomic_load_n(&q->used->idx, __ATOMIC_ACQUIRE) != q->seen;
}

uint32_t queue_wait(struct queue *q, uint32_t *id)
{
	const struct vring_used_elem *elem = &q->used->ring[q->seen % q->size];

	while (!queue_has_used(q))
		__asm__ volatile("pause");
	q->seen++;
	if (id)
		*id = elem->id;
	return elem->len;
}

void queue_settle(struct queue *q)
{
	set_reg(q->dev, VIRTIO_MMIO_QUEUE_SEL, q->index);
	set_reg(q->dev, VIRTIO_MMIO_QUEUE_NUM, q->size);
}

void linger(uint64_t dev)
{
	for (unsigned i = 0; i < 50; i++)
		(void)reg(dev, VIRTIO_MMIO_MAGIC_VALUE);
}
