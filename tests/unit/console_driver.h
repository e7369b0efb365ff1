/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's console driver (virtio 1.2, 5.3, multiport), for tests of the device: the host's side of
 * each stream is a pipe unless the test brings a descriptor of its own.
 */
#ifndef TESTS_UNIT_CONSOLE_DRIVER_H
#define TESTS_UNIT_CONSOLE_DRIVER_H

#include "tests/unit/virtio_driver.h"

#include <fcntl.h>
#include <linux/virtio_console.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/abi.h"
#include "core/util.h"
#include "virtio/console.h"

enum console_queue {
	STDIN_RX,
	STDOUT_TX,
	CONTROL_RX,
	CONTROL_TX,
	SNUG_RX, /* the control stream, monitor to guest-init */
	STDERR_TX,
	CONSOLE_QUEUES,
};

#define RING_GPA(queue)   (0x10000ULL + (queue)*0x4000ULL)
#define BUFFER_GPA(queue) (0x100000ULL + (queue)*0x40000ULL)
#define BUFFER_SIZE       0x1000U

struct console_test {
	struct guest_mem mem;
	struct virtio_console *console;
	struct virtio_mmio mmio;
	struct vq_driver queue[CONSOLE_QUEUES];
	unsigned interrupts;
	/* The far ends of the pipes, or -1; O_NONBLOCK. */
	int to_stdin;
	int from_stdout;
	int from_stderr;
	struct virtio_console_host host;
};

static inline void count_interrupt(void *chip, unsigned pin)
{
	struct console_test *t = chip;

	assert_int_equal(pin, 7);
	t->interrupts++;
}

/* A pipe: the device's end with its flags, the far end O_NONBLOCK. */
static inline void make_pipe(int *near, int *far, bool near_writes, int near_flags)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	*near = ends[near_writes];
	*far = ends[!near_writes];
	assert_int_equal(fcntl(*near, F_SETFL, near_flags), 0);
	assert_int_equal(fcntl(*far, F_SETFL, O_NONBLOCK), 0);
}

/* Descriptors that the test left at -1 become pipes with these flags. */
static inline void console_new(struct console_test *t, int flags)
{
	struct irq_line irq = {.raise = count_interrupt, .chip = t, .pin = 7};

	if (t->host.stdin_fd < 0)
		make_pipe(&t->host.stdin_fd, &t->to_stdin, false, flags);
	if (t->host.stdout_fd < 0)
		make_pipe(&t->host.stdout_fd, &t->from_stdout, true, flags);
	if (t->host.stderr_fd < 0)
		make_pipe(&t->host.stderr_fd, &t->from_stderr, true, flags);
	assert_int_equal(virtio_console_new(&t->console, &t->host, &t->mem, irq), 0);
	t->mmio = (struct virtio_mmio){.dev = virtio_console_device(t->console)};
}

static inline void console_begin(struct console_test *t)
{
	assert_true(negotiate(&t->mmio, offered_features(&t->mmio)));
	for (unsigned i = 0; i < CONSOLE_QUEUES; i++)
		t->queue[i] = start_queue(&t->mmio, &t->mem, i, RING_GPA(i));
	driver_ok(&t->mmio);
}

static inline void kick(struct console_test *t, unsigned queue)
{
	reg_write(&t->mmio, VIRTIO_MMIO_QUEUE_NOTIFY, queue);
}

/* One turn of the event loop that does not wait. Returns how many descriptors had something. */
static inline int turn(struct console_test *t)
{
	struct pollfd fds[VIRTIO_CONSOLE_POLL_FDS];
	nfds_t n;
	int ready;

	virtio_console_work(t->console);
	n = virtio_console_poll_fds(t->console, fds);
	assert_true(n >= 1 && n <= VIRTIO_CONSOLE_POLL_FDS);
	ready = poll(fds, n, 0);
	assert_true(ready >= 0);
	virtio_console_ready(t->console, fds, n);
	return ready;
}

/* Until nothing is left to do. A loop that would spin for ever fails. */
static inline void settle(struct console_test *t)
{
	for (unsigned i = 0; turn(t) > 0; i++)
		assert_true(i < 100000);
}

static inline uint64_t buffer_gpa(unsigned queue, unsigned i)
{
	return BUFFER_GPA(queue) + (uint64_t)i * BUFFER_SIZE;
}

/* Offers buffer i of a receive queue. */
static inline void give_buffer(struct console_test *t, unsigned queue, uint16_t i, uint32_t size)
{
	offer_one(&t->queue[queue], i, buffer_gpa(queue, i), size, VRING_DESC_F_WRITE);
}

static inline void give_buffers(struct console_test *t, unsigned queue)
{
	for (uint16_t i = 0; i < t->queue[queue].size; i++)
		give_buffer(t, queue, i, BUFFER_SIZE);
	kick(t, queue);
}

/* What the device put into the next buffer of a receive queue; -1 if there is none. Offers it again. */
static inline ssize_t receive(struct console_test *t, unsigned queue, void *data, size_t size)
{
	uint32_t id, len;

	if (!take_used(&t->queue[queue], &id, &len))
		return -1;
	assert_true(id < t->queue[queue].size && len <= size && len <= BUFFER_SIZE);
	memcpy(data, at_gpa(&t->mem, buffer_gpa(queue, id), len), len);
	offer(&t->queue[queue], (uint16_t)id);
	kick(t, queue);
	return (ssize_t)len;
}

/* Sends len bytes in buffer i of a transmit queue. */
static inline void transmit(struct console_test *t, unsigned queue, uint16_t i, const void *data,
			    uint32_t len)
{
	memcpy(at_gpa(&t->mem, buffer_gpa(queue, i), len), data, len);
	offer_one(&t->queue[queue], i, buffer_gpa(queue, i), len, 0);
	kick(t, queue);
}

/* The device gave a transmitted buffer back. */
static inline bool completed(struct console_test *t, unsigned queue)
{
	uint32_t id, len;

	if (!take_used(&t->queue[queue], &id, &len))
		return false;
	assert_int_equal(len, 0); /* it wrote nothing */
	return true;
}

static inline void send_port_message(struct console_test *t, uint32_t id, uint16_t event,
				     uint16_t value)
{
	struct virtio_console_control message = {.id = id, .event = event, .value = value};

	transmit(t, CONTROL_TX, 0, &message, sizeof(message));
	virtio_console_work(t->console);
	assert_true(completed(t, CONTROL_TX));
}

static inline void expect_port_message(struct console_test *t, uint32_t id, uint16_t event)
{
	struct virtio_console_control message;

	assert_int_equal(receive(t, CONTROL_RX, &message, sizeof(message)), sizeof(message));
	assert_int_equal(message.id, id);
	assert_int_equal(message.event, event);
	assert_int_equal(message.value, 1);
}

static inline void expect_no_port_message(struct console_test *t)
{
	struct virtio_console_control message;

	assert_int_equal(receive(t, CONTROL_RX, &message, sizeof(message)), -1);
}

/* 5.3.6.2, as Linux does it: all ports are added, and the streams' opened. */
static inline void handshake(struct console_test *t)
{
	give_buffers(t, CONTROL_RX);
	give_buffers(t, STDIN_RX);
	give_buffers(t, SNUG_RX);
	send_port_message(t, VIRTIO_CONSOLE_BAD_ID, VIRTIO_CONSOLE_DEVICE_READY, 1);
	for (unsigned i = 0; i < SNUG_CONSOLE_PORTS; i++)
		expect_port_message(t, i, VIRTIO_CONSOLE_PORT_ADD);
	for (unsigned i = 0; i < SNUG_CONSOLE_PORTS; i++) {
		send_port_message(t, i, VIRTIO_CONSOLE_PORT_READY, 1);
		expect_port_message(t, i, VIRTIO_CONSOLE_PORT_OPEN);
	}
	expect_no_port_message(t);
	for (unsigned i = 0; i < SNUG_CONSOLE_PORTS; i++)
		send_port_message(t, i, VIRTIO_CONSOLE_PORT_OPEN, 1);
}

static inline void expect_control(struct console_test *t, uint32_t type, uint32_t arg,
				  uint64_t value)
{
	struct snug_control message;

	assert_int_equal(receive(t, SNUG_RX, &message, sizeof(message)), sizeof(message));
	assert_int_equal(message.type, type);
	assert_int_equal(message.arg, arg);
	assert_int_equal(message.value, value);
}

static inline void expect_no_control(struct console_test *t)
{
	struct snug_control message;

	assert_int_equal(receive(t, SNUG_RX, &message, sizeof(message)), -1);
}

static inline bool needs_reset(struct console_test *t)
{
	return reg_read(&t->mmio, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET;
}

static inline int console_setup(void **state)
{
	struct console_test *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	assert_int_equal(guest_mem_map(&t->mem, MIB(4)), 0);
	t->to_stdin = t->from_stdout = t->from_stderr = -1;
	t->host.stdin_fd = t->host.stdout_fd = t->host.stderr_fd = -1;
	*state = t;
	return 0;
}

static inline void close_end(int *fd)
{
	if (*fd >= 0)
		assert_int_equal(close(*fd), 0);
	*fd = -1;
}

static inline int console_teardown(void **state)
{
	struct console_test *t = *state;

	virtio_console_free(t->console);
	close_end(&t->to_stdin);
	close_end(&t->from_stdout);
	close_end(&t->from_stderr);
	close_end(&t->host.stdin_fd);
	close_end(&t->host.stdout_fd);
	close_end(&t->host.stderr_fd);
	guest_mem_unmap(&t->mem);
	free(t);
	return 0;
}

#define console_unit_test(f) cmocka_unit_test_setup_teardown(f, console_setup, console_teardown)

#endif
