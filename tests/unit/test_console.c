/* SPDX-License-Identifier: Apache-2.0 */
/* The console's ports and control messages; test_console_stream.c has the data. */
#include "tests/unit/console_driver.h"

#include <linux/virtio_ids.h>

static void begin(struct console_test *t)
{
	console_new(t, O_NONBLOCK);
	console_begin(t);
}

static void identity(void **state)
{
	struct console_test *t = *state;
	uint32_t ports = 0;
	uint16_t half = 0xffff;

	console_new(t, O_NONBLOCK);
	assert_int_equal(reg_read(&t->mmio, VIRTIO_MMIO_DEVICE_ID), VIRTIO_ID_CONSOLE);
	assert_int_equal(offered_features(&t->mmio), (1ULL << VIRTIO_F_VERSION_1) |
							     (1ULL << VIRTIO_CONSOLE_F_MULTIPORT) |
							     (1ULL << VIRTIO_RING_F_INDIRECT_DESC) |
							     (1ULL << VIRTIO_RING_F_EVENT_IDX));
	virtio_mmio_bus_ops.read(&t->mmio, VIRTIO_MMIO_CONFIG + 4, &ports, 4);
	assert_int_equal(ports, SNUG_CONSOLE_PORTS);
	virtio_mmio_bus_ops.read(&t->mmio, VIRTIO_MMIO_CONFIG + 6, &half, 2);
	assert_int_equal(half, 0);
	virtio_mmio_bus_ops.read(&t->mmio, VIRTIO_MMIO_CONFIG + 0xef0, &ports, 4);
	assert_int_equal(ports, 0);
}

static void ports_are_added_and_opened(void **state)
{
	struct console_test *t = *state;

	begin(t);
	handshake(t);
	settle(t);
	expect_no_port_message(t);
	assert_false(needs_reset(t));
	assert_true(t->interrupts > 0);
}

static void nothing_before_driver_ok(void **state)
{
	struct console_test *t = *state;
	char text[8];

	console_new(t, O_NONBLOCK);
	assert_true(negotiate(&t->mmio, offered_features(&t->mmio)));
	for (unsigned i = 0; i < CONSOLE_QUEUES; i++)
		t->queue[i] = start_queue(&t->mmio, &t->mem, i, RING_GPA(i));
	transmit(t, STDERR_TX, 0, "early", 5);
	settle(t);
	assert_false(completed(t, STDERR_TX));
	assert_int_equal(read(t->from_stderr, text, sizeof(text)), -1);
	assert_true(virtio_console_drained(t->console));
	driver_ok(&t->mmio);
	/* What was there already is seen without a kick. */
	assert_true(turn(t) > 0);
	assert_true(completed(t, STDERR_TX));
	assert_int_equal(read(t->from_stderr, text, sizeof(text)), 5);
	assert_memory_equal(text, "early", 5);
}

/* The driver may give room for messages one at a time, and late. */
static void port_messages_wait_for_room(void **state)
{
	struct console_test *t = *state;

	begin(t);
	send_port_message(t, VIRTIO_CONSOLE_BAD_ID, VIRTIO_CONSOLE_DEVICE_READY, 1);
	settle(t);
	expect_no_port_message(t);
	give_buffer(t, CONTROL_RX, 3, sizeof(struct virtio_console_control));
	kick(t, CONTROL_RX);
	for (unsigned i = 0; i < SNUG_CONSOLE_PORTS; i++) {
		settle(t);
		expect_port_message(t, i, VIRTIO_CONSOLE_PORT_ADD);
		expect_no_port_message(t);
	}
	settle(t);
	expect_no_port_message(t);
}

static void junk_messages(void **state)
{
	struct console_test *t = *state;
	static const char bytes[64] = {1, 2, 3};
	struct virtio_console_control ready = {.event = VIRTIO_CONSOLE_DEVICE_READY, .value = 1};

	begin(t);
	give_buffers(t, CONTROL_RX);
	for (uint32_t len = 0; len < sizeof(bytes); len++) {
		transmit(t, CONTROL_TX, 1, bytes, len);
		settle(t);
		assert_true(completed(t, CONTROL_TX));
	}
	/* A good one that is cut short is none. */
	for (uint32_t len = 0; len < sizeof(ready); len++) {
		transmit(t, CONTROL_TX, 1, &ready, len);
		settle(t);
		assert_true(completed(t, CONTROL_TX));
	}
	expect_no_port_message(t);
	for (unsigned event = 0; event < 256; event++) {
		if (event != VIRTIO_CONSOLE_DEVICE_READY) /* which names no port */
			send_port_message(t, SNUG_CONSOLE_PORTS, (uint16_t)event, 1);
		send_port_message(t, UINT32_MAX, (uint16_t)event, 0);
		send_port_message(t, 0x80000000, (uint16_t)event, 0xffff);
		send_port_message(t, 1, (uint16_t)event, 0xffff);
	}
	settle(t);
	expect_no_port_message(t);
	assert_false(needs_reset(t));
	console_begin(t);
	handshake(t);
	assert_int_equal(write(t->to_stdin, "in", 2), 2);
	settle(t);
	char data[BUFFER_SIZE];
	assert_int_equal(receive(t, STDIN_RX, data, sizeof(data)), 2);
}

/* A message in pieces, and one in front of a page of rest. */
static void messages_in_pieces(void **state)
{
	struct console_test *t = *state;
	struct virtio_console_control message = {
		.id = VIRTIO_CONSOLE_BAD_ID, .event = VIRTIO_CONSOLE_DEVICE_READY, .value = 1};
	uint64_t at = buffer_gpa(CONTROL_TX, 0);

	begin(t);
	give_buffers(t, CONTROL_RX);
	memcpy(at_gpa(&t->mem, at, sizeof(message)), &message, sizeof(message));
	put_desc(&t->queue[CONTROL_TX], 0, at, 3, VRING_DESC_F_NEXT, 1);
	put_desc(&t->queue[CONTROL_TX], 1, at + 3, 0, VRING_DESC_F_NEXT, 2);
	put_desc(&t->queue[CONTROL_TX], 2, at + 3, BUFFER_SIZE, 0, 0);
	offer(&t->queue[CONTROL_TX], 0);
	settle(t);
	assert_true(completed(t, CONTROL_TX));
	for (unsigned i = 0; i < SNUG_CONSOLE_PORTS; i++)
		expect_port_message(t, i, VIRTIO_CONSOLE_PORT_ADD);
}

static void a_buffer_too_small_for_a_message(void **state)
{
	struct console_test *t = *state;

	begin(t);
	give_buffer(t, CONTROL_RX, 0, sizeof(struct virtio_console_control) - 1);
	send_port_message(t, VIRTIO_CONSOLE_BAD_ID, VIRTIO_CONSOLE_DEVICE_READY, 1);
	assert_true(needs_reset(t));
	assert_int_equal(reg_read(&t->mmio, VIRTIO_MMIO_INTERRUPT_STATUS) & VIRTIO_MMIO_INT_CONFIG,
			 VIRTIO_MMIO_INT_CONFIG);
	settle(t);
	/* A reset, and all is well. */
	console_begin(t);
	assert_false(needs_reset(t));
	handshake(t);
}

static void window_size(void **state)
{
	struct console_test *t = *state;

	begin(t);
	virtio_console_window_size(t->console, 24, 80);
	settle(t);
	handshake(t);
	settle(t);
	expect_control(t, SNUG_CONTROL_WINDOW_SIZE, 24 << 16 | 80, 0);
	virtio_console_window_size(t->console, 50, 132);
	virtio_console_window_size(t->console, 0x1ffff, 0x10001);
	settle(t);
	expect_control(t, SNUG_CONTROL_WINDOW_SIZE, 0xffff0001, 0); /* only the latest */
	settle(t);
	expect_no_control(t);
}

static void signals(void **state)
{
	struct console_test *t = *state;

	begin(t);
	/* Nobody listens: not kept either. */
	assert_false(virtio_console_signal(t->console, 15));
	handshake(t);
	settle(t);
	expect_no_control(t);
	assert_true(virtio_console_signal(t->console, 15));
	assert_true(virtio_console_signal(t->console, 1));
	assert_true(virtio_console_signal(t->console, 15)); /* is pending already */
	settle(t);
	expect_control(t, SNUG_CONTROL_SIGNAL, 1, 0);
	expect_control(t, SNUG_CONTROL_SIGNAL, 15, 0);
	settle(t);
	expect_no_control(t);
}

/* Each queue in turn: an index that jumps breaks the device, not the monitor. */
static void broken_queues(void **state)
{
	struct console_test *t = *state;

	begin(t);
	for (unsigned i = 0; i < CONSOLE_QUEUES; i++) {
		console_begin(t);
		handshake(t);
		if (i == CONTROL_RX || i == SNUG_RX)
			continue; /* looked at only when there is something to send */
		put16(&t->mem, t->queue[i].avail_gpa + 2, 0x8000);
		kick(t, i);
		settle(t);
		assert_true(needs_reset(t));
		assert_true(virtio_console_drained(t->console));
	}
	console_begin(t);
	handshake(t);
	put16(&t->mem, t->queue[SNUG_RX].avail_gpa + 2, 0x8000);
	virtio_console_window_size(t->console, 1, 1);
	settle(t);
	assert_true(needs_reset(t));
}

/* Without event idx and without indirect descriptors: an older driver. */
static void a_plain_driver(void **state)
{
	struct console_test *t = *state;

	console_new(t, O_NONBLOCK);
	assert_true(negotiate(&t->mmio,
			      (1ULL << VIRTIO_F_VERSION_1) | (1ULL << VIRTIO_CONSOLE_F_MULTIPORT)));
	for (unsigned i = 0; i < CONSOLE_QUEUES; i++)
		t->queue[i] = start_queue(&t->mmio, &t->mem, i, RING_GPA(i));
	driver_ok(&t->mmio);
	handshake(t);
	transmit(t, STDOUT_TX, 0, "hello", 5);
	settle(t);
	char text[8] = {0};
	assert_int_equal(read(t->from_stdout, text, sizeof(text)), 5);
	assert_string_equal(text, "hello");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		console_unit_test(identity),
		console_unit_test(ports_are_added_and_opened),
		console_unit_test(nothing_before_driver_ok),
		console_unit_test(port_messages_wait_for_room),
		console_unit_test(junk_messages),
		console_unit_test(messages_in_pieces),
		console_unit_test(a_buffer_too_small_for_a_message),
		console_unit_test(window_size),
		console_unit_test(signals),
		console_unit_test(broken_queues),
		console_unit_test(a_plain_driver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
