/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A split virtqueue, the device's side (virtio 1.2, 2.7), with VIRTIO_F_INDIRECT_DESC and
 * VIRTIO_F_EVENT_IDX.
 *
 * Everything in the rings is hostile: sizes and alignment are checked at activation, every head, next,
 * address and length before use, every descriptor is copied once. A queue whose driver breaks the
 * rules is broken for good (-EPROTO) until the device is reset.
 *
 * Not thread-safe: the device's lock (virtio/device.h) covers it.
 */
#ifndef VIRTIO_QUEUE_H
#define VIRTIO_QUEUE_H

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vmm/guest_mem.h"

/* The largest queue of any device, and so the longest chain (2.7.5.3.1). A power of two. */
#define VIRTQ_SIZE_MAX 128

struct virtq {
	/* The registers; frozen while ready. */
	uint16_t size_max; /* what the device offers; a power of two */
	/* The device has nothing to put into it yet, and asks for kicks when it has: no kick until then. */
	bool starts_quiet;
	uint16_t size; /* what the driver chose */
	uint64_t desc_gpa;
	uint64_t avail_gpa; /* "driver area" */
	uint64_t used_gpa;  /* "device area" */
	bool ready;
	/* Counts resets: a chain of an earlier generation is not the driver's to get back any more. */
	uint32_t generation;

	/* From here on valid while ready. */
	const struct guest_mem *mem;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	bool event_idx;
	bool broken;
	uint16_t next_avail; /* the next entry of the avail ring to take */
	uint16_t next_used;  /* the next entry of the used ring to fill */
	uint16_t signalled;  /* next_used when the driver was last considered for an interrupt */
};

/* One buffer of the driver: readable parts first, then writable ones (2.7.4.2). */
struct virtq_chain {
	uint16_t head;
	unsigned readable; /* iov[0 .. readable) */
	unsigned writable; /* iov[readable .. readable+writable) */
	uint64_t readable_bytes;
	uint64_t writable_bytes;
	struct iovec iov[VIRTQ_SIZE_MAX]; /* host addresses, every one checked to be RAM */
};

/* Forgets everything but what is the device's to say, and counts. */
void virtq_reset(struct virtq *vq);

/* The driver wrote QueueReady = 1: checks the registers. 0, or -EINVAL and the queue stays unready. */
int virtq_activate(struct virtq *vq, const struct guest_mem *mem, bool event_idx);

/* Takes the next chain: 1 with *chain filled, 0 if there is none, -EPROTO if the queue is broken. */
int virtq_pop(struct virtq *vq, struct virtq_chain *chain);

/* Puts back the chain that the last virtq_pop took, as if it had not been called. */
void virtq_unpop(struct virtq *vq);

/* Returns a chain to the driver, written bytes of its writable part filled. No interrupt yet. */
void virtq_push(struct virtq *vq, uint16_t head, uint32_t written);

/* After any number of pushes: does the driver want an interrupt for them? */
bool virtq_wants_interrupt(struct virtq *vq);

/*
 * Asks the driver to kick when it adds a chain. True if it has added one meanwhile: pop again. With
 * VIRTIO_F_EVENT_IDX kicks are off from the first kick to the next call, without it they stay on.
 */
bool virtq_enable_kicks(struct virtq *vq);

#endif
