/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks of files. Among its own processes the guest decides, before it asks: what the server adds is
 * that a lock on a writable share excludes the host's processes and other VMs too. It takes an open file
 * description lock (fcntl(2), F_OFD_SETLK) on the fid's descriptor. One fid of the guest does not exclude
 * another of the same file: POSIX allows a process what it has locked through another descriptor.
 */
#ifndef VIRTIO_P9_LOCK_H
#define VIRTIO_P9_LOCK_H

#include "virtio/p9/fid.h"

/* The fid goes, and with its descriptor its locks. */
void p9_lock_drop(struct p9_fid *fid);

#endif
