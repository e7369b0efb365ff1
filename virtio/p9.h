/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtio 9P transport (virtio 1.2, 5.16 as Linux implements it: net/9p/trans_virtio.c): one
 * request queue, a mount tag, and a thread that serves the requests with virtio/p9/server.h.
 */
#ifndef VIRTIO_P9_H
#define VIRTIO_P9_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/device.h"
#include "virtio/p9/server.h"

struct virtio_p9;

/*
 * tag: tag_len bytes, copied. The device takes share->root_fd over on success. 0 or -errno.
 */
int virtio_p9_new(struct virtio_p9 **p9, const struct p9_share *share, const char *tag,
		  uint16_t tag_len, const struct guest_mem *mem, struct irq_line irq);

struct virtio_device *virtio_p9_device(struct virtio_p9 *p9);

/* Starts the thread; before the first vCPU runs. 0 or -errno. */
int virtio_p9_start(struct virtio_p9 *p9);

/*
 * Ends the thread; after the vCPUs have stopped. False if it is in the middle of a request: with a file
 * system whose server is gone that lasts for ever, and only the end of the process ends it. Until another
 * call returns true, neither the device nor the guest's memory may go.
 */
bool virtio_p9_stop(struct virtio_p9 *p9);

/* After virtio_p9_stop(), if it was started. */
void virtio_p9_free(struct virtio_p9 *p9);

#endif
