/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the server: one function per request. Each takes a request off request->in, asks once whether
 * it was well-formed (p9_get_end) before it has any effect, and puts its reply on request->out. It
 * returns 0, or -errno for an Rlerror: server.c alone sends replies.
 *
 * Handlers run at the same time. What they share is in tables with locks of their own (fid.h, node.h,
 * qid.h); fids and nodes in use are held by reference.
 */
#ifndef VIRTIO_P9_REQUEST_H
#define VIRTIO_P9_REQUEST_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "virtio/p9/fid.h"
#include "virtio/p9/hide.h"
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
 * Largest request served: a Twalk of 16 names of NAME_MAX bytes, or a Tsymlink to PATH_MAX. Of a Twrite
 * only the head is copied.
 */
#define P9_REQUEST_MAX 16384u

/*
 * Replies are built here and copied out; only Rread's data is not. An Rreaddir needs most, and a guest
 * that asks for more gets it in as many replies. 64 KiB of room for an extended attribute, too.
 */
#define P9_REPLY_MAX   (128u << 10)
#define P9_SCRATCH_MAX (112u << 10)

#define P9_IOV_MAX 1024

struct p9_request {
	uint8_t type;
	uint16_t tag;
	uint32_t size; /* as the message says */
	struct p9_reader in;
	struct p9_writer out;
	/* The message as it came: for what is to be written. The guest may change it all the time. */
	const struct iovec *message;
	size_t message_count;
	/* Where the reply goes, its first `room` bytes; for a handler that puts data there itself. */
	const struct iovec *reply;
	size_t reply_count;
	size_t room;
	size_t payload; /* bytes put there, after what is in out */
	/* For the handler's use. */
	struct p9_worker *worker;
	uint8_t *scratch;  /* P9_SCRATCH_MAX bytes, aligned to 16 */
	struct iovec *iov; /* P9_IOV_MAX */
};

struct p9_worker {
	struct p9_server *server;
	struct p9_request request;
	bool entered; /* has had a request: its thread's credentials are as they shall be */
	bool busy;    /* has a request that is not answered; with the server's lock */
	LIST_ENTRY(p9_worker) entry;
	struct iovec iov[P9_IOV_MAX];
	uint8_t scratch[P9_SCRATCH_MAX] __attribute__((aligned(16)));
	uint8_t message[P9_REQUEST_MAX];
	uint8_t reply[P9_REPLY_MAX];
};

struct p9_server {
	struct p9_share share;
	struct p9_nodes nodes;
	struct p9_fids fids;
	struct p9_devices devices;
	bool keeps_owners;      /* run by root */
	_Atomic uint32_t msize; /* 0: no session, Tversion has not been agreed on */
	pthread_mutex_t lock;   /* for what follows */
	pthread_cond_t answered;
	LIST_HEAD(p9_workers, p9_worker) workers;
};

typedef int p9_handler(struct p9_server *server, struct p9_request *request);

/* session.c: the session, walking, and the end of a fid */
p9_handler p9_version, p9_auth, p9_attach, p9_flush, p9_walk, p9_clunk;

/* attr.c: what is known of a file, and what can be set */
p9_handler p9_getattr, p9_setattr, p9_statfs, p9_readlink;
/* For a descriptor of the node's file: 0 or -errno. (uid_t)-1 and (gid_t)-1 leave it. */
int p9_set_mode(const struct p9_node *node, int fd, mode_t mode);
int p9_set_owner(int fd, uid_t uid, gid_t gid);

/* xattr.c */
p9_handler p9_xattrwalk, p9_xattrcreate;
/* Sets the attribute that was written to the fid: 0 or -errno. */
int p9_xattr_commit(struct p9_server *server, struct p9_fid *fid);

/* io.c: what is in it */
p9_handler p9_lopen, p9_read, p9_write, p9_fsync;
/* The open flags (O_*) for a guest's (P9_DOTL_*): 0 or -errno, an export that is read-only included. */
int p9_open_flags(const struct p9_node *node, uint32_t dotl, int *flags);
/* The qid and iounit of Rlopen and Rlcreate. iounit 0: as much at once as msize allows. */
int p9_put_opened(struct p9_server *server, struct p9_request *request, const struct p9_fid *fid);

/* dir.c */
p9_handler p9_readdir;

/* create.c: new entries */
p9_handler p9_lcreate, p9_mkdir, p9_symlink, p9_mknod, p9_link;
/* May the entry be made, replaced or removed? 0, -EROFS, -EACCES, -ENOTDIR. */
int p9_entry_writable(const struct p9_node *dir, const char *name);

/* rename.c: entries moved and removed */
p9_handler p9_rename, p9_renameat, p9_unlinkat, p9_remove;

/* lock.c */
p9_handler p9_lock, p9_getlock;

/*
 * A descriptor of the fid's file: its own if it is open, else its node's. *held is to be released (NULL:
 * nothing is). -ENOENT if it is hidden, or the directory of exports.
 */
int p9_fid_file(const struct p9_fid *fid, struct p9_node **held);

/* The qid of what stx describes, seen as that node. */
static inline struct p9_qid p9_node_qid(struct p9_server *server, const struct p9_node *node,
					const struct statx *stx)
{
	return p9_qid_of(&server->devices, stx, node->export && node->export->direct);
}

/* The fid of a number, in any of the given states (1 << enum p9_fid_state): 0 or -EBADF. To be put back. */
#define P9_FID_IS(state) (1u << (state))
#define P9_FID_ANY_FILE  (P9_FID_IS(P9_FID_WALKED) | P9_FID_IS(P9_FID_OPEN))
int p9_find_fid(struct p9_server *server, uint32_t number, unsigned int states,
		struct p9_fid **fid);

#endif
