/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fids: the guest's handles. A fid owns a reference to a node and, once it is opened, a descriptor of its
 * own, or the value of an extended attribute. Cloning a fid (a walk of no names) costs no system call.
 */
#ifndef VIRTIO_P9_FID_H
#define VIRTIO_P9_FID_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "virtio/p9/node.h"

/* Values of extended attributes held by all fids together, bytes. */
#define P9_XATTR_BYTES_MAX (1u << 20)

enum p9_fid_state {
	P9_FID_WALKED, /* stands for a file; not opened */
	P9_FID_OPEN,   /* opened by Tlopen */
	P9_FID_XATTR,  /* made by Txattrwalk: the value of an attribute, or the list of names */
};

struct p9_fid {
	uint32_t fid;
	enum p9_fid_state state;
	struct p9_node *node;
	int fd; /* when open, to read from; -1 if the node is hidden */
	/* Where fd's directory stream stands: the offset of the entry it returns next. */
	uint64_t dir_offset;
	uint8_t *xattr;
	size_t xattr_size;
	LIST_ENTRY(p9_fid) bucket;
};

LIST_HEAD(p9_fid_bucket, p9_fid);

struct p9_fids {
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

/* NULL if there is none. */
struct p9_fid *p9_fid_find(const struct p9_fids *fids, uint32_t number);

/*
 * A new fid for a node, of which it takes a reference of its own. -EBADF if the number is in use or is
 * NOFID, -ENFILE beyond the maximum.
 */
int p9_fid_add(struct p9_fids *fids, uint32_t number, struct p9_node *node, struct p9_fid **fid);

/* Makes the fid stand for another node. */
void p9_fid_move(struct p9_fids *fids, struct p9_fid *fid, struct p9_node *node);

/* Gives it a copy of an attribute's value. -ENOSPC beyond P9_XATTR_BYTES_MAX. */
int p9_fid_set_xattr(struct p9_fids *fids, struct p9_fid *fid, const void *value, size_t size);

/* Clunks: releases everything the fid owns, and the fid. */
void p9_fid_remove(struct p9_fids *fids, struct p9_fid *fid);
void p9_fid_remove_all(struct p9_fids *fids);

#endif
