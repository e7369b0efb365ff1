/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls of the server, on descriptors and single names, never on paths. All return 0, or
 * a descriptor or count where stated, or -errno. None takes a lock; any may block on a slow file system.
 *
 * A single name is one that p9_fs_name() made: it cannot lead anywhere but to an entry of the
 * directory, whatever the host renames at the same time.
 */
#ifndef VIRTIO_P9_FS_H
#define VIRTIO_P9_FS_H

#include <linux/limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/libc.h"
#include "virtio/p9/proto.h"
#include "virtio/p9/wire.h"

/*
 * Which file: two of the same id at the same time are one file, seen through one mount. The time of
 * birth, where the file system knows it, tells a file from a later one that got its inode number.
 */
struct p9_file_id {
	uint64_t dev;
	uint64_t ino;
	uint64_t mount;
	uint64_t birth; /* ns; 0: not known */
	uint16_t type;  /* S_IFMT bits */
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

/* A descriptor to read the directory fd (O_PATH will do) from. */
int p9_fs_open_dir(int fd);

/*
 * Opens the file that descriptor fd stands for once more, with other flags (O_*): O_PATH will do, and
 * so will a file that has no name any more. proc_fd is this process's /proc/self/fd. The caller knows fd
 * to be a regular file: opening anything else may block or have effects. Without O_NONBLOCK, which some
 * file systems (9p) take as leave to read less than there is.
 */
int p9_fs_reopen(int proc_fd, int fd, int flags);

/*
 * A new regular file, open with flags. -EEXIST if there is anything of that name. mode: permission bits,
 * and S_ISUID and the like if the kernel lets this process.
 */
int p9_fs_create(int dir_fd, const char *name, int flags, mode_t mode);

/* chmod of fd, O_PATH will do. -EOPNOTSUPP for a symbolic link. */
int p9_fs_chmod(int proc_fd, int fd, mode_t mode);

/* Another name for the file of fd, O_PATH will do, symbolic links included. */
int p9_fs_link(int proc_fd, int fd, int dir_fd, const char *name);

#endif
