/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guest/lib/interrupt.h"

/* Intel SDM, volume 3, 11.4.1: the local APIC's registers. */
#define LAPIC_SPURIOUS 0xf0
#define LAPIC_IRR      0x200
#define LAPIC_ICR_LOW  0x300
#define LAPIC_ICR_HIGH 0x310
#define APIC_ENABLE    0x100U
#define ICR_INIT       0x4500U
#define ICR_START      0x4600U

#define FIRST_VECTOR 0x30

static uint8_t next_vector = FIRST_VECTOR;

void interrupts_init(void)
{
	write32(LAYOUT_LAPIC + LAPIC_SPURIOUS, APIC_ENABLE | 0xff);
}

uint8_t interrupt_vector(void)
{
	return next_vector++;
}

bool interrupt_pending(uint8_t vector)
{
	uint32_t word = read32(LAYOUT_LAPIC + LAPIC_IRR + vector / 32U * 0x10);

	return word >> vector % 32 & 1;
}

void interrupt_wait(uint8_t vector)
{
	while (!interrupt_pending(vector))
		__asm__ volatile("pause");
}

void pin_set(unsigned pin, uint8_t vector, uint32_t flags)
{
	write32(LAYOUT_IOAPIC, 0x11 + 2 * pin);
	write32(LAYOUT_IOAPIC + 0x10, 0);
	write32(LAYOUT_IOAPIC, 0x10 + 2 * pin);
	write32(LAYOUT_IOAPIC + 0x10, vector | flags);
}

void processor_start(unsigned id, uint32_t start)
{
	write32(LAYOUT_LAPIC + LAPIC_ICR_HIGH, id << 24);
	write32(LAYOUT_LAPIC + LAPIC_ICR_LOW, ICR_INIT);
	write32(LAYOUT_LAPIC + LAPIC_ICR_LOW, ICR_START | start >> 12);
}
