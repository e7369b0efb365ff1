/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/stand_in.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "virtio/p9/fs.h"

#define XATTR P9_OWN_XATTR_PREFIX "device"

/* "b 4294967295 4294967295" */
#define TEXT_MAX 32

/* For whoever finds one on the host. Its length is how one is told from nearly all other files. */
static const char content[] = "This file stands for a device node that a guest of snug has made.\n";

bool p9_stand_in_possible(const struct statx *stx)
{
	return S_ISREG(stx->stx_mode) && stx->stx_size == sizeof(content) - 1;
}

void p9_stand_in_view(struct statx *stx, uint16_t type, uint32_t major, uint32_t minor)
{
	stx->stx_mode = (uint16_t)(type | (stx->stx_mode & 07777));
	stx->stx_rdev_major = major;
	stx->stx_rdev_minor = minor;
	stx->stx_size = 0;
	stx->stx_blocks = 0;
}

int p9_stand_in_read(int proc_fd, int fd, struct statx *stx)
{
	_cleanup_close_ int file = p9_fs_reopen(proc_fd, fd, O_RDONLY);
	unsigned int major, minor;
	char text[TEXT_MAX + 1], type;
	ssize_t len;

	if (file < 0)
		return file == -EACCES ? 0 : file; /* nobody knows, then */
	len = fgetxattr(file, XATTR, text, TEXT_MAX);
	if (len < 0)
		return errno == ENODATA || errno == EOPNOTSUPP || errno == ERANGE ? 0 : -errno;
	text[len] = 0;
	if (sscanf(text, "%c %u %u", &type, &major, &minor) != 3 || (type != 'b' && type != 'c'))
		return 0;
	p9_stand_in_view(stx, type == 'b' ? S_IFBLK : S_IFCHR, major, minor);
	return 1;
}

int p9_stand_in_make(int fd, mode_t mode, unsigned int major, unsigned int minor)
{
	char text[TEXT_MAX + 1];
	int len = snprintf(text, sizeof(text), "%c %u %u", S_ISBLK(mode) ? 'b' : 'c', major, minor);

	if (write(fd, content, sizeof(content) - 1) != (ssize_t)sizeof(content) - 1)
		return -ENOSPC;
	if (fsetxattr(fd, XATTR, text, (size_t)len, XATTR_CREATE))
		return errno == EOPNOTSUPP ? -EPERM : -errno;
	return fchmod(fd, mode & 07777) ? -errno : 0;
}
