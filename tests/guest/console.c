/* SPDX-License-Identifier: Apache-2.0 */
/* The console device from the inside: the control queue, and rings that break the rules. */
#include "tests/guest/lib/console.h"

static uint64_t dev;

static void up(void)
{
	CHECK(console_start());
	CHECK(console_open());
}

static void handshake(void)
{
	up();
	/* Again, as after a driver's module was loaded anew. */
	up();
	CHECK_EQ(reg(dev, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET, 0);
}

/* DEVICE_READY 0: the driver failed to set itself up; nothing is announced. */
static void driver_not_ready(void)
{
	CHECK(console_start());
	console_send_event(0, VIRTIO_CONSOLE_DEVICE_READY, 0);
	console_send_event(0, VIRTIO_CONSOLE_PORT_READY, 0);
	console_send_event(1, VIRTIO_CONSOLE_PORT_READY, 1);
	CHECK(console_expect_event(1, VIRTIO_CONSOLE_PORT_OPEN, 1));
}

static void junk_messages(void)
{
	static const uint32_t ports[] = {2, 3, 4, 31, 0x7fffffff, 0x80000000, 0xffffffff};
	const uint64_t junk = CONSOLE_BUFFER(0);

	up();
	for (unsigned i = 0; i < ARRAY_SIZE(ports); i++) {
		for (uint16_t event = 0; event < 10; event++)
			console_send_event(ports[i], event, 1);
	}
	for (uint32_t event = 8; event < 0x10000; event = event * 2 + 1)
		console_send_event(1, (uint16_t)event, 0xffff);
	/* What only the device says. */
	console_send_event(1, VIRTIO_CONSOLE_PORT_ADD, 1);
	console_send_event(1, VIRTIO_CONSOLE_PORT_REMOVE, 1);
	console_send_event(1, VIRTIO_CONSOLE_CONSOLE_PORT, 1);
	console_send_event(1, VIRTIO_CONSOLE_RESIZE, 1);
	/* Too short, too long. */
	for (uint32_t len = 0; len < sizeof(struct virtio_console_control); len++)
		console_send("\1\0\0\0\3\0\1\0", len);
	for (unsigned fill = 0; fill < 256; fill += 51) {
		memset((void *)junk, (int)fill, 4096);
		console_send((void *)junk, 4096);
	}
	CHECK_EQ(reg(dev, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET, 0);
	up();
}

/* A message in pieces, none of them as long as a field. */
static void message_in_pieces(void)
{
	static const uint8_t ready[] = {1, 0, 0, 0, VIRTIO_CONSOLE_PORT_READY, 0, 1, 0};
	struct queue *q = &console[CONTROL_TX];
	const uint64_t at = CONSOLE_BUFFER(CONTROL_TX);

	up();
	memcpy((void *)at, ready, sizeof(ready));
	queue_desc(q, 0, at, 1, VRING_DESC_F_NEXT, 1);
	queue_desc(q, 1, at + 1, 0, VRING_DESC_F_NEXT, 2);
	queue_desc(q, 2, at + 1, 4, VRING_DESC_F_NEXT, 3);
	queue_desc(q, 3, at + 5, 3, 0, 0);
	queue_add(q, 0);
	queue_kick(q);
	(void)queue_wait(q, NULL);
	CHECK(console_expect_event(1, VIRTIO_CONSOLE_PORT_OPEN, 1));
}

/* No room in the control queue for a while: messages wait for it, each is sent once. */
static void messages_wait_for_room(void)
{
	CHECK(console_start());
	for (unsigned i = 0; i < 20; i++)
		console_send_event(0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	for (unsigned i = 0; i < SNUG_CONSOLE_PORTS; i++)
		CHECK(console_expect_event(i, VIRTIO_CONSOLE_PORT_ADD, 1));
	console_send_event(1, VIRTIO_CONSOLE_PORT_READY, 1);
	CHECK(console_expect_event(1, VIRTIO_CONSOLE_PORT_OPEN, 1));
}

static void wait_for_needs_reset(void)
{
	while (!(reg(dev, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET))
		__asm__ volatile("pause");
}

static void wrong_head_in_each_queue(void)
{
	for (unsigned i = 0; i < CONSOLE_QUEUES; i++) {
		up();
		if (i == CONTROL_RX) /* looked at when there is something to say */
			console_send_event(0, VIRTIO_CONSOLE_DEVICE_READY, 1);
		if (i == RX(SNUG_PORT_STDERR)) /* the same; the stdin of this test is at its end */
			console_offer(SNUG_PORT_STDIO, 64);
		queue_add(&console[i], console[i].size);
		queue_kick(&console[i]);
		wait_for_needs_reset();
	}
	up();
}

static void message_room_too_small(void)
{
	struct queue *q = &console[CONTROL_RX];

	CHECK(console_start());
	console_send_event(0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	queue_desc(q, 0, CONSOLE_BUFFER(CONTROL_RX), 7, VRING_DESC_F_WRITE, 0);
	queue_add(q, 0);
	queue_kick(q);
	wait_for_needs_reset();
	up();
}

/* Buffers of the wrong direction have no bytes for the purpose. */
static void wrong_direction(void)
{
	struct queue *q = &console[TX(SNUG_PORT_STDIO)];

	up();
	queue_desc(q, 0, CONSOLE_BUFFER(0), 100, VRING_DESC_F_WRITE, 0);
	queue_add(q, 0);
	queue_kick(q);
	CHECK_EQ(queue_wait(q, NULL), 0);
	q = &console[TX(SNUG_PORT_STDERR)];
	queue_desc(q, 0, CONSOLE_BUFFER(0), 100, VRING_DESC_F_WRITE, 0);
	queue_add(q, 0);
	queue_kick(q);
	CHECK_EQ(queue_wait(q, NULL), 0);
	up();
}

/* The same control message once a queue is gone: the device has nowhere to put it, and lives. */
static void queues_taken_away(void)
{
	for (unsigned i = 0; i < CONSOLE_QUEUES; i++) {
		up();
		set_reg(dev, VIRTIO_MMIO_QUEUE_SEL, i);
		set_reg(dev, VIRTIO_MMIO_QUEUE_READY, 0);
		for (unsigned n = 0; n < CONSOLE_QUEUES; n++)
			queue_kick(&console[n]);
		linger(dev);
	}
	up();
}

int guest_main(const char *cmdline)
{
	static const struct test tests[] = {
		{"handshake", handshake},
		{"driver not ready", driver_not_ready},
		{"junk messages", junk_messages},
		{"message in pieces", message_in_pieces},
		{"messages wait for room", messages_wait_for_room},
		{"wrong head in each queue", wrong_head_in_each_queue},
		{"room for a message too small", message_room_too_small},
		{"buffers of the wrong direction", wrong_direction},
		{"queues taken away", queues_taken_away},
	};

	(void)cmdline;
	dev = virtio_find(VIRTIO_ID_CONSOLE, 0);
	return run_tests(tests, ARRAY_SIZE(tests));
}
