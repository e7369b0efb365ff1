/* SPDX-License-Identifier: Apache-2.0 */
/* I/O ports, and addresses that no device has. */
#include "tests/guest/lib/guest.h"

#define STATUS_PORT (SNUG_PORT_BASE + SNUG_PORT_STATUS)
#define SLEEP_PORT  (SNUG_PORT_BASE + SNUG_PORT_SLEEP_CONTROL)
#define RESET_PORT  (SNUG_PORT_BASE + SNUG_PORT_RESET)
#define MARK_PORT   (SNUG_PORT_BASE + SNUG_PORT_MARK)

#define SLEEP_ENABLE 0x20
#define SLEEP_S5     (SNUG_SLEEP_TYPE_S5 << 2)

/* Each of these would end the run if it counted. */
static void stores_that_do_not_count(void)
{
	out8(STATUS_PORT, 1);
	out16(STATUS_PORT, 1);
	out16(STATUS_PORT + 2, SNUG_STATUS_EXITED);
	for (uint16_t i = 1; i < 4; i++)
		out32((uint16_t)(STATUS_PORT + i), SNUG_STATUS(SNUG_STATUS_EXITED, 77));
	out32(SNUG_PORT_BASE - 2, 0x00010001);
	out32(SNUG_PORT_BASE + SNUG_PORT_SIZE - 2, 0x00010001);
}

static void sleep_needs_enable_and_s5(void)
{
	out8(SLEEP_PORT, 0);
	out8(SLEEP_PORT, SLEEP_S5);
	out8(SLEEP_PORT, SLEEP_ENABLE);
	out8(SLEEP_PORT, SLEEP_ENABLE | (SNUG_SLEEP_TYPE_S5 - 1) << 2);
	out8(SLEEP_PORT + 1, SLEEP_ENABLE | SLEEP_S5);
}

static void reset_needs_its_value(void)
{
	for (unsigned i = 0; i < 8; i++)
		out8(RESET_PORT, (uint8_t)(SNUG_RESET_VALUE ^ (1 << i)));
	out8(RESET_PORT + 1, SNUG_RESET_VALUE);
}

/* core/abi.h: registers of one byte. */
static void sleep_and_reset_are_one_byte(void)
{
	out16(SLEEP_PORT, SLEEP_ENABLE | SLEEP_S5);
	out32(SLEEP_PORT, SLEEP_ENABLE | SLEEP_S5);
	out16(RESET_PORT, SNUG_RESET_VALUE);
	out32(RESET_PORT, SNUG_RESET_VALUE);
}

static void power_off_block_reads_zero(void)
{
	for (uint16_t i = 0; i < SNUG_PORT_SIZE; i += 4)
		CHECK_EQ(in32((uint16_t)(SNUG_PORT_BASE + i)), 0);
	CHECK_EQ(in8(SNUG_PORT_BASE + SNUG_PORT_SLEEP_STATUS), 0);
	CHECK_EQ(in16(STATUS_PORT), 0);
}

static void marks_that_mean_nothing(void)
{
	out32(MARK_PORT, 0);
	out32(MARK_PORT, 0xffffffff);
	out8(MARK_PORT, SNUG_MARK_EXEC);
	for (unsigned i = 0; i < 100; i++)
		out32(MARK_PORT, SNUG_MARK_INIT);
}

static void unclaimed_ports_read_ones(void)
{
	static const uint16_t ports[] = {0x20,  0x40,  0x60,  0x64,   0x70,  0x80,  0x92,
					 0x2f8, 0x5ff, 0x610, 0xb004, 0xcf8, 0xffff};

	for (unsigned i = 0; i < ARRAY_SIZE(ports); i++) {
		out8(ports[i], 0);
		CHECK_EQ(in8(ports[i]), 0xff);
	}
	CHECK_EQ(in16(0x70), 0xffff);
	CHECK_EQ(in32(0xcf8), 0xffffffff);
	/* Half in the block, half not: nobody's. */
	CHECK_EQ(in32(SNUG_PORT_BASE - 2), 0xffffffff);
	CHECK_EQ(in16(SNUG_PORT_BASE + SNUG_PORT_SIZE - 1), 0xffff);
}

static void early_console_is_always_ready(void)
{
	CHECK_EQ(in8(SNUG_PORT_EARLY_CONSOLE + 5) & 0x20, 0x20);
	CHECK_EQ(in8(SNUG_PORT_EARLY_CONSOLE), 0xff);
	/* Neither is output. */
	out16(SNUG_PORT_EARLY_CONSOLE, 0x5858);
	out8(SNUG_PORT_EARLY_CONSOLE + 1, 'X');
}

static void unclaimed_memory_reads_ones(void)
{
	static const uint64_t gpas[] = {
		RAM_END,
		LAYOUT_LOW_RAM_END,
		LAYOUT_VIRTIO_MMIO - 8,
		LAYOUT_VIRTIO_MMIO + LAYOUT_VIRTIO_DEVICES_MAX * LAYOUT_VIRTIO_MMIO_SIZE,
		LAYOUT_IOAPIC + LAYOUT_IOAPIC_SIZE,
		0xfffffff8,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(gpas); i++) {
		write64(gpas[i], 0);
		CHECK_EQ(read64(gpas[i]), UINT64_MAX);
		CHECK_EQ(read32(gpas[i]), UINT32_MAX);
		CHECK_EQ(read16(gpas[i]), UINT16_MAX);
		CHECK_EQ(read8(gpas[i]), UINT8_MAX);
	}
}

static void ram_ends_where_it_should(void)
{
	write64(RAM_END - 8, 0x1122334455667788);
	CHECK_EQ(read64(RAM_END - 8), 0x1122334455667788);
	CHECK_EQ(read32(FREE_RAM), 0);
	CHECK_EQ(read32(FREE_RAM_END - 4), 0);
	/* An access over the end has no device, nor RAM, for its second half. */
	CHECK_EQ(read64(RAM_END - 4) >> 32, 0xffffffff);
}

static void io_apic_registers(void)
{
	uint64_t select = LAYOUT_IOAPIC, window = LAYOUT_IOAPIC + 0x10;
	unsigned pins;

	write32(select, 1);
	CHECK_EQ(read32(window) & 0xff, 0x11);
	pins = ((read32(window) >> 16) & 0xff) + 1;
	CHECK_EQ(pins, 1);
	/* Pins there are not. */
	for (unsigned index = 0x10 + 2 * pins; index < 0x100; index++) {
		write32(select, index);
		write32(window, 0x1234);
		CHECK_EQ(read32(window), 0);
	}
	write32(select, 0x10);
	CHECK_EQ(read32(window), 1 << 16);
	/* Only whole registers. */
	write8(window, 0);
	write64(window, 0);
	CHECK_EQ(read32(window), 1 << 16);
	CHECK_EQ(read8(window), 0);
	CHECK_EQ(read32(LAYOUT_IOAPIC + 0x40), 0);
}

int guest_main(const char *cmdline)
{
	static const struct test tests[] = {
		{"stores that do not count", stores_that_do_not_count},
		{"sleep needs enable and S5", sleep_needs_enable_and_s5},
		{"reset needs its value", reset_needs_its_value},
		{"sleep and reset are one byte", sleep_and_reset_are_one_byte},
		{"power-off block reads zero", power_off_block_reads_zero},
		{"marks that mean nothing", marks_that_mean_nothing},
		{"unclaimed ports read ones", unclaimed_ports_read_ones},
		{"early console is always ready", early_console_is_always_ready},
		{"unclaimed memory reads ones", unclaimed_memory_reads_ones},
		{"RAM ends where it should", ram_ends_where_it_should},
		{"I/O APIC registers", io_apic_registers},
	};

	(void)cmdline;
	return run_tests(tests, ARRAY_SIZE(tests));
}
