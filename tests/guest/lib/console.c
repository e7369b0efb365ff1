/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guest/lib/console.h"

struct queue console[CONSOLE_QUEUES];

bool console_start(void)
{
	uint64_t dev = virtio_find(VIRTIO_ID_CONSOLE, 0);

	if (!dev || !virtio_negotiate(dev, CONSOLE_FEATURES))
		return false;
	for (unsigned i = 0; i < CONSOLE_QUEUES; i++) {
		set_reg(dev, VIRTIO_MMIO_QUEUE_SEL, i);
		queue_place(&console[i], dev, i, (uint16_t)reg(dev, VIRTIO_MMIO_QUEUE_NUM_MAX),
			    FREE_RAM + i * QUEUE_RAM);
		if (!queue_enable(&console[i]))
			return false;
	}
	virtio_driver_ok(dev);
	return true;
}

static void send_and_wait(unsigned queue, uint64_t gpa, uint32_t len)
{
	queue_desc(&console[queue], 0, gpa, len, 0, 0);
	queue_add(&console[queue], 0);
	queue_kick(&console[queue]);
	(void)queue_wait(&console[queue], NULL);
}

void console_send(const void *data, uint32_t len)
{
	memcpy((void *)CONSOLE_BUFFER(CONTROL_TX), data, len);
	send_and_wait(CONTROL_TX, CONSOLE_BUFFER(CONTROL_TX), len);
}

void console_send_event(uint32_t port, uint16_t event, uint16_t value)
{
	struct virtio_console_control message = {.id = port, .event = event, .value = value};

	console_send(&message, sizeof(message));
}

bool console_expect_event(uint32_t port, uint16_t event, uint16_t value)
{
	struct queue *q = &console[CONTROL_RX];
	const struct virtio_console_control *message =
		(const struct virtio_console_control *)CONSOLE_BUFFER(CONTROL_RX);

	queue_desc(q, 0, CONSOLE_BUFFER(CONTROL_RX), 64, VRING_DESC_F_WRITE, 0);
	queue_add(q, 0);
	queue_kick(q);
	return queue_wait(q, NULL) == sizeof(*message) && message->id == port &&
	       message->event == event && message->value == value;
}

bool console_open(void)
{
	bool good = true;

	console_send_event(0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	for (unsigned i = 0; i < SNUG_CONSOLE_PORTS; i++)
		good &= console_expect_event(i, VIRTIO_CONSOLE_PORT_ADD, 1);
	for (unsigned i = 0; i < SNUG_CONSOLE_PORTS; i++) {
		console_send_event(i, VIRTIO_CONSOLE_PORT_READY, 1);
		good &= console_expect_event(i, VIRTIO_CONSOLE_PORT_OPEN, 1);
		console_send_event(i, VIRTIO_CONSOLE_PORT_OPEN, 1);
	}
	return good;
}

void console_write(unsigned port, uint64_t gpa, uint32_t len)
{
	send_and_wait(TX(port), gpa, len);
}

void console_print(unsigned port, const char *text)
{
	uint32_t len = 0;

	while (text[len])
		len++;
	memcpy((void *)CONSOLE_BUFFER(TX(port)), text, len);
	console_write(port, CONSOLE_BUFFER(TX(port)), len);
}

void console_offer(unsigned port, uint32_t len)
{
	struct queue *q = &console[RX(port)];

	queue_desc(q, 0, CONSOLE_BUFFER(RX(port)), len, VRING_DESC_F_WRITE, 0);
	queue_add(q, 0);
	queue_kick(q);
}
