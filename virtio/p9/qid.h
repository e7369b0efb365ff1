/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qids: how the guest tells files apart and notices that one has changed.
 *
 * qid.path must be unique in the share, and inode numbers are unique only within a device. Each
 * device gets a small number, the first one seen 0, and path is number << 48 | inode: a guest shows
 * inode numbers of the root's device nearly as they are on the host. An inode number of more than 48
 * bits, or a device after the first P9_DEVICES_MAX, gets bit 63 and a 63-bit hash of both: such paths
 * collide with none of the first kind, and with each other only by chance (even odds at three thousand
 * million files). A collision makes the guest take two files it may read for one; it opens nothing.
 */
#ifndef VIRTIO_P9_QID_H
#define VIRTIO_P9_QID_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "virtio/p9/fs.h"
#include "virtio/p9/proto.h"

#define P9_DEVICES_MAX 256

/* Set it up with P9_DEVICES_INIT. Devices are only added: looking one up takes no lock. */
struct p9_devices {
	uint64_t dev[P9_DEVICES_MAX];
	_Atomic size_t count;
	pthread_mutex_t lock; /* for adding */
};
#define P9_DEVICES_INIT ((struct p9_devices){.lock = PTHREAD_MUTEX_INITIALIZER})

/* The directory of exports is on no device of the host's; its path is one that no file gets. */
#define P9_DEV_EXPORTS  UINT64_MAX
#define P9_PATH_EXPORTS (1ULL << 62)

uint64_t p9_qid_path(struct p9_devices *devices, uint64_t dev, uint64_t ino);

/*
 * The qid of the file stx describes. Its version changes with mtime and ctime, and is never 0; but for a
 * regular file that is not to be cached it always is: Linux takes it for that.
 */
struct p9_qid p9_qid_of(struct p9_devices *devices, const struct statx *stx, bool direct);

/* The qid.type for S_IFMT bits, or for a d_type shifted to their place. */
uint8_t p9_qid_type(unsigned int mode);

#endif
