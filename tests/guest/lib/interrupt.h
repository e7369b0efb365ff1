/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts as far as they are the monitor's: from a device through a pin of the I/O APIC into the local
 * APIC, where a request stays pending, as the guest never lets interrupts in. (A KVM that runs guests by
 * its instruction emulator, as PVM does, could not deliver them to a guest like this one.)
 *
 * A request stays until the end, so each is looked for at a vector of its own.
 */
#ifndef TESTS_GUEST_LIB_INTERRUPT_H
#define TESTS_GUEST_LIB_INTERRUPT_H

#include "tests/guest/lib/guest.h"

/*
 * Starts another processor, of that local APIC id, in real mode at start, a page below 640 KiB (Intel SDM,
 * volume 3, 9.4.4). interrupts_init() first.
 */
void processor_start(unsigned id, uint32_t start);

#define PIN_MASKED (1U << 16)

/* Enables the local APIC. */
void interrupts_init(void);

/* A vector that nothing has used. */
uint8_t interrupt_vector(void);

/* Is it requested? */
bool interrupt_pending(uint8_t vector);
/* Waits until it is. */
void interrupt_wait(uint8_t vector);

/* Writes a pin's redirection entry: edge, fixed, this processor; flags: PIN_MASKED or 0. */
void pin_set(unsigned pin, uint8_t vector, uint32_t flags);

#endif
