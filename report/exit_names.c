/* SPDX-License-Identifier: Apache-2.0 */
/* What is where in a guest's address spaces, for people. */
#include <linux/virtio_mmio.h>
#include <stdio.h>
#include <string.h>

#include "core/abi.h"
#include "core/layout.h"
#include "core/util.h"
#include "report/record.h"

static const struct {
	uint64_t first, last;
	const char *name;
} ports[] = {
	{0x20, 0x21, "8259 interrupt controller"},
	{0xa0, 0xa1, "8259 interrupt controller"},
	{0x40, 0x43, "8254 timer"},
	{0x60, 0x60, "8042 keyboard controller"},
	{0x61, 0x61, "NMI status, speaker"},
	{0x64, 0x64, "8042 keyboard controller"},
	{0x70, 0x71, "CMOS clock"},
	{0x80, 0x80, "delay"},
	{0x87, 0x87, "DMA page"},
	{0xcf8, 0xcff, "PCI configuration"},
	{SNUG_PORT_EARLY_CONSOLE, SNUG_PORT_EARLY_CONSOLE + SNUG_PORT_EARLY_CONSOLE_SIZE - 1,
	 "early console"},
	{SNUG_PORT_BASE + SNUG_PORT_MARK, SNUG_PORT_BASE + SNUG_PORT_MARK + 3, "timeline marks"},
	{SNUG_PORT_BASE + SNUG_PORT_REPORT, SNUG_PORT_BASE + SNUG_PORT_REPORT, "timeline report"},
	{SNUG_PORT_BASE, SNUG_PORT_BASE + SNUG_PORT_SIZE - 1, "power-off device"},
};

/* LAYOUT_VIRTIO_MMIO: the console, the root share, then the volumes' devices. */
#define ROOT_DEVICE 1

static bool is_virtio(const struct record_exits *exits, unsigned *device, uint64_t *offset)
{
	if (strcmp(exits->what, "mmio") != 0 ||
	    !range_inside(exits->address, 1, LAYOUT_VIRTIO_MMIO,
			  LAYOUT_VIRTIO_DEVICES_MAX * LAYOUT_VIRTIO_MMIO_SIZE))
		return false;
	*device = (unsigned)((exits->address - LAYOUT_VIRTIO_MMIO) / LAYOUT_VIRTIO_MMIO_SIZE);
	*offset = (exits->address - LAYOUT_VIRTIO_MMIO) % LAYOUT_VIRTIO_MMIO_SIZE;
	return true;
}

bool record_exit_is_9p(const struct record_exits *exits)
{
	unsigned device;
	uint64_t offset;

	return is_virtio(exits, &device, &offset) && device >= ROOT_DEVICE &&
	       (offset == VIRTIO_MMIO_QUEUE_NOTIFY || offset == VIRTIO_MMIO_INTERRUPT_ACK);
}

bool record_exit_is_timelines(const struct record_exits *exits)
{
	return strcmp(exits->what, "port") == 0 &&
	       (exits->address == SNUG_PORT_BASE + SNUG_PORT_MARK ||
		exits->address == SNUG_PORT_BASE + SNUG_PORT_REPORT);
}

static const char *virtio_name(unsigned device, uint64_t offset, char *buf, size_t size)
{
	const char *what = offset == VIRTIO_MMIO_QUEUE_NOTIFY    ? "request"
			   : offset == VIRTIO_MMIO_INTERRUPT_ACK ? "interrupt acknowledged"
								 : "set-up";

	if (device > ROOT_DEVICE)
		(void)snprintf(buf, size, "9p volumes %u: %s", device - ROOT_DEVICE, what);
	else
		(void)snprintf(buf, size, "%s: %s", device == ROOT_DEVICE ? "9p root" : "console",
			       what);
	return buf;
}

const char *record_exit_name(const struct record_exits *exits, char *buf, size_t size)
{
	unsigned device;
	uint64_t offset;

	if (is_virtio(exits, &device, &offset))
		return virtio_name(device, offset, buf, size);
	for (size_t i = 0; strcmp(exits->what, "port") == 0 && i < ARRAY_SIZE(ports); i++)
		if (exits->address >= ports[i].first && exits->address <= ports[i].last)
			return ports[i].name;
	if (strcmp(exits->what, "mmio") == 0 &&
	    range_inside(exits->address, 1, LAYOUT_IOAPIC, LAYOUT_IOAPIC_SIZE))
		return "I/O APIC";
	(void)snprintf(buf, size, "%s %#llx",
		       strcmp(exits->what, "kvm") == 0 ? "KVM exit reason" : exits->what,
		       (unsigned long long)exits->address);
	return buf;
}
