/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtio 9P transport (virtio 1.2, 5.16 as Linux implements it: net/9p/trans_virtio.c): one
 * request queue, a mount tag, and a thread that serves the requests with virtio/p9/server.h.
 */
#ifndef VIRTIO_P9_H
#define VIRTIO_P9_H

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

/* Ends the thread, after the request it is at; then the guest's memory may go. */
void virtio_p9_free(struct virtio_p9 *p9);

#endif
