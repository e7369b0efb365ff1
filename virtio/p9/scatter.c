/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/scatter.h"

#include <stdint.h>
#include <string.h>

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t scatter_size(const struct iovec *iov, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		if (__builtin_add_overflow(size, iov[i].iov_len, &size))
			return SIZE_MAX;
	}
	return size;
}

size_t scatter_read_from(const struct iovec *iov, size_t count, size_t offset, void *data,
			 size_t len)
{
	size_t done = 0;

	for (size_t i = 0; i < count && done < len; i++) {
		size_t n;

		if (offset >= iov[i].iov_len) {
			offset -= iov[i].iov_len;
			continue;
		}
		n = min_size(iov[i].iov_len - offset, len - done);
		memcpy((char *)data + done, (const char *)iov[i].iov_base + offset, n);
		offset = 0;
		done += n;
	}
	return done;
}

size_t scatter_read(const struct iovec *iov, size_t count, void *data, size_t len)
{
	return scatter_read_from(iov, count, 0, data, len);
}

size_t scatter_write(const struct iovec *iov, size_t count, const void *data, size_t len)
{
	size_t done = 0;

	for (size_t i = 0; i < count && done < len; i++) {
		size_t n = min_size(iov[i].iov_len, len - done);

		if (n)
			memcpy(iov[i].iov_base, (const char *)data + done, n);
		done += n;
	}
	return done;
}

size_t scatter_slice(const struct iovec *iov, size_t count, size_t offset, size_t len,
		     struct iovec *slice, size_t max)
{
	size_t pieces = 0;

	for (size_t i = 0; i < count && len && pieces < max; i++) {
		size_t n;

		if (offset >= iov[i].iov_len) {
			offset -= iov[i].iov_len;
			continue;
		}
		n = min_size(iov[i].iov_len - offset, len);
		slice[pieces].iov_base = (char *)iov[i].iov_base + offset;
		slice[pieces++].iov_len = n;
		offset = 0;
		len -= n;
	}
	return pieces;
}
