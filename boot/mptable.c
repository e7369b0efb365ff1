/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/mptable.h"

#include <errno.h>
#include <string.h>

#include "boot/checksum.h"
#include "core/layout.h"
#include "core/util.h"

#define SPEC_REVISION 4 /* 1.4 */

/* 4.1 */
struct floating_pointer {
	char signature[4];
	uint32_t table;
	uint8_t length; /* in paragraphs of 16 bytes */
	uint8_t spec_revision;
	uint8_t checksum;
	uint8_t features[5]; /* all zero: there is a table, and no PIC mode to leave */
} __attribute__((packed));

/* 4.2 */
struct table_header {
	char signature[4];
	uint16_t length;
	uint8_t spec_revision;
	uint8_t checksum;
	char oem_id[8];
	char product_id[12];
	uint32_t oem_table;
	uint16_t oem_table_size;
	uint16_t entry_count;
	uint32_t lapic_address;
	uint16_t extended_length;
	uint8_t extended_checksum;
	uint8_t reserved;
} __attribute__((packed));

/* 4.3, in the order in which they have to come */
enum entry_type {
	ENTRY_PROCESSOR,
	ENTRY_BUS,
	ENTRY_IOAPIC,
	ENTRY_IO_INTERRUPT,
};

/* 4.3.1. Signature and features are what CPUID says in the end; no system looks at these. */
struct processor {
	uint8_t type;
	uint8_t lapic_id;
	uint8_t lapic_version;
	uint8_t flags;
	uint32_t signature;
	uint32_t features;
	uint32_t reserved[2];
} __attribute__((packed));
#define LAPIC_VERSION       0x14 /* an integrated one, as KVM's */
#define PROCESSOR_ENABLED   1
#define PROCESSOR_BOOT      2
#define PROCESSOR_FEATURES  0x201 /* FPU, APIC */
#define PROCESSOR_SIGNATURE 0x600

/* 4.3.2 */
struct bus {
	uint8_t type;
	uint8_t id;
	char name[6];
} __attribute__((packed));
#define BUS_ISA 0

/* 4.3.3 */
struct ioapic {
	uint8_t type;
	uint8_t id;
	uint8_t version;
	uint8_t flags;
	uint32_t address;
} __attribute__((packed));
#define IOAPIC_ID      0 /* what its own registers say, as the next */
#define IOAPIC_VERSION 0x11
#define IOAPIC_ENABLED 1

/* 4.3.4 */
struct io_interrupt {
	uint8_t type;
	uint8_t interrupt_type;
	uint16_t flags;
	uint8_t bus;
	uint8_t bus_irq;
	uint8_t ioapic_id;
	uint8_t ioapic_pin;
} __attribute__((packed));
#define INTERRUPT_VECTORED 0
#define INTERRUPT_EDGE     ((1U << 2) | 1U) /* trigger mode: edge; polarity: active high */

_Static_assert(sizeof(struct floating_pointer) == 16 && sizeof(struct table_header) == 44 &&
		       sizeof(struct processor) == 20 && sizeof(struct bus) == 8 &&
		       sizeof(struct ioapic) == 8 && sizeof(struct io_interrupt) == 8,
	       "MultiProcessor Specification 1.4, 4");

static void *add_processors(void *at, unsigned cpus)
{
	struct processor *processor = at;

	for (unsigned id = 0; id < cpus; id++)
		*processor++ = (struct processor){
			.type = ENTRY_PROCESSOR,
			.lapic_id = (uint8_t)id,
			.lapic_version = LAPIC_VERSION,
			.flags = PROCESSOR_ENABLED | (id == 0 ? PROCESSOR_BOOT : 0),
			.signature = PROCESSOR_SIGNATURE,
			.features = PROCESSOR_FEATURES,
		};
	return processor;
}

static void *add_chips(void *at)
{
	struct bus *bus = at;
	struct ioapic *ioapic = (struct ioapic *)(bus + 1);

	*bus = (struct bus){.type = ENTRY_BUS, .id = BUS_ISA};
	memcpy(bus->name, "ISA   ", sizeof(bus->name));
	*ioapic = (struct ioapic){
		.type = ENTRY_IOAPIC,
		.id = IOAPIC_ID,
		.version = IOAPIC_VERSION,
		.flags = IOAPIC_ENABLED,
		.address = LAYOUT_IOAPIC,
	};
	return ioapic + 1;
}

static void add_interrupts(void *at, unsigned devices)
{
	struct io_interrupt *interrupt = at;

	for (unsigned i = 0; i < devices; i++)
		*interrupt++ = (struct io_interrupt){
			.type = ENTRY_IO_INTERRUPT,
			.interrupt_type = INTERRUPT_VECTORED,
			.flags = INTERRUPT_EDGE,
			.bus = BUS_ISA,
			.bus_irq = (uint8_t)(LAYOUT_VIRTIO_PIN + i),
			.ioapic_id = IOAPIC_ID,
			.ioapic_pin = (uint8_t)(LAYOUT_VIRTIO_PIN + i),
		};
}

static void fill_header(struct table_header *table, const struct platform *platform, size_t length)
{
	memcpy(table->signature, "PCMP", sizeof(table->signature));
	table->length = (uint16_t)length;
	table->spec_revision = SPEC_REVISION;
	memcpy(table->oem_id, "SNUG    ", sizeof(table->oem_id));
	memcpy(table->product_id, "SNUGVIRT    ", sizeof(table->product_id));
	table->entry_count = (uint16_t)(platform->cpus + 2 + platform->virtio_devices);
	table->lapic_address = LAYOUT_LAPIC;
	table->checksum = 0;
	table->checksum = checksum(table, length);
}

int mptable_build(void *buf, size_t size, uint64_t gpa, const struct platform *platform)
{
	struct floating_pointer *pointer = buf;
	struct table_header *table = (struct table_header *)(pointer + 1);
	const size_t length = sizeof(*table) + platform->cpus * sizeof(struct processor) +
			      sizeof(struct bus) + sizeof(struct ioapic) +
			      platform->virtio_devices * sizeof(struct io_interrupt);

	if (size < sizeof(*pointer) || length > size - sizeof(*pointer))
		return -ENOSPC;
	add_interrupts(add_chips(add_processors(table + 1, platform->cpus)),
		       platform->virtio_devices);
	fill_header(table, platform, length);
	memcpy(pointer->signature, "_MP_", sizeof(pointer->signature));
	pointer->table = (uint32_t)(gpa + sizeof(*pointer));
	pointer->length = sizeof(*pointer) / 16;
	pointer->spec_revision = SPEC_REVISION;
	pointer->checksum = checksum(pointer, sizeof(*pointer));
	return (int)(sizeof(*pointer) + length);
}
