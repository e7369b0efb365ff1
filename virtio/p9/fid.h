/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fids: the guest's numbers for what it has a handle on.
 *
 * What a number stands for never changes: opening a fid, say, makes another struct p9_fid and puts it in
 * the place of the first. So any number of requests may use one fid at the same time, whatever becomes of
 * the number meanwhile: each holds a reference, and what the fid owns goes with the last. The two things
 * that do change, a directory's stream and an attribute that is being written, have a lock in the fid.
 *
 * Threads: the functions take the table's lock themselves.
 */
#ifndef VIRTIO_P9_FID_H
#define VIRTIO_P9_FID_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "virtio/p9/node.h"

/* Values of extended attributes held by all fids together, bytes. */
#define P9_XATTR_BYTES_MAX (1u << 20)

enum p9_fid_state {
	P9_FID_WALKED, /* stands for a file; not opened */
	P9_FID_OPEN,   /* opened by Tlopen or Tlcreate */
	P9_FID_XATTR, /* by Txattrwalk: the value of an attribute, or the list of names, to be read */
	P9_FID_XATTR_SET /* by Txattrcreate: a value to be written, and set by Tclunk */
};

struct p9_fid_xattr {
	uint8_t *value;
	size_t size;
	size_t written; /* P9_FID_XATTR_SET: how far, with the fid's lock */
	int flags;      /* XATTR_CREATE, XATTR_REPLACE */
	char *name;
};

struct p9_fid {
	struct p9_fids *fids;
	uint32_t number;
	unsigned int refs;
	enum p9_fid_state state;
	struct p9_node *node;
	uid_t uid; /* whom it was attached for */
	int fd;    /* when open; -1 if the node is hidden, or the directory of exports */
	bool append;
	_Atomic bool locked; /* holds locks on the file (lock.c) */
	pthread_mutex_t lock;
	/* Where fd's directory stream stands: the offset of the entry it returns next. With the lock. */
	uint64_t dir_offset;
	struct p9_fid_xattr xattr;
	LIST_ENTRY(p9_fid) bucket;
};

LIST_HEAD(p9_fid_bucket, p9_fid);

struct p9_fids {
	pthread_mutex_t lock;
	struct p9_nodes *nodes;
	struct p9_fid_bucket *buckets; /* a power of two, grown with the fids */
	size_t bucket_count;
	size_t count;
	size_t max;
	size_t xattr_bytes;
};

/* max: fids at most. */
int p9_fids_init(struct p9_fids *fids, struct p9_nodes *nodes, size_t max);
void p9_fids_destroy(struct p9_fids *fids);

/* The fid, NULL if there is none. To be put back. */
struct p9_fid *p9_fid_get(struct p9_fids *fids, uint32_t number);
void p9_fid_put(struct p9_fid *fid);

/*
 * A fid for a node, of which it takes a reference of its own, that no number stands for yet: the
 * caller's to put back, and NULL without memory.
 */
struct p9_fid *p9_fid_new(struct p9_fids *fids, struct p9_node *node, uid_t uid);

/*
 * Makes a number stand for it. -EBADF if the number is in use or NOFID, -ENFILE beyond the maximum. The
 * caller's reference stays the caller's.
 */
int p9_fid_add(struct p9_fids *fids, uint32_t number, struct p9_fid *fid);

/* Makes old's number stand for new instead. -EBADF if it no longer stands for old. */
int p9_fid_replace(struct p9_fid *old, struct p9_fid *new);

/*
 * Gives a new fid a value: a copy, or room for one if value is NULL, or a name too if there is one.
 * -ENOSPC beyond P9_XATTR_BYTES_MAX.
 */
int p9_fid_set_xattr(struct p9_fid *fid, const char *name, const void *value, size_t size);

/* Takes the number away; the fid it stood for is the caller's to put back. NULL if there is none. */
struct p9_fid *p9_fid_take(struct p9_fids *fids, uint32_t number);
void p9_fid_remove_all(struct p9_fids *fids);

static inline void p9_fid_cleanup_put(struct p9_fid **fid)
{
	if (*fid)
		p9_fid_put(*fid);
}
#define _cleanup_fid_ __attribute__((cleanup(p9_fid_cleanup_put)))

#endif
