/* SPDX-License-Identifier: Apache-2.0 */
/* The address spaces: devices on a bus, and guest RAM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/layout.h"
#include "core/util.h"
#include "vmm/bus.h"
#include "vmm/guest_mem.h"

struct note {
	unsigned reads;
	unsigned writes;
	uint64_t offset;
	unsigned len;
	uint64_t value;
};

static void note_read(void *dev, uint64_t offset, void *data, unsigned len)
{
	struct note *note = dev;

	note->reads++;
	note->offset = offset;
	note->len = len;
	memset(data, 0xab, len);
}

static void note_write(void *dev, uint64_t offset, const void *data, unsigned len)
{
	struct note *note = dev;

	note->writes++;
	note->offset = offset;
	note->len = len;
	note->value = 0;
	memcpy(&note->value, data, len);
}

static const struct bus_ops note_ops = {.read = note_read, .write = note_write};

static void devices_get_offsets(void **state)
{
	struct bus bus = {.count = 0};
	struct note low = {0}, high = {0};
	uint64_t value = 0;

	(void)state;
	assert_int_equal(bus_add(&bus, 0x1000, 0x100, &note_ops, &low), 0);
	assert_int_equal(bus_add(&bus, 0x1100, 0x10, &note_ops, &high), 0);
	bus_read(&bus, 0x1000, &value, 4);
	assert_int_equal(value, 0xabababab);
	assert_int_equal(low.offset, 0);
	assert_int_equal(low.len, 4);
	bus_read(&bus, 0x10ff, &value, 1);
	assert_int_equal(low.offset, 0xff);
	value = 0x1122334455667788;
	bus_write(&bus, 0x1108, &value, 8);
	assert_int_equal(high.offset, 8);
	assert_int_equal(high.value, value);
	bus_write(&bus, 0x1100, &value, 2);
	assert_int_equal(high.value, 0x7788);
	assert_int_equal(low.reads, 2);
	assert_int_equal(low.writes, 0);
	assert_int_equal(high.reads, 0);
	assert_int_equal(high.writes, 2);
}

static void expect_ones(const struct bus *bus, uint64_t addr, unsigned len)
{
	uint8_t data[9];

	memset(data, 0x5a, sizeof(data));
	bus_read(bus, addr, data, len);
	for (unsigned i = 0; i < len; i++)
		assert_int_equal(data[i], 0xff);
	for (unsigned i = len; i < sizeof(data); i++)
		assert_int_equal(data[i], 0x5a);
	bus_write(bus, addr, data, len);
}

static void what_nobody_claims_whole_is_ones(void **state)
{
	struct bus bus = {.count = 0};
	struct note note = {0};

	(void)state;
	expect_ones(&bus, 0, 4);
	assert_int_equal(bus_add(&bus, 0x1000, 0x10, &note_ops, &note), 0);
	assert_int_equal(bus_add(&bus, 0x1010, 0x10, &note_ops, &note), 0);
	for (unsigned len = 1; len <= 8; len *= 2) {
		expect_ones(&bus, 0xfff, len);
		expect_ones(&bus, 0x1000 - len, len);
		expect_ones(&bus, 0x1020, len);
		expect_ones(&bus, 0, len);
		expect_ones(&bus, UINT64_MAX, len); /* the end would wrap */
		expect_ones(&bus, UINT64_MAX - 7, len);
		if (len > 1) {
			/* Half in, and across two devices. */
			expect_ones(&bus, 0x1020 - len / 2, len);
			expect_ones(&bus, 0x1010 - len / 2, len);
		}
	}
	assert_int_equal(note.reads, 0);
	assert_int_equal(note.writes, 0);
}

static void overlap_is_refused(void **state)
{
	struct bus bus = {.count = 0};
	struct note note = {0};

	(void)state;
	assert_int_equal(bus_add(&bus, 0x1000, 0x1000, &note_ops, &note), 0);
	assert_int_equal(bus_add(&bus, 0x1000, 0x1000, &note_ops, &note), -EEXIST);
	assert_int_equal(bus_add(&bus, 0x1fff, 1, &note_ops, &note), -EEXIST);
	assert_int_equal(bus_add(&bus, 0x1000, 1, &note_ops, &note), -EEXIST);
	assert_int_equal(bus_add(&bus, 0xfff, 2, &note_ops, &note), -EEXIST);
	assert_int_equal(bus_add(&bus, 0, 0x10000, &note_ops, &note), -EEXIST);
	assert_int_equal(bus_add(&bus, 0x1800, 0x10000, &note_ops, &note), -EEXIST);
	assert_int_equal(bus.count, 1);
	/* Neighbours are no overlap. */
	assert_int_equal(bus_add(&bus, 0x2000, 1, &note_ops, &note), 0);
	assert_int_equal(bus_add(&bus, 0xfff, 1, &note_ops, &note), 0);
}

static void empty_and_wrapping_ranges_are_refused(void **state)
{
	struct bus bus = {.count = 0};
	struct note note = {0};

	(void)state;
	assert_int_equal(bus_add(&bus, 0x1000, 0, &note_ops, &note), -EINVAL);
	assert_int_equal(bus_add(&bus, UINT64_MAX, 2, &note_ops, &note), -EINVAL);
	assert_int_equal(bus_add(&bus, 1, UINT64_MAX, &note_ops, &note), -EINVAL);
	assert_int_equal(bus_add(&bus, UINT64_MAX - 0xfff, 0x1001, &note_ops, &note), -EINVAL);
	assert_int_equal(bus.count, 0);
}

static void a_full_bus(void **state)
{
	struct bus bus = {.count = 0};
	struct note notes[BUS_RANGES_MAX + 1] = {{0}};
	uint32_t value;

	(void)state;
	for (unsigned i = 0; i < BUS_RANGES_MAX; i++)
		assert_int_equal(bus_add(&bus, i * 0x10, 0x10, &note_ops, &notes[i]), 0);
	assert_int_equal(bus_add(&bus, 0x10000, 1, &note_ops, &notes[BUS_RANGES_MAX]), -ENOSPC);
	for (unsigned i = 0; i < BUS_RANGES_MAX; i++)
		bus_read(&bus, i * 0x10 + 4, &value, 4);
	for (unsigned i = 0; i < BUS_RANGES_MAX; i++) {
		assert_int_equal(notes[i].reads, 1);
		assert_int_equal(notes[i].offset, 4);
	}
}

static void ram_of_one_region(void **state)
{
	struct guest_mem mem;

	(void)state;
	assert_int_equal(guest_mem_map(&mem, MIB(2)), 0);
	assert_int_equal(mem.count, 1);
	assert_int_equal(mem.size, MIB(2));
	uint8_t *host = guest_mem_at(&mem, 0, MIB(2));
	assert_non_null(host);
	for (uint64_t i = 0; i < MIB(2); i += 511)
		assert_int_equal(host[i], 0);
	host[0] = host[MIB(2) - 1] = 1;
	assert_ptr_equal(guest_mem_at(&mem, MIB(2) - 1, 1), host + MIB(2) - 1);
	assert_ptr_equal(guest_mem_at(&mem, 5, 0), host + 5);
	assert_null(guest_mem_at(&mem, 0, MIB(2) + 1));
	assert_null(guest_mem_at(&mem, MIB(2) - 1, 2));
	assert_null(guest_mem_at(&mem, MIB(2), 1));
	assert_null(guest_mem_at(&mem, MIB(2) + 1, 0));
	assert_null(guest_mem_at(&mem, 1, UINT64_MAX));
	assert_null(guest_mem_at(&mem, UINT64_MAX, 1));
	assert_null(guest_mem_at(&mem, UINT64_MAX, UINT64_MAX));
	assert_null(guest_mem_at(&mem, UINT64_MAX - 1, 2));
	assert_null(guest_mem_at(&mem, LAYOUT_HIGH_RAM_BASE, 1));
	guest_mem_unmap(&mem);
	assert_int_equal(mem.count, 0);
	assert_null(guest_mem_at(&mem, 0, 1));
	guest_mem_unmap(&mem);
}

/* Far more than this machine may have: what is not touched costs nothing. */
static void ram_of_two_regions(void **state)
{
	const uint64_t low = LAYOUT_LOW_RAM_END, high = GIB(61), base = LAYOUT_HIGH_RAM_BASE;
	struct guest_mem mem;
	uint8_t *host;

	(void)state;
	assert_int_equal(guest_mem_map(&mem, low + high), 0);
	assert_int_equal(mem.count, 2);
	assert_int_equal(mem.regions[0].size + mem.regions[1].size, mem.size);
	host = guest_mem_at(&mem, 0, low);
	assert_non_null(host);
	assert_ptr_equal(guest_mem_at(&mem, base, high), host + low);
	/* The last bytes of each region, the first of the second. */
	for (uint64_t i = 1; i <= 8; i++) {
		assert_ptr_equal(guest_mem_at(&mem, low - i, i), host + low - i);
		assert_null(guest_mem_at(&mem, low - i, i + 1));
		assert_ptr_equal(guest_mem_at(&mem, base + high - i, i), host + low + high - i);
		assert_null(guest_mem_at(&mem, base + high - i, i + 1));
		assert_null(guest_mem_at(&mem, base - i, i));
		assert_null(guest_mem_at(&mem, base - i, i + 1));
	}
	/* The hole, and a range over all of it, though the mapping is one. */
	assert_null(guest_mem_at(&mem, low, 1));
	assert_null(guest_mem_at(&mem, LAYOUT_VIRTIO_MMIO, 4));
	assert_null(guest_mem_at(&mem, LAYOUT_LAPIC, 4));
	assert_null(guest_mem_at(&mem, 0, low + 1));
	assert_null(guest_mem_at(&mem, low - 8, base - low + 16));
	assert_null(guest_mem_at(&mem, base, UINT64_MAX));
	host[low - 1] = 1;
	*(uint8_t *)guest_mem_at(&mem, base, 1) = 2;
	assert_int_equal(host[low - 1], 1);
	assert_int_equal(host[low], 2);
	guest_mem_unmap(&mem);
}

static void ram_up_to_the_hole_is_one_region(void **state)
{
	struct guest_mem mem;

	(void)state;
	assert_int_equal(guest_mem_map(&mem, LAYOUT_LOW_RAM_END), 0);
	assert_int_equal(mem.count, 1);
	guest_mem_unmap(&mem);
	assert_int_equal(guest_mem_map(&mem, LAYOUT_LOW_RAM_END + 4096), 0);
	assert_int_equal(mem.count, 2);
	assert_non_null(guest_mem_at(&mem, LAYOUT_HIGH_RAM_BASE, 4096));
	assert_null(guest_mem_at(&mem, LAYOUT_HIGH_RAM_BASE, 4097));
	guest_mem_unmap(&mem);
}

static void ram_that_cannot_be(void **state)
{
	struct guest_mem mem = {0};

	(void)state;
	assert_int_equal(guest_mem_map(&mem, 0), -EINVAL);
	assert_int_equal(guest_mem_map(&mem, 1ULL << 62), -ENOMEM);
	assert_int_equal(mem.count, 0);
}

/* A process that is forked off must not hold what was the guest's. */
static void ram_is_not_inherited(void **state)
{
	struct guest_mem mem;
	int status = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(guest_mem_map(&mem, MIB(2)), 0);
	mem.regions[0].host[0] = 1;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		unsigned char resident;

		_exit(mincore(mem.regions[0].host, 4096, &resident) < 0 && errno == ENOMEM ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	guest_mem_unmap(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_get_offsets),
		cmocka_unit_test(what_nobody_claims_whole_is_ones),
		cmocka_unit_test(overlap_is_refused),
		cmocka_unit_test(empty_and_wrapping_ranges_are_refused),
		cmocka_unit_test(a_full_bus),
		cmocka_unit_test(ram_of_one_region),
		cmocka_unit_test(ram_of_two_regions),
		cmocka_unit_test(ram_up_to_the_hole_is_one_region),
		cmocka_unit_test(ram_that_cannot_be),
		cmocka_unit_test(ram_is_not_inherited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
