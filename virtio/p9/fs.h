/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls of the server, on descriptors and single names, never on paths. All return 0, or
 * a descriptor or count where stated, or -errno.
 *
 * A single name is one that p9_fs_name() made: it cannot lead anywhere but to an entry of the
 * directory, whatever the host renames at the same time.
 */
#ifndef VIRTIO_P9_FS_H
#define VIRTIO_P9_FS_H

#include <linux/limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "virtio/p9/proto.h"
#include "virtio/p9/wire.h"

/* Which file: two of the same id at the same time are one file. */
struct p9_file_id {
	uint64_t dev;
	uint64_t ino;
	uint16_t type; /* S_IFMT bits */
};

struct p9_file_id p9_fs_id(const struct statx *stx);
bool p9_fs_id_equal(const struct p9_file_id *a, const struct p9_file_id *b);

/*
 * Takes a name off the wire. Refuses the empty name, ".", "..", and names with '/' or NUL (-EINVAL), and
 * names longer than NAME_MAX (-ENAMETOOLONG).
 */
int p9_fs_name(struct p9_str str, char name[NAME_MAX + 1]);

int p9_fs_stat(int fd, struct statx *stx);

/* An O_PATH descriptor of the entry itself: no symbolic link is followed, no automount triggered. */
int p9_fs_lookup(int dir_fd, const char *name);

/*
 * A descriptor to read from. The caller knows the entry to be a regular file, and checks again what it
 * got: the host may have put something else in its place. O_NONBLOCK sees to it that a FIFO does not
 * block then.
 */
int p9_fs_open_file(int dir_fd, const char *name);

/* A descriptor to read the directory fd (O_PATH will do) from. */
int p9_fs_open_dir(int fd);

#endif
