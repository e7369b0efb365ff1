/* SPDX-License-Identifier: Apache-2.0 */
#include "label/reservation.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/cleanup.h"

static int make_socket(void)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	return fd;
}

int reservation_take(const struct pair *pair)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = make_socket();

	if (fd < 0)
		return fd;
	const int len = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
				 "snug/mcs/c%u,c%u", pair->low, pair->high);
	const socklen_t size =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
	if (bind(fd, (const struct sockaddr *)&address, size) < 0)
		return -errno;
	return steal_fd(&fd);
}
