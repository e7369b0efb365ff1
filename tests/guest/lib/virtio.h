/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver's side of virtio-mmio (virtio 1.2, 4.2) and of a split queue (2.7), by hand: a test may
 * break any rule between two steps.
 */
#ifndef TESTS_GUEST_LIB_VIRTIO_H
#define TESTS_GUEST_LIB_VIRTIO_H

#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>

#include "tests/guest/lib/guest.h"

#define FEATURE(bit) (1ULL << (bit))

/* dev: the gpa of a device's registers. */
static inline uint32_t reg(uint64_t dev, uint32_t offset)
{
	return read32(dev + offset);
}

static inline void set_reg(uint64_t dev, uint32_t offset, uint32_t value)
{
	write32(dev + offset, value);
}

/* The nth device of this kind; 0 if there is none. */
uint64_t virtio_find(uint32_t id, unsigned nth);

uint64_t virtio_offered(uint64_t dev);
/* Resets the device and settles the features; true if it took them. */
bool virtio_negotiate(uint64_t dev, uint64_t features);
void virtio_driver_ok(uint64_t dev);

struct queue {
	uint64_t dev;
	unsigned index;
	uint16_t size;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t seen; /* used entries taken */
};

/* Bytes of RAM a queue takes. */
#define QUEUE_RAM 0x1000

/* Writes the registers, of rings laid out in QUEUE_RAM bytes at gpa, and clears those. Not ready yet. */
void queue_place(struct queue *q, uint64_t dev, unsigned index, uint16_t size, uint64_t gpa);
/* QueueReady := 1; true if the device agrees. */
bool queue_enable(struct queue *q);
void queue_set_gpas(uint64_t dev, uint64_t desc, uint64_t avail, uint64_t used);

/* Descriptor i; flags as in the specification, next follows if VRING_DESC_F_NEXT is set. */
void queue_desc(struct queue *q, uint16_t i, uint64_t gpa, uint32_t len, uint16_t flags,
		uint16_t next);
/* Makes the chain available; kick tells the device. */
void queue_add(struct queue *q, uint16_t head);
void queue_kick(struct queue *q);
/* Is there a used entry that was not taken? */
bool queue_has_used(const struct queue *q);
/* Waits for the next used entry: its length, and in *id its chain if id is not NULL. */
uint32_t queue_wait(struct queue *q, uint32_t *id);

/*
 * Returns when the device has done all it does under its lock now: a write to a register of a queue
 * that is ready changes nothing, but it is behind the same lock.
 */
void queue_settle(struct queue *q);

/* Some exits to the host, in which a device's thread that should do nothing could do something. */
void linger(uint64_t dev);

#endif
