/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtio 9P transport (virtio 1.2, 5.16 as Linux implements it: net/9p/trans_virtio.c): one
 * request queue, a mount tag, and threads that serve the requests with virtio/p9/server.h.
 *
 * A request that takes long (a slow disk, a file system whose server is gone) holds up none of the others,
 * nor a vCPU: whenever one is taken there is another thread that waits for the next. There is one to
 * begin with, and as many as have ever been busy at once, and one more, up to a limit.
 */
#ifndef VIRTIO_P9_H
#define VIRTIO_P9_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/device.h"
#include "virtio/p9/server.h"

struct virtio_p9;

/*
 * tag: tag_len bytes, copied. share is as p9_server_new() wants it; the device takes its exports'
 * descriptors over on success. 0 or -errno.
 */
int virtio_p9_new(struct virtio_p9 **p9, const struct p9_share *share, const char *tag,
		  uint16_t tag_len, const struct guest_mem *mem, struct irq_line irq);

struct virtio_device *virtio_p9_device(struct virtio_p9 *p9);

/*
 * Threads at most, of one device. That many requests can hang on a file system that does not answer before
 * the share hangs as a whole.
 */
#define VIRTIO_P9_THREADS_MAX 16

/*
 * Starts the first thread; before the first vCPU runs. enter(ctx), unless it is NULL, is the first thing
 * that thread does: if it fails, nothing is ever served. What it does to the thread's rights is inherited by
 * those that are started later. 0 or -errno.
 */
int virtio_p9_start(struct virtio_p9 *p9, int (*enter)(void *ctx), void *ctx);

/*
 * Ends the threads; after the vCPUs have stopped. False if one is in the middle of a request: with a file
 * system whose server is gone that lasts for ever, and only the end of the process ends it. Until another
 * call returns true, neither the device nor the guest's memory may go.
 */
bool virtio_p9_stop(struct virtio_p9 *p9);

/* After virtio_p9_stop(), if it was started. */
void virtio_p9_free(struct virtio_p9 *p9);

#endif
