/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One byte stream between a host descriptor and a queue of a console port, without a copy: the
 * descriptor reads into, or writes from, the guest's buffers. Never waits.
 */
#ifndef VIRTIO_CONSOLE_STREAM_H
#define VIRTIO_CONSOLE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/device.h"

struct console_stream {
	int fd;
	bool waits; /* a read or write on fd may block: only after poll, and little at a time */
	/* A reset, on a vCPU, may clear these two between the event loop's poll and its next work. */
	_Atomic bool ready;  /* poll said so, and fd was not used since */
	_Atomic bool wanted; /* there is work that waits for fd */
	bool ended; /* input: end of file; output: nobody reads (EPIPE) or it cannot be written */
	int error;  /* what ended it, as an errno; 0 for an end of file and for EPIPE */
	bool unfinished; /* the pass did its share and left something: call again */
	unsigned steps;  /* left in this pass */
	uint64_t bytes;  /* so far */

	/* Output: the chain that is being written, and how much of it is. */
	bool has_chain;
	uint32_t chain_generation; /* the queue's, when the chain was taken */
	size_t chain_done;
	struct virtq_chain chain;
};

/* Looks at what fd is; fd stays the caller's. */
void console_stream_init(struct console_stream *stream, int fd);

/* The device was reset: the chain is gone. */
void console_stream_reset(struct console_stream *stream);

/*
 * Says what went wrong with fd, if anything did. Once the guest runs no more: whoever reads stderr may
 * be slow, and nothing may wait for that while it runs.
 */
void console_stream_report(const struct console_stream *stream, const char *what);

/* fd is of no use for now: nobody waits for it. */
void console_stream_idle(struct console_stream *stream);

/*
 * Moves what can be moved, though no more than a pass's share: a guest may add as fast as this takes.
 * 0, or -EPROTO if the driver broke the queue. With dev's lock.
 */
int console_stream_output(struct console_stream *stream, struct virtio_device *dev,
			  struct virtq *vq);
int console_stream_input(struct console_stream *stream, struct virtio_device *dev,
			 struct virtq *vq);

#endif
