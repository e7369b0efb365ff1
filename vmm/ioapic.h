/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The I/O APIC (Intel 82093AA), as far as edge-triggered lines need it. KVM's own (a full irqchip)
 * would cost a start and an end several milliseconds of RCU grace periods; the local APIC stays in
 * KVM ("split irqchip"), and an edge here becomes one message-signalled interrupt there.
 *
 * Level-triggered entries are delivered as edges: no device of this machine has a level.
 */
#ifndef VMM_IOAPIC_H
#define VMM_IOAPIC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/bus.h"
#include "vmm/deferred.h"

#define IOAPIC_PINS 24

struct ioapic {
	unsigned
		pins; /* in use: the guest initialises each with several exits, so as few as possible */
	_Atomic uint32_t select;
	struct ioapic_pin {
		_Atomic uint64_t entry; /* redirection table entry */
		_Atomic bool pending;   /* an edge came while the pin was masked */
	} pin[IOAPIC_PINS];
	_Atomic unsigned unmasked; /* pins */
	/*
	 * The last pin that was unmasked is no longer (true), or the first one is (false). A kernel that masks all
	 * of them gives its devices up: it is about to stop. Any thread; NULL: nobody wants to know.
	 */
	void (*quiet)(void *ctx, bool quiet);
	void *quiet_ctx;
	struct deferred *deferred; /* the guest's writes that wait; NULL: none does */
	/* Delivers a message: address and data as in the Intel SDM, 11.11. Any thread. */
	void (*deliver)(void *ctx, uint64_t address, uint32_t data);
	void *ctx;
};

extern const struct bus_ops ioapic_bus_ops; /* dev: struct ioapic */

/* pins: 1 .. IOAPIC_PINS. All start masked. */
void ioapic_init(struct ioapic *ioapic, unsigned pins,
		 void (*deliver)(void *ctx, uint64_t address, uint32_t data), void *ctx);

/* For struct irq_line; chip: struct ioapic. An edge that meets a masked pin waits there. */
void ioapic_settle(void *chip);
void ioapic_raise(void *chip, unsigned pin);

#endif
