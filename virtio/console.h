/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtio console (virtio 1.2, 5.3), multiport: its ports carry the command's streams and the control
 * stream (core/abi.h, enum snug_console_port), and none is the kernel's.
 *
 * Streams are binary-clean and flow-controlled both ways: stdin is read only into buffers the guest
 * offers, and what the guest writes stays in its rings until the reader takes it, so that a slow
 * reader stalls the command, not the VM, and memory does not grow.
 *
 * One thread, the event loop, does the work; kicks only wake it.
 */
#ifndef VIRTIO_CONSOLE_H
#define VIRTIO_CONSOLE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "virtio/device.h"

struct virtio_console;

struct virtio_console_host {
	int stdin_fd; /* the caller's, all three */
	int stdout_fd;
	int stderr_fd;
};

/* 0 or -errno. */
int virtio_console_new(struct virtio_console **console, const struct virtio_console_host *host,
		       const struct guest_mem *mem, struct irq_line irq);
void virtio_console_free(struct virtio_console *console);

struct virtio_device *virtio_console_device(struct virtio_console *console);

/* The event loop: work() does all that is possible without waiting; then wait with poll for what
 * poll_fds() fills in, tell ready() the result, and go on. */
#define VIRTIO_CONSOLE_POLL_FDS 4
void virtio_console_work(struct virtio_console *console);
nfds_t virtio_console_poll_fds(const struct virtio_console *console, struct pollfd *fds);
void virtio_console_ready(struct virtio_console *console, const struct pollfd *fds, nfds_t count);

/* Tells guest-init the terminal's new size. */
void virtio_console_window_size(struct virtio_console *console, unsigned rows, unsigned columns);

/*
 * Has guest-init send a signal to the command. False: nobody there listens yet, so there is no command either;
 * nothing is kept for later.
 */
bool virtio_console_signal(struct virtio_console *console, unsigned signal);

/* The vCPUs have stopped: what the caller has still to say on stdin stays unread. */
void virtio_console_guest_stopped(struct virtio_console *console);

/* Says what went wrong with the three descriptors, if anything did. After the run. */
void virtio_console_report(const struct virtio_console *console);

/* Has a byte of the command's output been delivered? With console NULL: no. */
bool virtio_console_had_output(const struct virtio_console *console);

/* No output is left in the rings: after the vCPUs have stopped and a work(), the run may end. */
bool virtio_console_drained(struct virtio_console *console);

#endif
