/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/ioapic.h"

#include <string.h>

#include "core/layout.h"

/* Registers of the memory-mapped window. */
#define IOREGSEL 0x00
#define IOWIN    0x10

/* Indirect registers. */
#define REG_ID          0x00
#define REG_VERSION     0x01
#define REG_ARBITRATION 0x02
#define REG_REDIRECTION 0x10 /* two for each pin */

#define VERSION 0x11 /* 82093AA; below 0x20 there is no EOI register to emulate */

/* Redirection table entry. */
#define ENTRY_VECTOR     0xffULL
#define ENTRY_MODE_SHIFT 8
#define ENTRY_MODE_MASK  7ULL
#define ENTRY_LOGICAL    (1ULL << 11)
#define ENTRY_READ_ONLY  ((1ULL << 12) | (1ULL << 14)) /* delivery status, remote IRR */
#define ENTRY_MASKED     (1ULL << 16)
#define ENTRY_DEST_SHIFT 56
#define MSI_DEST_SHIFT   12
#define MSI_DEST_LOGICAL (1U << 2)
#define MSI_MODE_SHIFT   8
#define MODE_EXTINT      7

static void deliver(struct ioapic *ioapic, uint64_t entry)
{
	uint64_t address = LAYOUT_LAPIC | ((entry >> ENTRY_DEST_SHIFT) << MSI_DEST_SHIFT);
	uint32_t mode = (uint32_t)((entry >> ENTRY_MODE_SHIFT) & ENTRY_MODE_MASK);

	if (mode == MODE_EXTINT) /* needs a PIC, and there is none */
		return;
	if (entry & ENTRY_LOGICAL)
		address |= MSI_DEST_LOGICAL;
	ioapic->deliver(ioapic->ctx, address,
			(uint32_t)(entry & ENTRY_VECTOR) | (mode << MSI_MODE_SHIFT));
}

/*
 * Raising and unmasking may race on two threads: each sets its own half before it looks at the
 * other's, so at least one of them sees both, and the exchange lets only one deliver.
 */
static void deliver_if_pending(struct ioapic *ioapic, struct ioapic_pin *pin)
{
	uint64_t entry = atomic_load(&pin->entry);

	if (!(entry & ENTRY_MASKED) && atomic_exchange(&pin->pending, false))
		deliver(ioapic, entry);
}

void ioapic_settle(void *chip)
{
	const struct ioapic *ioapic = chip;

	if (ioapic->deferred)
		deferred_settle(ioapic->deferred);
}

/*
 * An edge met a masked pin, and is kept until that is unmasked (hardware would lose it). Nothing makes a write
 * that waits take effect, if the guest then sleeps until it is interrupted: so unmasking must not wait. Linux has
 * its pins unmasked before a device may interrupt.
 */
static void watch_for_unmasking(struct ioapic *ioapic, struct ioapic_pin *pin)
{
	deferred_stop(ioapic->deferred, LAYOUT_IOAPIC);
	deliver_if_pending(ioapic, pin);
}

void ioapic_raise(void *chip, unsigned pin)
{
	struct ioapic *ioapic = chip;

	if (pin >= ioapic->pins)
		return;
	atomic_store(&ioapic->pin[pin].pending, true);
	deliver_if_pending(ioapic, &ioapic->pin[pin]);
	if (ioapic->deferred && atomic_load(&ioapic->pin[pin].pending))
		watch_for_unmasking(ioapic, &ioapic->pin[pin]);
}

static uint32_t register_read(struct ioapic *ioapic, uint32_t reg)
{
	uint64_t entry;

	switch (reg) {
	case REG_VERSION:
		return VERSION | ((ioapic->pins - 1) << 16);
	case REG_ID:
	case REG_ARBITRATION:
		return 0;
	default:
		if (reg < REG_REDIRECTION || (reg - REG_REDIRECTION) / 2 >= ioapic->pins)
			return 0;
		entry = atomic_load(&ioapic->pin[(reg - REG_REDIRECTION) / 2].entry);
		return (uint32_t)(reg & 1 ? entry >> 32 : entry);
	}
}

static void count_unmasked(struct ioapic *ioapic, uint64_t before, uint64_t now)
{
	bool changed = false;

	if ((before & ENTRY_MASKED) && !(now & ENTRY_MASKED))
		changed = atomic_fetch_add(&ioapic->unmasked, 1) == 0;
	else if (!(before & ENTRY_MASKED) && (now & ENTRY_MASKED))
		changed = atomic_fetch_sub(&ioapic->unmasked, 1) == 1;
	if (changed && ioapic->quiet)
		ioapic->quiet(ioapic->quiet_ctx, now & ENTRY_MASKED);
}

static void register_write(struct ioapic *ioapic, uint32_t reg, uint32_t value)
{
	struct ioapic_pin *pin;
	uint64_t entry;

	if (reg < REG_REDIRECTION || (reg - REG_REDIRECTION) / 2 >= ioapic->pins)
		return;
	pin = &ioapic->pin[(reg - REG_REDIRECTION) / 2];
	entry = atomic_load(&pin->entry);
	if (reg & 1)
		entry = (entry & 0xffffffffULL) | ((uint64_t)value << 32);
	else
		entry = (entry & ~0xffffffffULL) | value;
	entry &= ~ENTRY_READ_ONLY;
	/* Two vCPUs that program one pin at once get one of their values: as on real hardware. */
	count_unmasked(ioapic, atomic_exchange(&pin->entry, entry), entry);
	deliver_if_pending(ioapic, pin);
}

static void ioapic_bus_read(void *dev, uint64_t offset, void *data, unsigned len)
{
	struct ioapic *ioapic = dev;
	uint32_t value = 0;

	memset(data, 0, len);
	if (len != 4)
		return;
	if (offset == IOREGSEL)
		value = atomic_load(&ioapic->select);
	else if (offset == IOWIN)
		value = register_read(ioapic, atomic_load(&ioapic->select));
	memcpy(data, &value, 4);
}

static void ioapic_bus_write(void *dev, uint64_t offset, const void *data, unsigned len)
{
	struct ioapic *ioapic = dev;
	uint32_t value;

	if (len != 4)
		return;
	memcpy(&value, data, 4);
	if (offset == IOREGSEL)
		atomic_store(&ioapic->select, value & 0xff);
	else if (offset == IOWIN)
		register_write(ioapic, atomic_load(&ioapic->select), value);
}

/* All of them: who reads finds what was written before, and so does an edge. */
static const struct bus_part can_wait[] = {{IOREGSEL, 4}, {IOWIN, 4}, {0, 0}};

const struct bus_ops ioapic_bus_ops = {
	.read = ioapic_bus_read, .write = ioapic_bus_write, .can_wait = can_wait};

void ioapic_init(struct ioapic *ioapic, unsigned pins,
		 void (*deliver_message)(void *ctx, uint64_t address, uint32_t data), void *ctx)
{
	memset(ioapic, 0, sizeof(*ioapic));
	ioapic->pins = pins;
	ioapic->deliver = deliver_message;
	ioapic->ctx = ctx;
	for (unsigned i = 0; i < IOAPIC_PINS; i++)
		atomic_store(&ioapic->pin[i].entry, ENTRY_MASKED);
}
