/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/queue.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "core/util.h"

/* Alignments of 2.7; sizes in bytes. */
#define DESC_ALIGN  16
#define AVAIL_ALIGN 2
#define USED_ALIGN  4

#define CHAIN_BYTES_MAX GIB(4) /* 2.7.5 */

static uint64_t avail_bytes(uint16_t size)
{
	return sizeof(struct vring_avail) + sizeof(__virtio16) * ((uint64_t)size + 1);
}

static uint64_t used_bytes(uint16_t size)
{
	return sizeof(struct vring_used) + sizeof(struct vring_used_elem) * (uint64_t)size +
	       sizeof(__virtio16);
}

void virtq_reset(struct virtq *vq)
{
	uint16_t size_max = vq->size_max;
	uint32_t generation = vq->generation + 1;

	*vq = (struct virtq){.size_max = size_max,
			     .starts_quiet = vq->starts_quiet,
			     .size = size_max,
			     .generation = generation};
}

static void *aligned_at(const struct guest_mem *mem, uint64_t gpa, uint64_t len, uint64_t align)
{
	return gpa % align == 0 ? guest_mem_at(mem, gpa, len) : NULL;
}

/* One load each: what the driver changes later does not count. */
static uint16_t load16(const __virtio16 *p)
{
	return le16toh(__atomic_load_n((const uint16_t *)p, __ATOMIC_RELAXED));
}

static void store16(__virtio16 *p, uint16_t value)
{
	__atomic_store_n((uint16_t *)p, htole16(value), __ATOMIC_RELAXED);
}

/* used_event lies behind the avail ring, avail_event behind the used ring (2.7.6, 2.7.8). */
static __virtio16 *used_event(const struct virtq *vq)
{
	return &vq->avail->ring[vq->size];
}

static __virtio16 *avail_event(const struct virtq *vq)
{
	return (__virtio16 *)(void *)&vq->used->ring[vq->size];
}

int virtq_activate(struct virtq *vq, const struct guest_mem *mem, bool event_idx)
{
	uint16_t size = vq->size;

	if (size == 0 || size > vq->size_max || (size & (size - 1)))
		return -EINVAL;
	vq->desc = aligned_at(mem, vq->desc_gpa, sizeof(struct vring_desc) * (uint64_t)size,
			      DESC_ALIGN);
	vq->avail = aligned_at(mem, vq->avail_gpa, avail_bytes(size), AVAIL_ALIGN);
	vq->used = aligned_at(mem, vq->used_gpa, used_bytes(size), USED_ALIGN);
	if (!vq->desc || !vq->avail || !vq->used)
		return -EINVAL;
	vq->mem = mem;
	vq->event_idx = event_idx;
	vq->broken = false;
	vq->next_avail = 0;
	vq->next_used = 0;
	vq->signalled = 0;
	vq->ready = true;
	/* The index before the first: it is passed when all others have been. */
	if (event_idx && vq->starts_quiet)
		store16(avail_event(vq), UINT16_MAX);
	return 0;
}

static int protocol_error(struct virtq *vq)
{
	vq->broken = true;
	return -EPROTO;
}

/* How many chains the driver has added that were not taken; -EPROTO if it claims too many. */
static int available(struct virtq *vq)
{
	uint16_t n = (uint16_t)(__atomic_load_n((uint16_t *)&vq->avail->idx, __ATOMIC_ACQUIRE));

	n = (uint16_t)(le16toh(n) - vq->next_avail);
	return n > vq->size ? protocol_error(vq) : n;
}

/* Copies a descriptor; what follows is decided by the copy. */
static struct vring_desc load_desc(const struct vring_desc *p)
{
	struct vring_desc copy;

	memcpy(&copy, p, sizeof(copy));
	/* Else the compiler may read the guest's memory again instead of keeping the copy. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return copy;
}

/* Appends one descriptor's buffer. 0, or -EPROTO. */
static int chain_add(struct virtq *vq, struct virtq_chain *chain, const struct vring_desc *desc)
{
	uint32_t len = le32toh(desc->len);
	unsigned count = chain->readable + chain->writable;
	void *host = guest_mem_at(vq->mem, le64toh(desc->addr), len);

	if (!host || count == VIRTQ_SIZE_MAX ||
	    chain->readable_bytes + chain->writable_bytes + len > CHAIN_BYTES_MAX)
		return -EPROTO;
	if (le16toh(desc->flags) & VRING_DESC_F_WRITE) {
		chain->writable++;
		chain->writable_bytes += len;
	} else {
		if (chain->writable) /* readable after writable: 2.7.4.2 */
			return -EPROTO;
		chain->readable++;
		chain->readable_bytes += len;
	}
	chain->iov[count] = (struct iovec){.iov_base = host, .iov_len = len};
	return 0;
}

/* 2.7.5.3: the table is the whole rest of the chain, and does not nest. */
static int chain_add_indirect(struct virtq *vq, struct virtq_chain *chain,
			      const struct vring_desc *desc)
{
	uint32_t bytes = le32toh(desc->len);
	uint32_t count = bytes / (uint32_t)sizeof(struct vring_desc);
	const struct vring_desc *table;
	uint32_t i = 0;

	if ((le16toh(desc->flags) & VRING_DESC_F_NEXT) || count == 0 ||
	    bytes % sizeof(struct vring_desc) != 0)
		return -EPROTO;
	table = guest_mem_at(vq->mem, le64toh(desc->addr), bytes);
	if (!table)
		return -EPROTO;
	for (unsigned steps = 0; steps < VIRTQ_SIZE_MAX; steps++) {
		struct vring_desc copy = load_desc(&table[i]);

		if ((le16toh(copy.flags) & VRING_DESC_F_INDIRECT) || chain_add(vq, chain, &copy))
			return -EPROTO;
		if (!(le16toh(copy.flags) & VRING_DESC_F_NEXT))
			return 0;
		i = le16toh(copy.next);
		if (i >= count)
			return -EPROTO;
	}
	return -EPROTO;
}

static int chain_collect(struct virtq *vq, struct virtq_chain *chain)
{
	uint16_t i = chain->head;

	for (unsigned steps = 0; steps < vq->size; steps++) {
		struct vring_desc copy;

		if (i >= vq->size)
			return -EPROTO;
		copy = load_desc(&vq->desc[i]);
		if (le16toh(copy.flags) & VRING_DESC_F_INDIRECT)
			return chain_add_indirect(vq, chain, &copy);
		if (chain_add(vq, chain, &copy))
			return -EPROTO;
		if (!(le16toh(copy.flags) & VRING_DESC_F_NEXT))
			return 0;
		i = le16toh(copy.next);
	}
	return -EPROTO; /* longer than the queue: a loop */
}

int virtq_pop(struct virtq *vq, struct virtq_chain *chain)
{
	int n;

	if (!vq->ready)
		return 0;
	if (vq->broken)
		return -EPROTO;
	n = available(vq);
	if (n <= 0)
		return n;
	chain->head = load16(&vq->avail->ring[vq->next_avail & (vq->size - 1)]);
	chain->readable = chain->writable = 0;
	chain->readable_bytes = chain->writable_bytes = 0;
	if (chain_collect(vq, chain))
		return protocol_error(vq);
	vq->next_avail++;
	return 1;
}

void virtq_unpop(struct virtq *vq)
{
	vq->next_avail--;
}

void virtq_push(struct virtq *vq, uint16_t head, uint32_t written)
{
	struct vring_used_elem elem = {.id = htole32(head), .len = htole32(written)};

	memcpy(&vq->used->ring[vq->next_used & (vq->size - 1)], &elem, sizeof(elem));
	vq->next_used++;
	/* The element, and the buffer, before the index that publishes them. */
	__atomic_store_n((uint16_t *)&vq->used->idx, htole16(vq->next_used), __ATOMIC_RELEASE);
}

bool virtq_wants_interrupt(struct virtq *vq)
{
	uint16_t before = vq->signalled;

	if (vq->next_used == before)
		return false;
	vq->signalled = vq->next_used;
	/* used->idx is out before the driver's wish is read: it does the two in the other order. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (vq->event_idx)
		return vring_need_event(load16(used_event(vq)), vq->next_used, before);
	return !(load16(&vq->avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
}

bool virtq_enable_kicks(struct virtq *vq)
{
	if (!vq->ready || vq->broken)
		return false;
	if (vq->event_idx)
		store16(avail_event(vq), vq->next_avail);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return available(vq) != 0;
}
