/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MP table as a system reads it that knows the specification's offsets and nothing of snug, and the
 * devices' kernel parameters as Linux's virtio_mmio reads them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/devices.h"
#include "boot/mptable.h"
#include "core/cleanup.h"
#include "core/layout.h"
#include "core/util.h"

#define POINTER_SIZE 16
#define HEADER_SIZE  44

static const struct platform platforms[] = {
	{.cpus = 1, .virtio_devices = 0},
	{.cpus = 1, .virtio_devices = 2},
	{.cpus = 4, .virtio_devices = 3},
	{.cpus = 255, .virtio_devices = LAYOUT_VIRTIO_DEVICES_MAX},
};

static unsigned u16_at(const uint8_t *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static uint32_t u32_at(const uint8_t *p)
{
	return u16_at(p) | u16_at(p + 2) << 16;
}

static uint8_t sum(const uint8_t *p, size_t len)
{
	uint8_t total = 0;

	while (len-- > 0)
		total = (uint8_t)(total + *p++);
	return total;
}

/* The guest's memory at LAYOUT_MPTABLE; *used of it. */
static uint8_t *build(const struct platform *platform, int *used)
{
	uint8_t *low = calloc(1, LAYOUT_MPTABLE_MAX);

	assert_non_null(low);
	*used = mptable_build(low, LAYOUT_MPTABLE_MAX, LAYOUT_MPTABLE, platform);
	assert_in_range(*used, POINTER_SIZE + HEADER_SIZE, LAYOUT_MPTABLE_MAX);
	return low;
}

/* 4.1, 4.2. The configuration table. */
static const uint8_t *find_table(const uint8_t *low, int used)
{
	const uint8_t *table;

	assert_int_equal(LAYOUT_MPTABLE % 16, 0);
	assert_true(range_inside(LAYOUT_MPTABLE, LAYOUT_MPTABLE_MAX, 0xf0000, 0x10000));
	assert_memory_equal(low, "_MP_", 4);
	assert_int_equal(low[8], 1); /* paragraphs */
	assert_int_equal(low[9], 4); /* 1.4 */
	assert_int_equal(sum(low, POINTER_SIZE), 0);
	assert_int_equal(low[11], 0); /* not a default configuration: there is a table */
	assert_int_equal(low[12], 0); /* virtual wire mode: there is no IMCR */
	assert_int_equal(u32_at(low + 4), LAYOUT_MPTABLE + POINTER_SIZE);
	table = low + POINTER_SIZE;
	assert_memory_equal(table, "PCMP", 4);
	assert_int_equal(u16_at(table + 4), used - POINTER_SIZE);
	assert_int_equal(table[6], 4);
	assert_int_equal(sum(table, u16_at(table + 4)), 0);
	assert_memory_equal(table + 8, "SNUG    SNUGVIRT    ", 20);
	assert_int_equal(u32_at(table + 28), 0);
	assert_int_equal(u32_at(table + 36), 0xfee00000);
	assert_int_equal(u16_at(table + 40), 0);
	return table;
}

/* What was found of each kind. */
struct found {
	unsigned processors, buses, ioapics, interrupts;
};

static void check_interrupt(const uint8_t *entry, unsigned n)
{
	assert_int_equal(entry[1], 0);            /* vectored */
	assert_int_equal(u16_at(entry + 2), 0x5); /* active high, edge */
	assert_int_equal(entry[4], 0);
	assert_int_equal(entry[5], 1 + n); /* interrupt 0 is none to Linux */
	assert_int_equal(entry[6], 0);
	assert_int_equal(entry[7], entry[5]);
}

/* 4.3. One entry; its size. */
static size_t check_entry(const uint8_t *entry, struct found *found)
{
	switch (entry[0]) {
	case 0:
		assert_int_equal(found->buses + found->ioapics + found->interrupts, 0);
		assert_int_equal(entry[1], found->processors); /* its local APIC's id */
		assert_int_equal(entry[2] & 0xf0, 0x10);       /* an integrated APIC */
		assert_int_equal(entry[3], found->processors == 0 ? 3 : 1);
		found->processors++;
		return 20;
	case 1:
		assert_int_equal(entry[1], 0);
		assert_memory_equal(entry + 2, "ISA   ", 6);
		found->buses++;
		return 8;
	case 2:
		assert_int_equal(found->interrupts, 0);
		assert_int_equal(entry[1], 0);
		assert_int_equal(entry[2], 0x11);
		assert_int_equal(entry[3], 1);
		assert_int_equal(u32_at(entry + 4), 0xfec00000);
		found->ioapics++;
		return 8;
	case 3:
		assert_int_equal(found->ioapics, 1);
		check_interrupt(entry, found->interrupts++);
		return 8;
	default:
		fail_msg("an entry of type %u", entry[0]);
		return 0;
	}
}

static void test_entries(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(platforms); i++) {
		int used;
		_cleanup_free_ uint8_t *low = build(&platforms[i], &used);
		const uint8_t *table = find_table(low, used);
		struct found found = {0};
		unsigned count = 0;
		size_t at = HEADER_SIZE;

		for (; at < u16_at(table + 4); count++)
			at += check_entry(table + at, &found);
		assert_int_equal(at, u16_at(table + 4));
		assert_int_equal(count, u16_at(table + 34));
		assert_int_equal(found.processors, platforms[i].cpus);
		assert_int_equal(found.buses, 1);
		assert_int_equal(found.ioapics, 1);
		assert_int_equal(found.interrupts, platforms[i].virtio_devices);
	}
}

/* Where it does not fit, nothing is written. */
static void test_no_room(void **state)
{
	int used;
	uint8_t *low = build(&platforms[2], &used);

	(void)state;
	free(low);
	for (int size = 0; size < used; size++) {
		low = calloc(1, (size_t)size + 1);
		assert_non_null(low);
		assert_int_equal(mptable_build(low, (size_t)size, LAYOUT_MPTABLE, &platforms[2]),
				 -ENOSPC);
		for (int i = 0; i <= size; i++)
			assert_int_equal(low[i], 0);
		free(low);
	}
	low = calloc(1, (size_t)used);
	assert_non_null(low);
	assert_int_equal(mptable_build(low, (size_t)used, LAYOUT_MPTABLE, &platforms[2]), used);
	free(low);
}

/* As vm_cmdline_set() takes it apart (drivers/virtio/virtio_mmio.c). */
static const char *read_device(const char *text, unsigned n)
{
	static const char name[] = "virtio_mmio.device=";
	unsigned long long size, base;
	unsigned irq;
	int consumed = 0;

	assert_memory_equal(text, name, sizeof(name) - 1);
	text += sizeof(name) - 1;
	assert_int_equal(sscanf(text, "%lli@%lli:%u%n", (long long *)&size, (long long *)&base,
				&irq, &consumed),
			 3);
	assert_int_equal(size, 0x1000);
	assert_int_equal(base, 0xd0000000 + n * 0x1000ULL);
	assert_int_equal(irq, 1 + n);
	assert_int_equal(text[consumed], ' ');
	return text + consumed + 1;
}

static void test_devices_on_the_command_line(void **state)
{
	char buf[2048];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(platforms); i++) {
		const char *at = buf;
		int used = devices_cmdline(buf, sizeof(buf), &platforms[i], "quiet -- x");

		assert_int_equal(used, strlen(buf));
		for (unsigned n = 0; n < platforms[i].virtio_devices; n++)
			at = read_device(at, n);
		assert_string_equal(at, "quiet -- x");
	}
}

static void test_a_command_line_that_is_too_long(void **state)
{
	const struct platform *platform = &platforms[1];
	char buf[256], room[256];
	int used = devices_cmdline(buf, sizeof(buf), platform, "quiet");

	(void)state;
	assert_true(used > 0);
	for (int size = 0; size <= used; size++) {
		memset(room, '#', sizeof(room));
		assert_int_equal(devices_cmdline(room, (size_t)size, platform, "quiet"), -E2BIG);
		assert_int_equal(room[size], '#');
	}
	assert_int_equal(devices_cmdline(room, (size_t)used + 1, platform, "quiet"), used);
	assert_string_equal(room, buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_devices_on_the_command_line),
		cmocka_unit_test(test_a_command_line_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
