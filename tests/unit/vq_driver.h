/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver's side of a split virtqueue (virtio 1.2, 2.7), for tests of a device: it lays the ring
 * out in guest memory, and can be made to say anything at all.
 */
#ifndef TESTS_UNIT_VQ_DRIVER_H
#define TESTS_UNIT_VQ_DRIVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <string.h>

#include "vmm/guest_mem.h"

struct vq_driver {
	const struct guest_mem *mem;
	uint16_t size;
	uint64_t desc_gpa;
	uint64_t avail_gpa;
	uint64_t used_gpa;
	uint16_t avail_idx;
	uint16_t used_idx; /* used elements seen */
};

#define VQ_DRIVER_BYTES 0x3000ULL /* enough for a queue of 128 entries */

static inline void *at_gpa(const struct guest_mem *mem, uint64_t gpa, uint64_t len)
{
	void *host = guest_mem_at(mem, gpa, len);

	assert_non_null(host);
	return host;
}

/* The queue takes VQ_DRIVER_BYTES of zeroed memory from gpa, a multiple of 16. */
static inline struct vq_driver vq_driver_at(const struct guest_mem *mem, uint64_t gpa,
					    uint16_t size)
{
	struct vq_driver d = {.mem = mem,
			      .size = size,
			      .desc_gpa = gpa,
			      .avail_gpa = gpa + 0x1000,
			      .used_gpa = gpa + 0x2000};

	memset(at_gpa(mem, gpa, VQ_DRIVER_BYTES), 0, VQ_DRIVER_BYTES);
	return d;
}

static inline void put16(const struct guest_mem *mem, uint64_t gpa, uint16_t value)
{
	__atomic_store_n((uint16_t *)at_gpa(mem, gpa, 2), value, __ATOMIC_RELEASE);
}

static inline uint16_t get16(const struct guest_mem *mem, uint64_t gpa)
{
	return __atomic_load_n((const uint16_t *)at_gpa(mem, gpa, 2), __ATOMIC_ACQUIRE);
}

/* Writes entry `i` of the descriptor table at `table`. */
static inline void put_desc_at(const struct guest_mem *mem, uint64_t table, unsigned i,
			       uint64_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
	struct vring_desc desc = {.addr = addr, .len = len, .flags = flags, .next = next};

	memcpy(at_gpa(mem, table + sizeof(desc) * i, sizeof(desc)), &desc, sizeof(desc));
}

static inline void put_desc(const struct vq_driver *d, unsigned i, uint64_t addr, uint32_t len,
			    uint16_t flags, uint16_t next)
{
	put_desc_at(d->mem, d->desc_gpa, i, addr, len, flags, next);
}

/* Puts head into the avail ring without telling. */
static inline void stage(struct vq_driver *d, uint16_t head)
{
	put16(d->mem, d->avail_gpa + 4 + 2 * (uint64_t)(d->avail_idx % d->size), head);
	d->avail_idx++;
}

static inline void publish(struct vq_driver *d)
{
	put16(d->mem, d->avail_gpa + 2, d->avail_idx);
}

static inline void offer(struct vq_driver *d, uint16_t head)
{
	stage(d, head);
	publish(d);
}

/* Makes descriptor i a buffer on its own, and offers it. */
static inline void offer_one(struct vq_driver *d, uint16_t i, uint64_t addr, uint32_t len,
			     uint16_t flags)
{
	put_desc(d, i, addr, len, flags, 0);
	offer(d, i);
}

/* The next used element; false if there is none. */
static inline bool take_used(struct vq_driver *d, uint32_t *id, uint32_t *len)
{
	struct vring_used_elem elem;

	*id = *len = UINT32_MAX;
	if (get16(d->mem, d->used_gpa + 2) == d->used_idx)
		return false;
	memcpy(&elem,
	       at_gpa(d->mem, d->used_gpa + 4 + sizeof(elem) * (d->used_idx % d->size),
		      sizeof(elem)),
	       sizeof(elem));
	d->used_idx++;
	*id = elem.id;
	*len = elem.len;
	return true;
}

static inline void set_avail_flags(const struct vq_driver *d, uint16_t flags)
{
	put16(d->mem, d->avail_gpa, flags);
}

static inline void set_used_event(const struct vq_driver *d, uint16_t event)
{
	put16(d->mem, d->avail_gpa + 4 + 2 * (uint64_t)d->size, event);
}

static inline uint16_t get_avail_event(const struct vq_driver *d)
{
	return get16(d->mem, d->used_gpa + 4 + sizeof(struct vring_used_elem) * d->size);
}

#endif
