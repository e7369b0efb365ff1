/* SPDX-License-Identifier: Apache-2.0 */
/* Exits that KVM never made: decoding, the ports' devices behind it, and how a run ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/abi.h"
#include "core/record.h"
#include "core/util.h"
#include "vmm/early_console.h"
#include "vmm/klog.h"
#include "vmm/poweroff.h"
#include "vmm/vcpu.h"

#define PORT_DEVICE 0x100
#define MMIO_DEVICE 0xd0000000ULL
#define DATA_OFFSET 0x1000
#define RUN_SIZE    0x3000

struct test {
	struct vcpu vcpu;
	struct bus mmio;
	struct bus ports;
	struct run_end end;
	struct timeline *timeline;
	struct poweroff poweroff;
	struct klog klog;
	unsigned accesses;
	uint64_t offset[64];
	uint64_t value[64];
	unsigned len[64];
};

static void log_read(void *dev, uint64_t offset, void *data, unsigned len)
{
	struct test *t = dev;

	t->offset[t->accesses] = offset;
	t->len[t->accesses] = len;
	memset(data, (int)++t->accesses, len);
}

static void log_write(void *dev, uint64_t offset, const void *data, unsigned len)
{
	struct test *t = dev;

	t->offset[t->accesses] = offset;
	t->len[t->accesses] = len;
	t->value[t->accesses] = 0;
	memcpy(&t->value[t->accesses++], data, len);
}

static const struct bus_ops log_ops = {.read = log_read, .write = log_write};

/* How many of a kind there were. */
static uint32_t exits(const struct test *t, enum exit_kind kind)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < TIMELINE_EXITS_MAX; i++)
		for (unsigned phase = 0; phase < TIMELINE_PHASES; phase++)
			if (t->timeline->exits[i].kind == kind)
				sum += t->timeline->exits[i].counts[phase];
	return sum;
}

static int setup(void **state)
{
	struct test *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->vcpu.run = calloc(1, RUN_SIZE);
	assert_non_null(t->vcpu.run);
	t->vcpu.mmio = &t->mmio;
	t->vcpu.ports = &t->ports;
	t->vcpu.end = &t->end;
	assert_int_equal(run_end_init(&t->end), 0);
	assert_int_equal(klog_init(&t->klog, false), 0);
	t->timeline = timeline_new(STDOUT_FILENO);
	assert_non_null(t->timeline);
	t->vcpu.timeline = t->timeline;
	t->poweroff = (struct poweroff){.end = &t->end, .timeline = t->timeline};
	assert_int_equal(bus_add(&t->mmio, MMIO_DEVICE, 0x1000, &log_ops, t), 0);
	assert_int_equal(bus_add(&t->ports, PORT_DEVICE, 0x10, &log_ops, t), 0);
	assert_int_equal(
		bus_add(&t->ports, SNUG_PORT_BASE, SNUG_PORT_SIZE, &poweroff_bus_ops, &t->poweroff),
		0);
	assert_int_equal(bus_add(&t->ports, SNUG_PORT_EARLY_CONSOLE, SNUG_PORT_EARLY_CONSOLE_SIZE,
				 &early_console_bus_ops, &t->klog),
			 0);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	timeline_free(t->timeline);
	assert_int_equal(close(t->end.wake_fd), 0);
	free(t->vcpu.run);
	free(t);
	return 0;
}

static uint8_t *io_data(struct test *t)
{
	return (uint8_t *)t->vcpu.run + DATA_OFFSET;
}

static void io_exit(struct test *t, uint8_t direction, uint16_t port, uint8_t size, uint32_t count)
{
	t->vcpu.run->exit_reason = KVM_EXIT_IO;
	t->vcpu.run->io.direction = direction;
	t->vcpu.run->io.port = port;
	t->vcpu.run->io.size = size;
	t->vcpu.run->io.count = count;
	t->vcpu.run->io.data_offset = DATA_OFFSET;
	vcpu_handle_exit(&t->vcpu);
}

static void out(struct test *t, uint16_t port, uint8_t size, uint32_t value)
{
	memcpy(io_data(t), &value, sizeof(value));
	io_exit(t, KVM_EXIT_IO_OUT, port, size, 1);
}

static uint32_t in(struct test *t, uint16_t port, uint8_t size)
{
	uint32_t value = 0;

	memset(io_data(t), 0x5a, 8);
	io_exit(t, KVM_EXIT_IO_IN, port, size, 1);
	assert_int_equal(io_data(t)[size], 0x5a);
	memcpy(&value, io_data(t), size);
	return value;
}

static void mmio_exit(struct test *t, uint64_t gpa, uint32_t len, bool is_write)
{
	t->vcpu.run->exit_reason = KVM_EXIT_MMIO;
	t->vcpu.run->mmio.phys_addr = gpa;
	t->vcpu.run->mmio.len = len;
	t->vcpu.run->mmio.is_write = is_write;
	vcpu_handle_exit(&t->vcpu);
}

static void port_accesses(void **state)
{
	struct test *t = *state;

	for (uint8_t size = 1; size <= 4; size = (uint8_t)(size * 2)) {
		t->accesses = 0;
		out(t, PORT_DEVICE + 4, size, 0x44332211);
		assert_int_equal(t->accesses, 1);
		assert_int_equal(t->offset[0], 4);
		assert_int_equal(t->len[0], size);
		assert_int_equal(t->value[0], 0x44332211 & (UINT32_MAX >> (32 - 8 * size)));
		assert_int_equal(in(t, PORT_DEVICE, size),
				 0x02020202 & (UINT32_MAX >> (32 - 8 * size)));
	}
	assert_int_equal(in(t, 0x60, 1), 0xff); /* nobody there */
	assert_int_equal(in(t, 0xcfc, 4), UINT32_MAX);
	assert_false(run_is_over(&t->end));
	assert_int_equal(exits(t, EXIT_PORT), 8);
	assert_int_equal(exits(t, EXIT_MMIO) + exits(t, EXIT_KVM), 0);
}

/* rep outsw and rep insw: several accesses of one port, one exit. */
static void string_instructions(void **state)
{
	struct test *t = *state;

	for (unsigned i = 0; i < 20; i++) {
		uint16_t word = (uint16_t)(0x1000 + i);

		memcpy(io_data(t) + 2 * i, &word, 2);
	}
	io_exit(t, KVM_EXIT_IO_OUT, PORT_DEVICE + 2, 2, 20);
	assert_int_equal(t->accesses, 20);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(t->offset[i], 2);
		assert_int_equal(t->len[i], 2);
		assert_int_equal(t->value[i], 0x1000 + i);
	}
	t->accesses = 0;
	memset(io_data(t), 0, 64);
	io_exit(t, KVM_EXIT_IO_IN, PORT_DEVICE, 2, 20);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(io_data(t)[i], 1 + i / 2);
	assert_int_equal(io_data(t)[40], 0);
	io_exit(t, KVM_EXIT_IO_IN, PORT_DEVICE, 4, 0);
	assert_int_equal(t->accesses, 20);
	assert_int_equal(exits(t, EXIT_PORT), 3);
}

static void memory_accesses(void **state)
{
	struct test *t = *state;
	uint8_t *data = t->vcpu.run->mmio.data;

	for (unsigned len = 1; len <= 8; len *= 2) {
		t->accesses = 0;
		memset(data, 0x77, 8);
		mmio_exit(t, MMIO_DEVICE + 0x30, len, true);
		assert_int_equal(t->offset[0], 0x30);
		assert_int_equal(t->len[0], len);
		assert_int_equal(t->value[0], 0x7777777777777777 >> (64 - 8 * len));
		mmio_exit(t, MMIO_DEVICE + 0x38, len, false);
		for (unsigned i = 0; i < 8; i++)
			assert_int_equal(data[i], i < len ? 2 : 0x77);
	}
	/* Nobody there, and an access that leaves the device. */
	memset(data, 0, 8);
	mmio_exit(t, 0xd8000000, 4, false);
	assert_int_equal(data[3], 0xff);
	assert_int_equal(data[4], 0);
	t->accesses = 0;
	mmio_exit(t, MMIO_DEVICE + 0xffe, 4, true);
	mmio_exit(t, UINT64_MAX, 8, true);
	assert_int_equal(t->accesses, 0);
	/* Longer than what KVM has room for. */
	mmio_exit(t, MMIO_DEVICE, 4096, false);
	assert_int_equal(t->len[0], 8);
	assert_int_equal(exits(t, EXIT_MMIO), 12);
	assert_false(run_is_over(&t->end));
}

static void expect_end(struct test *t, enum run_end_cause cause, uint32_t detail, const char *error)
{
	assert_int_equal(t->end.cause, cause);
	assert_int_equal(t->end.detail, detail);
	assert_string_equal(t->end.vm_error, error);
	/* Ready for the next one. */
	t->end.cause = RUN_END_NONE;
	t->end.vm_error[0] = '\0';
}

static void other_exit(struct test *t, uint32_t reason)
{
	t->vcpu.run->exit_reason = reason;
	vcpu_handle_exit(&t->vcpu);
}

static void harmless_exits(void **state)
{
	struct test *t = *state;

	other_exit(t, KVM_EXIT_INTR);
	other_exit(t, KVM_EXIT_IRQ_WINDOW_OPEN);
	other_exit(t, KVM_EXIT_SET_TPR);
	assert_false(run_is_over(&t->end));
	assert_int_equal(exits(t, EXIT_KVM), 3);
}

static void ending_exits(void **state)
{
	struct test *t = *state;
	struct kvm_run *run = t->vcpu.run;

	other_exit(t, KVM_EXIT_SHUTDOWN);
	expect_end(t, RUN_END_CRASH, 0, "");
	run->system_event.type = KVM_SYSTEM_EVENT_SHUTDOWN;
	other_exit(t, KVM_EXIT_SYSTEM_EVENT);
	expect_end(t, RUN_END_POWEROFF, 0, "");
	run->system_event.type = KVM_SYSTEM_EVENT_RESET;
	other_exit(t, KVM_EXIT_SYSTEM_EVENT);
	expect_end(t, RUN_END_RESET, 0, "");
	run->system_event.type = KVM_SYSTEM_EVENT_CRASH;
	other_exit(t, KVM_EXIT_SYSTEM_EVENT);
	expect_end(t, RUN_END_CRASH, 0, "");
	run->internal.suberror = KVM_INTERNAL_ERROR_EMULATION;
	other_exit(t, KVM_EXIT_INTERNAL_ERROR);
	expect_end(t, RUN_END_VM_ERROR, KVM_EXIT_INTERNAL_ERROR,
		   "KVM cannot emulate an instruction of the guest");
	run->internal.suberror = 77;
	other_exit(t, KVM_EXIT_INTERNAL_ERROR);
	expect_end(t, RUN_END_VM_ERROR, KVM_EXIT_INTERNAL_ERROR, "KVM internal error 77");
	run->fail_entry.hardware_entry_failure_reason = 0xfffffffffffffff0;
	other_exit(t, KVM_EXIT_FAIL_ENTRY);
	expect_end(t, RUN_END_VM_ERROR, KVM_EXIT_FAIL_ENTRY,
		   "the processor refused to enter the guest (reason 0xfffffffffffffff0)");
	assert_int_equal(exits(t, EXIT_KVM), 7);
	assert_int_equal(t->accesses, 0);
}

static void unknown_exits(void **state)
{
	static const uint32_t reasons[] = {KVM_EXIT_UNKNOWN, KVM_EXIT_EXCEPTION, KVM_EXIT_HYPERCALL,
					   KVM_EXIT_DEBUG,   KVM_EXIT_HLT,       1000,
					   UINT32_MAX};
	struct test *t = *state;
	char text[64];

	for (unsigned i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		other_exit(t, reasons[i]);
		(void)snprintf(text, sizeof(text), "KVM stopped with exit reason %u", reasons[i]);
		expect_end(t, RUN_END_VM_ERROR, reasons[i], text);
	}
}

static void the_first_end_counts(void **state)
{
	struct test *t = *state;

	out(t, SNUG_PORT_BASE + SNUG_PORT_STATUS, 4, SNUG_STATUS(SNUG_STATUS_EXITED, 7));
	other_exit(t, KVM_EXIT_SHUTDOWN);
	other_exit(t, 1000);
	out(t, SNUG_PORT_BASE + SNUG_PORT_STATUS, 4, SNUG_STATUS(SNUG_STATUS_EXITED, 8));
	expect_end(t, RUN_END_STATUS, SNUG_STATUS(SNUG_STATUS_EXITED, 7), "");
}

static void power_off_registers(void **state)
{
	struct test *t = *state;
	const uint16_t sleep = SNUG_PORT_BASE + SNUG_PORT_SLEEP_CONTROL;
	const uint16_t reset = SNUG_PORT_BASE + SNUG_PORT_RESET;

	/* All that is not it: other widths, other sleep types, no SLP_EN, other values, gaps. */
	out(t, SNUG_PORT_BASE + SNUG_PORT_STATUS, 1, 1);
	out(t, SNUG_PORT_BASE + SNUG_PORT_STATUS, 2, 1);
	out(t, SNUG_PORT_BASE + 1, 4, UINT32_MAX);
	out(t, SNUG_PORT_BASE + SNUG_PORT_SIZE - 2, 4, UINT32_MAX);
	for (unsigned value = 0; value < 256; value++) {
		if ((value & 0x3c) != (0x20 | SNUG_SLEEP_TYPE_S5 << 2))
			out(t, sleep, 1, value);
		if (value != SNUG_RESET_VALUE)
			out(t, reset, 1, value);
	}
	for (uint8_t size = 2; size <= 4; size = (uint8_t)(size * 2)) {
		out(t, sleep, size, 0x20 | SNUG_SLEEP_TYPE_S5 << 2);
		out(t, reset, size, SNUG_RESET_VALUE);
	}
	out(t, SNUG_PORT_BASE + SNUG_PORT_SLEEP_STATUS, 1, 0xff);
	for (uint16_t i = 0; i < SNUG_PORT_SIZE; i++)
		assert_int_equal(in(t, (uint16_t)(SNUG_PORT_BASE + i), 1), 0);
	assert_false(run_is_over(&t->end));

	out(t, sleep, 1, 0x20 | SNUG_SLEEP_TYPE_S5 << 2);
	expect_end(t, RUN_END_POWEROFF, 0, "");
	out(t, reset, 1, SNUG_RESET_VALUE);
	expect_end(t, RUN_END_RESET, 0, "");
	out(t, SNUG_PORT_BASE + SNUG_PORT_STATUS, 4, UINT32_MAX);
	expect_end(t, RUN_END_STATUS, UINT32_MAX, "");
}

static void marks(void **state)
{
	struct test *t = *state;
	const uint16_t mark = SNUG_PORT_BASE + SNUG_PORT_MARK;

	out(t, mark, 4, SNUG_MARK_INIT);
	out(t, mark, 1, SNUG_MARK_MODULES);
	out(t, mark, 4, SNUG_MARK_EXIT);
	out(t, mark, 4, 0);
	out(t, mark, 4, SNUG_MARK_REPORT + 1);
	out(t, mark, 4, UINT32_MAX);
	assert_int_equal(t->timeline->count, 2);
	assert_string_equal(t->timeline->points[0].name, "guest: kernel");
	assert_string_equal(t->timeline->points[1].name, "guest: the command");
	assert_true(t->timeline->points[1].ns >= t->timeline->points[0].ns);
	/* A guest that marks for ever takes no more points, */
	for (unsigned i = 0; i < 1000; i++)
		out(t, mark, 4, i % (SNUG_MARK_REPORT + 2));
	assert_int_equal(t->timeline->count, 6);
	/* and what comes after a full table is dropped. */
	for (unsigned i = 0; i < 1000; i++)
		timeline_stage(t->timeline, "again");
	assert_int_equal(t->timeline->count, TIMELINE_POINTS_MAX);
}

static void a_report(void **state)
{
	struct test *t = *state;
	const uint16_t report = SNUG_PORT_BASE + SNUG_PORT_REPORT;
	struct guest_mem mem;

	assert_int_equal(guest_mem_map(&mem, MIB(2)), 0);
	t->poweroff.mem = &mem;
	memset(mem.regions[0].host + 0x5000, 'x', 0x2000);
	mem.regions[0].host[0x6003] = '\0';
	out(t, report, 1, 5);               /* not a page's number */
	out(t, report, 4, MIB(2) / 0x1000); /* not in memory */
	out(t, report, 4, 0xffffffff);      /* nor that */
	assert_int_equal(t->timeline->guest_size, 0);
	out(t, report, 4, 6);
	assert_int_equal(t->timeline->guest_size, 3);
	for (unsigned i = 0; i < RECORD_GUEST_MAX / 0x1000 + 100; i++)
		out(t, report, 4, 5);
	assert_true(t->timeline->guest_size <= RECORD_GUEST_MAX);
	assert_true(t->timeline->guest_size > RECORD_GUEST_MAX - 0x1000);
	/* Nobody asked for it. */
	t->poweroff.timeline = NULL;
	out(t, report, 4, 5);
	out(t, SNUG_PORT_BASE + SNUG_PORT_MARK, 4, SNUG_MARK_INIT);
	assert_int_equal(t->timeline->count, 0);
	guest_mem_unmap(&mem);
}

static void early_console(void **state)
{
	struct test *t = *state;
	char text[64];

	memcpy(io_data(t), "panic\n", 6);
	io_exit(t, KVM_EXIT_IO_OUT, SNUG_PORT_EARLY_CONSOLE, 1, 6);
	out(t, SNUG_PORT_EARLY_CONSOLE, 2, 0x4141); /* no such register */
	for (uint16_t i = 1; i < SNUG_PORT_EARLY_CONSOLE_SIZE; i++)
		out(t, (uint16_t)(SNUG_PORT_EARLY_CONSOLE + i), 1, 'x');
	assert_int_equal(klog_tail(&t->klog, 9, text, sizeof(text)), 5);
	assert_string_equal(text, "panic");
	/* Always ready to send, and otherwise not there. */
	for (uint16_t i = 0; i < SNUG_PORT_EARLY_CONSOLE_SIZE; i++)
		assert_int_equal(in(t, (uint16_t)(SNUG_PORT_EARLY_CONSOLE + i), 1),
				 i == 5 ? 0x60 : 0xff);
}

#define exit_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		exit_test(port_accesses),
		exit_test(string_instructions),
		exit_test(memory_accesses),
		exit_test(harmless_exits),
		exit_test(ending_exits),
		exit_test(unknown_exits),
		exit_test(the_first_end_counts),
		exit_test(power_off_registers),
		exit_test(marks),
		exit_test(a_report),
		exit_test(early_console),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
