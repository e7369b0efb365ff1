/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors: whole reads and writes over EINTR, short counts and O_NONBLOCK.
 * All return 0 (or a count where stated) and -errno.
 */
#ifndef CORE_FDS_H
#define CORE_FDS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Writes all of it; waits with poll() where the descriptor is O_NONBLOCK and full. */
int fd_write_all(int fd, const void *data, size_t len);

/* Writes all of it at offset. */
int fd_pwrite_all(int fd, const void *data, size_t len, uint64_t offset);

/* Reads exactly len bytes at offset; -ENODATA if the file ends before. */
int fd_pread_all(int fd, void *data, size_t len, uint64_t offset);

/* Reads at most len bytes at offset, fewer only at the end of the file; returns the count. */
ssize_t fd_pread_upto(int fd, void *data, size_t len, uint64_t offset);

#endif
