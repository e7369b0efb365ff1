/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linux calls that glibc has functions for and musl, depending on its version, has not. Arguments, results
 * and errno are those of the manual pages of section 2.
 */
#ifndef CORE_LIBC_H
#define CORE_LIBC_H

#include <linux/close_range.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* struct statx and its call: not before musl 1.2.4. */
#ifndef STATX_BASIC_STATS
#include <linux/stat.h>

static inline int statx(int dir_fd, const char *path, int flags, unsigned mask, struct statx *stx)
{
	return (int)syscall(SYS_statx, dir_fd, path, flags, mask, stx);
}
#endif

/* Not before musl 1.2.5. The kernel takes the offset in two halves, the upper one for 32-bit programs. */
#ifndef RWF_APPEND
#define RWF_APPEND 0x00000010

static inline ssize_t pwritev2(int fd, const struct iovec *iov, int count, off_t offset, int flags)
{
	return (ssize_t)syscall(SYS_pwritev2, fd, iov, count, (long)offset, 0L, flags);
}
#endif

/* close_range(first, ~0, flags), which no musl has. */
static inline int close_from(unsigned first, unsigned flags)
{
	return (int)syscall(SYS_close_range, first, ~0U, flags);
}

#endif
