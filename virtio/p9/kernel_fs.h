/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which file systems are the host kernel's own talk about itself: processes, devices, its settings.
 * What they hold is not files the user shares: environments, tokens, keys, switches. A share shows
 * them empty.
 */
#ifndef VIRTIO_P9_KERNEL_FS_H
#define VIRTIO_P9_KERNEL_FS_H

#include <stdbool.h>
#include <stdint.h>

/* By the magic number of statfs(2). False for devtmpfs, which has the number of tmpfs or ramfs. */
bool kernel_fs_magic(uint64_t f_type);

/*
 * The file system of descriptor fd (O_PATH will do), whose device number is dev: 1 if it is a kernel
 * file system, 0 if not, -errno. root_fd is the root of the share it was found in.
 *
 * devtmpfs cannot be told from a tmpfs by any number before Linux 6.8. A tmpfs counts as /dev if its
 * root, fd, holds the null device, or if the share's dev/null is on it but the share's root is not: that
 * covers every mount of devtmpfs, a container's /dev, and, where the share is the host's root, a part
 * of /dev that is mounted elsewhere. In other shares such a part shows its names; the nodes are never
 * opened anyway.
 */
int kernel_fs_is(int fd, uint64_t dev, int root_fd);

#endif
