/* SPDX-License-Identifier: Apache-2.0 */
/* The I/O APIC (82093AA data sheet; message format: Intel SDM vol. 3, 11.11). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "vmm/ioapic.h"

#define SELECT 0x00
#define WINDOW 0x10
#define MASKED (1U << 16)
#define PINS   7

struct test {
	struct ioapic ioapic;
	_Atomic unsigned delivered;
	uint64_t address;
	uint32_t data;
};

static void deliver(void *ctx, uint64_t address, uint32_t data)
{
	struct test *t = ctx;

	t->address = address;
	t->data = data;
	atomic_fetch_add(&t->delivered, 1);
}

static void count(void *ctx, uint64_t address, uint32_t data)
{
	struct test *t = ctx;

	(void)address;
	(void)data;
	atomic_fetch_add(&t->delivered, 1);
}

static int setup(void **state)
{
	static struct test t;

	memset(&t, 0, sizeof(t));
	ioapic_init(&t.ioapic, PINS, deliver, &t);
	*state = &t;
	return 0;
}

static void write32(struct test *t, uint64_t offset, uint32_t value)
{
	ioapic_bus_ops.write(&t->ioapic, offset, &value, 4);
}

static uint32_t read32(struct test *t, uint64_t offset)
{
	uint32_t value = 0x5a5a5a5a;

	ioapic_bus_ops.read(&t->ioapic, offset, &value, 4);
	return value;
}

static void set_register(struct test *t, uint32_t reg, uint32_t value)
{
	write32(t, SELECT, reg);
	write32(t, WINDOW, value);
}

static uint32_t get_register(struct test *t, uint32_t reg)
{
	write32(t, SELECT, reg);
	return read32(t, WINDOW);
}

static void set_entry(struct test *t, unsigned pin, uint32_t high, uint32_t low)
{
	set_register(t, 0x11 + 2 * pin, high);
	set_register(t, 0x10 + 2 * pin, low);
}

static void expect_delivery(struct test *t, unsigned how_many, uint64_t address, uint32_t data)
{
	assert_int_equal(t->delivered, how_many);
	assert_int_equal(t->address, address);
	assert_int_equal(t->data, data);
}

static void after_init(void **state)
{
	struct test *t = *state;

	assert_int_equal(get_register(t, 0x01), 0x11 | (PINS - 1) << 16);
	for (unsigned pin = 0; pin < PINS; pin++) {
		assert_int_equal(get_register(t, 0x10 + 2 * pin), MASKED);
		assert_int_equal(get_register(t, 0x11 + 2 * pin), 0);
		ioapic_raise(&t->ioapic, pin);
	}
	assert_int_equal(t->delivered, 0);
}

static void an_edge_is_one_message(void **state)
{
	struct test *t = *state;

	set_entry(t, 5, 0x03000000, 0x41);
	assert_int_equal(t->delivered, 0);
	ioapic_raise(&t->ioapic, 5);
	expect_delivery(t, 1, 0xfee03000, 0x41);
	ioapic_raise(&t->ioapic, 5);
	expect_delivery(t, 2, 0xfee03000, 0x41);
	/* Other pins are others. */
	ioapic_raise(&t->ioapic, 4);
	assert_int_equal(t->delivered, 2);
}

static void modes_and_destinations(void **state)
{
	struct test *t = *state;

	set_entry(t, 0, 0xff000000, 0x1 << 11 | 0x1 << 8 | 0xfe); /* lowest priority, logical */
	ioapic_raise(&t->ioapic, 0);
	expect_delivery(t, 1, 0xfeeff004, 0x1fe);
	set_entry(t, 0, 0, 4 << 8); /* NMI */
	ioapic_raise(&t->ioapic, 0);
	expect_delivery(t, 2, 0xfee00000, 0x400);
	set_entry(t, 0, 0, 7 << 8 | 0x20); /* ExtINT needs a PIC */
	ioapic_raise(&t->ioapic, 0);
	assert_int_equal(t->delivered, 2);
	/* Level-triggered, active low: delivered as an edge. */
	set_entry(t, 0, 0, 1 << 15 | 1 << 13 | 0x30);
	ioapic_raise(&t->ioapic, 0);
	expect_delivery(t, 3, 0xfee00000, 0x30);
	/* Reserved bits of the destination half do not reach the address. */
	set_entry(t, 0, 0x00ffffff, 0x30);
	ioapic_raise(&t->ioapic, 0);
	expect_delivery(t, 4, 0xfee00000, 0x30);
}

static void an_edge_while_masked_comes_at_unmasking(void **state)
{
	struct test *t = *state;

	set_entry(t, 6, 0, MASKED | 0x50);
	ioapic_raise(&t->ioapic, 6);
	ioapic_raise(&t->ioapic, 6);
	assert_int_equal(t->delivered, 0);
	set_register(t, 0x11 + 12, 0x01000000); /* the other half unmasks nothing */
	assert_int_equal(t->delivered, 0);
	set_register(t, 0x10 + 12, 0x51);
	expect_delivery(t, 1, 0xfee01000, 0x51); /* two edges are one pending interrupt */
	set_register(t, 0x10 + 12, MASKED);
	set_register(t, 0x10 + 12, 0x51);
	assert_int_equal(t->delivered, 1);
}

static void entries_keep_what_was_written(void **state)
{
	struct test *t = *state;

	for (unsigned pin = 0; pin < PINS; pin++)
		set_entry(t, pin, 0x01000000 * pin, MASKED | pin);
	for (unsigned pin = 0; pin < PINS; pin++) {
		assert_int_equal(get_register(t, 0x10 + 2 * pin), MASKED | pin);
		assert_int_equal(get_register(t, 0x11 + 2 * pin), 0x01000000 * pin);
	}
	/* Delivery status and remote IRR are the chip's. */
	set_register(t, 0x10, MASKED | 1 << 14 | 1 << 12);
	assert_int_equal(get_register(t, 0x10), MASKED);
}

static void registers_that_do_not_exist(void **state)
{
	struct test *t = *state;

	for (unsigned reg = 0; reg < 0x200; reg++) {
		if (reg >= 0x10 && reg < 0x10 + 2 * PINS)
			continue;
		set_register(t, reg, 0x1234);
		if (reg % 0x100 != 0x01 && !(reg % 0x100 >= 0x10 && reg % 0x100 < 0x10 + 2 * PINS))
			assert_int_equal(get_register(t, reg), 0);
	}
	assert_int_equal(get_register(t, 0x01), 0x11 | (PINS - 1) << 16);
	/* A pin behind the last, and far behind. */
	ioapic_raise(&t->ioapic, PINS);
	ioapic_raise(&t->ioapic, IOAPIC_PINS);
	ioapic_raise(&t->ioapic, UINT32_MAX);
	assert_int_equal(t->delivered, 0);
	for (unsigned pin = PINS; pin < IOAPIC_PINS; pin++)
		assert_false(t->ioapic.pin[pin].pending);
}

static void other_offsets_and_widths(void **state)
{
	struct test *t = *state;
	uint8_t data[8];

	write32(t, SELECT, 0x01);
	for (uint64_t offset = 0; offset < 0x100; offset++) {
		for (unsigned len = 1; len <= 8; len *= 2) {
			if (len == 4 && (offset == SELECT || offset == WINDOW))
				continue;
			memset(data, 0x5a, sizeof(data));
			ioapic_bus_ops.write(&t->ioapic, offset, data, len);
			ioapic_bus_ops.read(&t->ioapic, offset, data, len);
			for (unsigned i = 0; i < sizeof(data); i++)
				assert_int_equal(data[i], i < len ? 0 : 0x5a);
		}
	}
	assert_int_equal(read32(t, SELECT), 0x01);
	assert_int_equal(read32(t, WINDOW), 0x11 | (PINS - 1) << 16);
}

#define EDGES 300000

struct race {
	struct test *t;
	_Atomic unsigned go; /* the round that may begin */
	_Atomic unsigned raised;
};

/* Meets the other thread to within a few instructions where there are two processors. */
static void wait_for(_Atomic unsigned *at, unsigned round)
{
	for (unsigned spins = 0; atomic_load(at) < round; spins++) {
		if (spins > 2000)
			(void)sched_yield();
	}
}

static void *raise_edges(void *arg)
{
	struct race *race = arg;

	for (unsigned round = 1; round <= EDGES; round++) {
		wait_for(&race->go, round);
		ioapic_raise(&race->t->ioapic, 3);
		atomic_store(&race->raised, round);
	}
	return NULL;
}

/* An edge that races with the unmasking is delivered once: neither lost nor doubled. */
static void raising_races_with_unmasking(void **state)
{
	struct test *t = *state;
	struct race race = {.t = t};
	pthread_t thread;

	ioapic_init(&t->ioapic, PINS, count, t);
	assert_int_equal(pthread_create(&thread, NULL, raise_edges, &race), 0);
	for (unsigned round = 1; round <= EDGES; round++) {
		set_register(t, 0x10 + 6, MASKED | 0x40);
		atomic_store(&race.go, round);
		for (volatile unsigned i = 0; i < round % 256; i++)
			; /* now before the other thread, now after it */
		set_register(t, 0x10 + 6, 0x40);
		wait_for(&race.raised, round);
		if (atomic_load(&t->delivered) != round)
			fail_msg("edge %u: %u delivered", round, atomic_load(&t->delivered));
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static unsigned told[2];

static void note_quiet(void *ctx, bool quiet)
{
	assert_ptr_equal(ctx, told);
	told[quiet]++;
}

static void expect_told(unsigned busy, unsigned quiet)
{
	assert_int_equal(told[false], busy);
	assert_int_equal(told[true], quiet);
}

static void the_last_pin_to_be_masked_is_told(void **state)
{
	struct test *t = *state;

	memset(told, 0, sizeof(told));
	t->ioapic.quiet = note_quiet;
	t->ioapic.quiet_ctx = told;
	set_register(t, 0x10, MASKED | 0x30); /* as it was */
	expect_told(0, 0);
	set_register(t, 0x10, 0x30);
	set_register(t, 0x11, 0x1000000);
	set_register(t, 0x10, 0x31);
	set_register(t, 0x14, 0x32);
	expect_told(1, 0);
	set_register(t, 0x10, MASKED);
	expect_told(1, 0);
	set_register(t, 0x14, MASKED);
	expect_told(1, 1);
	set_register(t, 0x14, MASKED);
	set_register(t, 0x10 + 2 * PINS, 0x33); /* no such pin */
	expect_told(1, 1);
	set_register(t, 0x12, 0x33);
	expect_told(2, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(after_init, setup),
		cmocka_unit_test_setup(an_edge_is_one_message, setup),
		cmocka_unit_test_setup(modes_and_destinations, setup),
		cmocka_unit_test_setup(an_edge_while_masked_comes_at_unmasking, setup),
		cmocka_unit_test_setup(entries_keep_what_was_written, setup),
		cmocka_unit_test_setup(registers_that_do_not_exist, setup),
		cmocka_unit_test_setup(other_offsets_and_widths, setup),
		cmocka_unit_test_setup(the_last_pin_to_be_masked_is_told, setup),
		cmocka_unit_test_setup(raising_races_with_unmasking, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
