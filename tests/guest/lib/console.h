/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's side of the console device (virtio 1.2, 5.3), with its ports of core/abi.h. */
#ifndef TESTS_GUEST_LIB_CONSOLE_H
#define TESTS_GUEST_LIB_CONSOLE_H

#include <linux/virtio_console.h>

#include "tests/guest/lib/virtio.h"

#define CONSOLE_QUEUES 6
#define CONTROL_RX     2
#define CONTROL_TX     3
#define RX(port)       ((port) == 0 ? 0U : 2U * ((port) + 1U))
#define TX(port)       (RX(port) + 1U)

/* A megabyte for each queue. */
#define CONSOLE_BUFFER(queue) (FREE_RAM + 0x100000ULL * ((queue) + 1ULL))

#define CONSOLE_FEATURES                                                     \
	(FEATURE(VIRTIO_F_VERSION_1) | FEATURE(VIRTIO_CONSOLE_F_MULTIPORT) | \
	 FEATURE(VIRTIO_RING_F_INDIRECT_DESC))

extern struct queue console[CONSOLE_QUEUES];

/* Resets the device and brings it up, all queues ready; nothing sent yet. */
bool console_start(void);

/* A message on the control queue, len bytes at data; returns when it is taken. */
void console_send(const void *data, uint32_t len);
void console_send_event(uint32_t port, uint16_t event, uint16_t value);
/* Waits for the next message of the device: is it this one? */
bool console_expect_event(uint32_t port, uint16_t event, uint16_t value);

/* The whole exchange until all ports are open (5.3.5, 5.3.6.2). False: the device said otherwise. */
bool console_open(void);

/* Sends what is at gpa, and waits until the device is done with it. */
void console_write(unsigned port, uint64_t gpa, uint32_t len);
void console_print(unsigned port, const char *text);

/* Offers room for input of a port at its CONSOLE_BUFFER; queue_wait(&console[RX(port)]) gets it. */
void console_offer(unsigned port, uint32_t len);

#endif
