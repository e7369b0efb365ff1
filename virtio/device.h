/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every virtio device has, whatever carries it (virtio 1.2, 2): status, features, queues, and an
 * interrupt. The transport (virtio/mmio.h) drives it; a device fills in struct virtio_device_ops.
 *
 * Threads: the transport runs on vCPU threads, a device's work on a thread of its own. `lock` covers
 * the queues and everything ops->reset touches; the transport takes it for reset and for queue set-up,
 * never for a kick, so that a device at work does not stall a vCPU.
 */
#ifndef VIRTIO_DEVICE_H
#define VIRTIO_DEVICE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "virtio/queue.h"
#include "vmm/irq.h"

#define VIRTIO_QUEUES_MAX 6

struct virtio_device;

struct virtio_device_ops {
	/* Bytes of config space from offset; zero beyond its end. vCPU thread. */
	void (*read_config)(struct virtio_device *dev, uint64_t offset, void *data, unsigned len);
	/* The driver made the queue's buffers available. vCPU thread, without the lock; must not block. */
	void (*kick)(struct virtio_device *dev, unsigned queue);
	/*
	 * The driver stopped a queue: returns when nothing that was taken from it is worked on any more, so
	 * that the driver has its memory back. With the lock, which it may let go meanwhile. NULL: nothing
	 * ever is without the lock.
	 */
	void (*drain)(struct virtio_device *dev);
	/* The driver reset the device: forget everything it said. With the lock, after drain. */
	void (*reset)(struct virtio_device *dev);
};

struct virtio_device {
	const struct virtio_device_ops *ops;
	uint32_t id; /* VIRTIO_ID_... */
	uint64_t features;
	unsigned queue_count;

	pthread_mutex_t lock;
	struct virtq queues[VIRTIO_QUEUES_MAX];
	const struct guest_mem *mem;
	struct irq_line irq;

	/*
	 * Written by the transport, read by anyone. They may lie where the guest sees them (virtio/mmio.h),
	 * so that there is one of each.
	 */
	_Atomic uint32_t *status; /* VIRTIO_CONFIG_S_... */
	uint64_t driver_features;
	_Atomic uint32_t *interrupt_status; /* VIRTIO_MMIO_INT_... */
	_Atomic uint32_t own_status, own_interrupt_status;
};

/* Sets the common part up; the queues' size_max is the device's to fill in before. */
void virtio_device_init(struct virtio_device *dev, const struct virtio_device_ops *ops, uint32_t id,
			uint64_t features, unsigned queue_count, const struct guest_mem *mem,
			struct irq_line irq);

/* Interrupts the driver if it wants to hear of what was pushed to vq. With the lock. */
void virtio_device_signal(struct virtio_device *dev, struct virtq *vq);

/*
 * The driver broke the rules: sets DEVICE_NEEDS_RESET and tells it (2.1.2). Whatever the queues still
 * hold is ignored until the reset. With the lock.
 */
void virtio_device_fail(struct virtio_device *dev);

/* Is the device to be served (DRIVER_OK, and neither failed nor given up)? */
bool virtio_device_live(const struct virtio_device *dev);

/* One queue back to that state; with the lock, which may be let go meanwhile (drain). */
void virtio_device_reset_queue(struct virtio_device *dev, struct virtq *vq);

/* All of it back to the state after virtio_device_init. Takes the lock. */
void virtio_device_reset(struct virtio_device *dev);

#endif
