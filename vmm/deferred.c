/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/deferred.h"

#include <string.h>
#include <sys/ioctl.h>

#include "core/util.h"

/* The kernel's page, by which it places the ring (KVM_COALESCED_MMIO_PAGE_OFFSET) and measures it. */
#define PAGE_SIZE 4096UL

void deferred_init(struct deferred *deferred, int vm_fd, struct kvm_run *run, size_t run_size,
		   const struct bus *mmio, const struct bus *ports)
{
	int page = ioctl(vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_MMIO);

	memset(deferred, 0, sizeof(*deferred));
	deferred->vm_fd = vm_fd;
	deferred->buses[0] = mmio;
	deferred->buses[1] = ports;
	(void)pthread_mutex_init(&deferred->lock, NULL);
	if (page > 0 && run_size >= ((size_t)page + 1) * PAGE_SIZE)
		deferred->ring = (void *)((char *)run + (size_t)page * PAGE_SIZE);
}

/* What KVM refuses to register stays an exit: ports, before Linux 4.20. */
static void let_wait(const struct deferred *deferred, const struct bus_range *range, bool pio,
		     bool wait)
{
	for (const struct bus_part *part = range->ops->can_wait; part && part->size; part++) {
		struct kvm_coalesced_mmio_zone zone = {
			.addr = range->base + part->offset, .size = part->size, .pio = pio};

		if (wait)
			(void)ioctl(deferred->vm_fd, KVM_REGISTER_COALESCED_MMIO, &zone);
		else
			(void)ioctl(deferred->vm_fd, KVM_UNREGISTER_COALESCED_MMIO, &zone);
	}
}

static void register_all(const struct deferred *deferred)
{
	for (unsigned pio = 0; pio < ARRAY_SIZE(deferred->buses); pio++) {
		const struct bus *bus = deferred->buses[pio];

		for (unsigned i = 0; i < bus->count; i++)
			let_wait(deferred, &bus->ranges[i], pio, true);
	}
}

void deferred_written(struct deferred *deferred, const struct bus *bus, uint64_t addr, unsigned len)
{
	const struct bus_range *range;

	if (!deferred->ring || atomic_load(&deferred->registered))
		return;
	range = bus_range_at(bus, addr, len);
	if (!range || !range->ops->can_wait)
		return;
	(void)pthread_mutex_lock(&deferred->lock);
	if (!atomic_exchange(&deferred->registered, true))
		register_all(deferred);
	(void)pthread_mutex_unlock(&deferred->lock);
}

static uint32_t load(const uint32_t *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void settle_one(const struct deferred *deferred, uint32_t first)
{
	const struct kvm_coalesced_mmio *write = &deferred->ring->coalesced_mmio[first];

	bus_write(deferred->buses[write->pio != 0], write->phys_addr, write->data,
		  (unsigned)min_u64(write->len, sizeof(write->data)));
}

void deferred_settle(struct deferred *deferred)
{
	struct kvm_coalesced_mmio_ring *ring = deferred->ring;
	uint32_t first, last;

	/* `first` moves on when a write has taken effect: equal means that all have. */
	if (!ring || load(&ring->first) == load(&ring->last))
		return;
	(void)pthread_mutex_lock(&deferred->lock);
	/* Up to where it is now: a guest that writes all the time holds nobody up. */
	last = load(&ring->last);
	for (first = load(&ring->first); first != last;) {
		settle_one(deferred, first);
		first = (uint32_t)((first + 1) % KVM_COALESCED_MMIO_MAX);
		__atomic_store_n(&ring->first, first, __ATOMIC_RELEASE);
	}
	(void)pthread_mutex_unlock(&deferred->lock);
}

void deferred_stop(struct deferred *deferred, uint64_t gpa)
{
	const struct bus *mmio = deferred->buses[0];
	const struct bus_range *range = bus_range_at(mmio, gpa, 1);

	if (!deferred->ring || !range || atomic_load(&deferred->stopped[range - mmio->ranges]))
		return;
	(void)pthread_mutex_lock(&deferred->lock);
	/* KVM returns when no vCPU is any more about to put a write into the ring. */
	if (atomic_load(&deferred->registered) &&
	    !atomic_exchange(&deferred->stopped[range - mmio->ranges], true))
		let_wait(deferred, range, false, false);
	(void)pthread_mutex_unlock(&deferred->lock);
	deferred_settle(deferred);
}
