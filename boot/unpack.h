/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that may be compressed (gzip, bzip2, lzma, xz, zstd, lz4: what kernels and their modules come in, but for
 * lzo, which no distribution uses and whose container no library reads), told by their magic
 * number and never by their name, unpacked in memory under a limit.
 */
#ifndef BOOT_UNPACK_H
#define BOOT_UNPACK_H

#include <stddef.h>
#include <stdint.h>

struct blob {
	uint8_t *data; /* owned: blob_free() */
	size_t size;
};

void blob_free(struct blob *blob);
#define _cleanup_blob_ __attribute__((cleanup(blob_free)))

/* "xz" for data that is packed with it, or NULL if it is not packed in a known way. */
const char *unpack_format(const void *data, size_t len);

/*
 * Unpacks len bytes at data into *out; data with no known magic is copied as it is. 0, or -errno with
 * *why set to a static text that completes "FILE: ...": -EBADMSG for damaged or truncated data (also
 * for anything that follows the compressed stream), -EFBIG if more than limit bytes would come out,
 * -ENOMEM. *out is empty after an error.
 */
int unpack(const void *data, size_t len, size_t limit, struct blob *out, const char **why);

/*
 * Reads the file on fd from its start (fd keeps its offset) and unpacks it. limit holds for the file
 * itself as well. Errors as above, or what reading gave.
 */
int unpack_file(int fd, size_t limit, struct blob *out, const char **why);

#endif
