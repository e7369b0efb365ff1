/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scatter lists: buffers in pieces, as a descriptor chain describes them. Offsets count bytes from
 * the start of the whole list; what lies beyond its end does not exist.
 */
#ifndef VIRTIO_P9_SCATTER_H
#define VIRTIO_P9_SCATTER_H

#include <stddef.h>
#include <sys/uio.h>

size_t scatter_size(const struct iovec *iov, size_t count);

/* Copies from the start of the list; returns the bytes copied, fewer than len only if it ends before. */
size_t scatter_read(const struct iovec *iov, size_t count, void *data, size_t len);

/* The same, but for the first `offset` bytes. */
size_t scatter_read_from(const struct iovec *iov, size_t count, size_t offset, void *data,
			 size_t len);

/* scatter_read in the other direction. */
size_t scatter_write(const struct iovec *iov, size_t count, const void *data, size_t len);

/*
 * Describes bytes [offset, offset + len) of the list in at most max pieces; returns how many pieces.
 * They hold less than len bytes where the list ends before or has more pieces.
 */
size_t scatter_slice(const struct iovec *iov, size_t count, size_t offset, size_t len,
		     struct iovec *slice, size_t max);

#endif
