/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/poweroff.h"

#include <string.h>

#include "core/abi.h"

/* ACPI 6.4, 4.8.3.7: SLP_EN and SLP_TYP of the sleep control register. */
#define SLEEP_ENABLE     0x20
#define SLEEP_TYPE_SHIFT 2
#define SLEEP_TYPE_MASK  7

static void poweroff_read(void *dev, uint64_t offset, void *data, unsigned len)
{
	(void)dev;
	(void)offset;
	memset(data, 0, len);
}

static void take_report(struct poweroff *poweroff, uint32_t frame)
{
	const char *page =
		guest_mem_at(poweroff->mem, (uint64_t)frame * SNUG_REPORT_PAGE, SNUG_REPORT_PAGE);

	if (poweroff->timeline && page)
		timeline_guest_report(poweroff->timeline, page, SNUG_REPORT_PAGE);
}

static void poweroff_write(void *dev, uint64_t offset, const void *data, unsigned len)
{
	struct poweroff *poweroff = dev;
	uint32_t value = 0;

	if (len > sizeof(value))
		return;
	memcpy(&value, data, len);

	if (offset == SNUG_PORT_STATUS && len == 4) {
		timeline_guest_end(poweroff->timeline);
		run_end_set(poweroff->end, RUN_END_STATUS, value, NULL);
	} else if (offset == SNUG_PORT_SLEEP_CONTROL && len == 1 && (value & SLEEP_ENABLE) &&
		   ((value >> SLEEP_TYPE_SHIFT) & SLEEP_TYPE_MASK) == SNUG_SLEEP_TYPE_S5)
		run_end_set(poweroff->end, RUN_END_POWEROFF, 0, NULL);
	else if (offset == SNUG_PORT_RESET && len == 1 && value == SNUG_RESET_VALUE)
		run_end_set(poweroff->end, RUN_END_RESET, 0, NULL);
	else if (offset == SNUG_PORT_MARK && len == 4)
		timeline_guest_mark(poweroff->timeline, value);
	else if (offset == SNUG_PORT_REPORT && len == 4)
		take_report(poweroff, value);
}

const struct bus_ops poweroff_bus_ops = {.read = poweroff_read, .write = poweroff_write};
