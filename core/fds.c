/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fds.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n >= 0) {
			at += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd p = {.fd = fd, .events = POLLOUT};

			if (poll(&p, 1, -1) < 0 && errno != EINTR)
				return -errno;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

int fd_pwrite_all(int fd, const void *data, size_t len, uint64_t offset)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = pwrite(fd, at, len, (off_t)offset);

		if (n >= 0) {
			at += n;
			len -= (size_t)n;
			offset += (uint64_t)n;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

ssize_t fd_pread_upto(int fd, void *data, size_t len, uint64_t offset)
{
	char *at = data;
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, at + done, len - done, (off_t)(offset + done));

		if (n == 0)
			break;
		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR)
			return -errno;
	}
	return (ssize_t)done;
}

int fd_pread_all(int fd, void *data, size_t len, uint64_t offset)
{
	ssize_t n = fd_pread_upto(fd, data, len, offset);

	if (n < 0)
		return (int)n;
	return (size_t)n == len ? 0 : -ENODATA;
}
