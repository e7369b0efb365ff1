/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes of registers that can wait (struct bus_ops): KVM keeps them in a ring and lets the guest go on
 * (api.rst, KVM_REGISTER_COALESCED_MMIO), so that they are no exits to user space. They take effect, in their
 * order, before the next exit of any vCPU does, and before an interrupt is raised: nothing that looks at a
 * register sees it without what was written to it before, and an edge meets the pin as the guest has left it.
 *
 * All of them are registered with KVM at the guest's first write to one: each is a grace period of SRCU, which KVM
 * waits for then and there, in microseconds, and since Linux 6.18 at the end of the VM, if that comes within some
 * 15 ms. A guest that ends before it has come to its devices does without.
 */
#ifndef VMM_DEFERRED_H
#define VMM_DEFERRED_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/bus.h"

struct deferred {
	int vm_fd;
	struct kvm_coalesced_mmio_ring
		*ring;              /* NULL: this KVM has none, and every write is an exit */
	const struct bus *buses[2]; /* [1]: I/O ports */
	pthread_mutex_t lock;       /* held by the thread that settles, registers or stops */
	_Atomic bool registered;
	_Atomic bool stopped[BUS_RANGES_MAX]; /* of the memory-mapped ranges: deferred_stop() */
};

/* run: the kvm_run mapping of a vCPU, of run_size bytes. The ring is in it, the same for all of them. */
void deferred_init(struct deferred *deferred, int vm_fd, struct kvm_run *run, size_t run_size,
		   const struct bus *mmio, const struct bus *ports);

/* The guest's write was an exit, of the bus's range that has all of len bytes at addr: the next ones need not be. */
void deferred_written(struct deferred *deferred, const struct bus *bus, uint64_t addr,
		      unsigned len);

/* Lets what was written so far take effect. Any thread. */
void deferred_settle(struct deferred *deferred);

/*
 * From here on nothing waits that is written to the memory-mapped device at gpa; what was written before has taken effect. Any
 * thread.
 */
void deferred_stop(struct deferred *deferred, uint64_t gpa);

#endif
