/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stand-ins for device nodes. A guest may make device nodes in a writable export, as programs that
 * unpack a system do. A real one on the host would let whoever opens it there reach a device; what is
 * made is a regular file that says so, with an attribute that names the device. The guest sees a device
 * node of these numbers, which it does not open either, as volumes are mounted without devices.
 *
 * Only the server makes them: it refuses attributes of this prefix to the guest. In a read-only export a
 * stand-in is the file it is on the host.
 */
#ifndef VIRTIO_P9_STAND_IN_H
#define VIRTIO_P9_STAND_IN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/libc.h"

/* user.* attributes of this prefix are the server's own. */
#define P9_OWN_XATTR_PREFIX "user.snug."

/* Could a file with these attributes be one? Most cannot, by their size. */
bool p9_stand_in_possible(const struct statx *stx);

/* What the guest sees of one with the host's attributes *stx: type is S_IFCHR or S_IFBLK. */
void p9_stand_in_view(struct statx *stx, uint16_t type, uint32_t major, uint32_t minor);

/*
 * Reads what the file of fd (O_PATH will do) stands for: 1 with *stx changed to what the guest sees, 0 if it
 * is no stand-in, or -errno. proc_fd as in fs.h.
 */
int p9_stand_in_read(int proc_fd, int fd, struct statx *stx);

/* Makes the new, empty file of fd, open for writing, one: 0 or -errno. mode: type and permissions. */
int p9_stand_in_make(int fd, mode_t mode, unsigned int major, unsigned int minor);

#endif
