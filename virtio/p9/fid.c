/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/fid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 64

/* Linux counts its fids from 0: neighbours must not share a bucket, and do not. */
static struct p9_fid_bucket *bucket_of(struct p9_fid_bucket *buckets, size_t count, uint32_t number)
{
	return &buckets[(number ^ number >> 16) & (count - 1)];
}

int p9_fids_init(struct p9_fids *fids, struct p9_nodes *nodes, size_t max)
{
	*fids = (struct p9_fids){.nodes = nodes, .bucket_count = FIRST_BUCKETS, .max = max};
	fids->buckets = calloc(FIRST_BUCKETS, sizeof(*fids->buckets));
	return fids->buckets ? 0 : -ENOMEM;
}

void p9_fids_destroy(struct p9_fids *fids)
{
	p9_fid_remove_all(fids);
	free(fids->buckets);
	fids->buckets = NULL;
}

struct p9_fid *p9_fid_find(const struct p9_fids *fids, uint32_t number)
{
	struct p9_fid *fid;

	LIST_FOREACH(fid, bucket_of(fids->buckets, fids->bucket_count, number), bucket)
	{
		if (fid->fid == number)
			return fid;
	}
	return NULL;
}

/* Twice the buckets. Without memory for them the table works on, slower. */
static void grow(struct p9_fids *fids)
{
	size_t count = fids->bucket_count * 2;
	struct p9_fid_bucket *buckets = calloc(count, sizeof(*buckets));

	if (!buckets)
		return;
	for (size_t i = 0; i < fids->bucket_count; i++) {
		struct p9_fid *fid;

		while ((fid = LIST_FIRST(&fids->buckets[i]))) {
			LIST_REMOVE(fid, bucket);
			LIST_INSERT_HEAD(bucket_of(buckets, count, fid->fid), fid, bucket);
		}
	}
	free(fids->buckets);
	fids->buckets = buckets;
	fids->bucket_count = count;
}

int p9_fid_add(struct p9_fids *fids, uint32_t number, struct p9_node *node, struct p9_fid **fid)
{
	if (number == P9_NOFID || p9_fid_find(fids, number))
		return -EBADF;
	if (fids->count >= fids->max)
		return -ENFILE;
	*fid = calloc(1, sizeof(**fid));
	if (!*fid)
		return -ENOMEM;
	if (fids->count >= fids->bucket_count)
		grow(fids);
	fids->count++;
	(*fid)->fid = number;
	(*fid)->fd = -1;
	(*fid)->node = p9_node_get(node);
	LIST_INSERT_HEAD(bucket_of(fids->buckets, fids->bucket_count, number), *fid, bucket);
	return 0;
}

void p9_fid_move(struct p9_fids *fids, struct p9_fid *fid, struct p9_node *node)
{
	struct p9_node *old = fid->node;

	fid->node = p9_node_get(node);
	p9_node_put(fids->nodes, old);
}

int p9_fid_set_xattr(struct p9_fids *fids, struct p9_fid *fid, const void *value, size_t size)
{
	if (size > P9_XATTR_BYTES_MAX - fids->xattr_bytes)
		return -ENOSPC;
	/* One byte more: a value may be empty. */
	fid->xattr = malloc(size + 1);
	if (!fid->xattr)
		return -ENOMEM;
	memcpy(fid->xattr, value, size);
	fid->xattr_size = size;
	fids->xattr_bytes += size;
	fid->state = P9_FID_XATTR;
	return 0;
}

void p9_fid_remove(struct p9_fids *fids, struct p9_fid *fid)
{
	LIST_REMOVE(fid, bucket);
	fids->count--;
	fids->xattr_bytes -= fid->xattr_size;
	free(fid->xattr);
	if (fid->fd >= 0)
		p9_node_close(fids->nodes, fid->fd);
	p9_node_put(fids->nodes, fid->node);
	free(fid);
}

void p9_fid_remove_all(struct p9_fids *fids)
{
	for (size_t i = 0; i < fids->bucket_count; i++) {
		struct p9_fid *fid;

		while ((fid = LIST_FIRST(&fids->buckets[i])))
			p9_fid_remove(fids, fid);
	}
}
