/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the server: one function per request. Each takes a request off request->in, asks once whether
 * it was well-formed (p9_get_end) before it has any effect, and puts its reply on request->out. It
 * returns 0, or -errno for an Rlerror: server.c alone sends replies.
 */
#ifndef VIRTIO_P9_REQUEST_H
#define VIRTIO_P9_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "virtio/p9/fid.h"
#include "virtio/p9/node.h"
#include "virtio/p9/qid.h"
#include "virtio/p9/server.h"
#include "virtio/p9/wire.h"

/*
 * Transport's largest message. Linux's virtio transport takes 500 KiB at most; the msize in use is what
 * both agree on.
 */
#define P9_MSIZE_MAX (512u << 10)
#define P9_MSIZE_MIN 4096u

/*
 * Largest request served: a Twalk of 16 names of NAME_MAX bytes, or a Tsymlink to PATH_MAX. A Twrite is
 * larger, and answered by its head on a read-only share.
 */
#define P9_REQUEST_MAX 16384u

/*
 * Replies are built here and copied out; only Rread's data is not. An Rreaddir needs most, and a guest
 * that asks for more gets it in as many replies. 64 KiB of room for an extended attribute, too.
 */
#define P9_REPLY_MAX   (128u << 10)
#define P9_SCRATCH_MAX (112u << 10)

#define P9_IOV_MAX 1024

struct p9_server {
	uint32_t msize; /* 0: no session, Tversion has not been agreed on */
	struct p9_nodes nodes;
	struct p9_fids fids;
	struct p9_devices devices;
	uint8_t request[P9_REQUEST_MAX];
	uint8_t reply[P9_REPLY_MAX];
	uint8_t scratch[P9_SCRATCH_MAX] __attribute__((aligned(16)));
	struct iovec iov[P9_IOV_MAX];
};

struct p9_request {
	uint8_t type;
	struct p9_reader in;
	struct p9_writer out;
	/* Where the reply goes, its first `room` bytes; for a handler that puts data there itself. */
	const struct iovec *reply;
	size_t reply_count;
	size_t room;
	size_t payload; /* bytes put there, after what is in out */
};

typedef int p9_handler(struct p9_server *server, struct p9_request *request);

/* session.c: the session, walking, and what only succeeds or fails */
p9_handler p9_version, p9_auth, p9_attach, p9_flush, p9_walk, p9_clunk, p9_remove, p9_fsync,
	p9_lock, p9_getlock, p9_read_only;

/* attr.c: what is known of a file */
p9_handler p9_getattr, p9_statfs, p9_readlink, p9_xattrwalk;

/* read.c: what is in it */
p9_handler p9_lopen, p9_read, p9_readdir;

#endif
