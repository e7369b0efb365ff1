/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/fid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "virtio/p9/lock.h"

#define FIRST_BUCKETS 64

static void lock(struct p9_fids *fids)
{
	(void)pthread_mutex_lock(&fids->lock);
}

static void unlock(struct p9_fids *fids)
{
	(void)pthread_mutex_unlock(&fids->lock);
}

/* Linux counts its fids from 0: neighbours must not share a bucket, and do not. */
static struct p9_fid_bucket *bucket_of(struct p9_fid_bucket *buckets, size_t count, uint32_t number)
{
	return &buckets[(number ^ number >> 16) & (count - 1)];
}

int p9_fids_init(struct p9_fids *fids, struct p9_nodes *nodes, size_t max)
{
	*fids = (struct p9_fids){.nodes = nodes, .bucket_count = FIRST_BUCKETS, .max = max};
	fids->buckets = calloc(FIRST_BUCKETS, sizeof(*fids->buckets));
	(void)pthread_mutex_init(&fids->lock, NULL);
	return fids->buckets ? 0 : -ENOMEM;
}

void p9_fids_destroy(struct p9_fids *fids)
{
	p9_fid_remove_all(fids);
	free(fids->buckets);
	fids->buckets = NULL;
	(void)pthread_mutex_destroy(&fids->lock);
}

/* With the lock. */
static struct p9_fid *find(const struct p9_fids *fids, uint32_t number)
{
	struct p9_fid *fid;

	LIST_FOREACH(fid, bucket_of(fids->buckets, fids->bucket_count, number), bucket)
	{
		if (fid->number == number)
			return fid;
	}
	return NULL;
}

struct p9_fid *p9_fid_get(struct p9_fids *fids, uint32_t number)
{
	struct p9_fid *fid;

	lock(fids);
	fid = find(fids, number);
	if (fid)
		fid->refs++;
	unlock(fids);
	return fid;
}

void p9_fid_put(struct p9_fid *fid)
{
	struct p9_fids *fids = fid->fids;
	bool last;

	lock(fids);
	last = --fid->refs == 0;
	if (last)
		fids->xattr_bytes -= fid->xattr.size;
	unlock(fids);
	if (!last)
		return;
	/* Without the lock: closing a file that was written may take its time. */
	p9_lock_drop(fid);
	if (fid->fd >= 0)
		p9_node_close(fids->nodes, fid->fd);
	p9_node_put(fid->node);
	free(fid->xattr.value);
	free(fid->xattr.name);
	(void)pthread_mutex_destroy(&fid->lock);
	free(fid);
}

struct p9_fid *p9_fid_new(struct p9_fids *fids, struct p9_node *node, uid_t uid)
{
	struct p9_fid *fid = calloc(1, sizeof(*fid));

	if (!fid)
		return NULL;
	(void)pthread_mutex_init(&fid->lock, NULL);
	fid->fids = fids;
	fid->number = P9_NOFID;
	fid->refs = 1;
	fid->node = p9_node_get(node);
	fid->uid = uid;
	fid->fd = -1;
	return fid;
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
			LIST_INSERT_HEAD(bucket_of(buckets, count, fid->number), fid, bucket);
		}
	}
	free(fids->buckets);
	fids->buckets = buckets;
	fids->bucket_count = count;
}

/* With the lock. The table holds a reference of its own. */
static void insert(struct p9_fids *fids, struct p9_fid *fid, uint32_t number)
{
	fid->number = number;
	fid->refs++;
	LIST_INSERT_HEAD(bucket_of(fids->buckets, fids->bucket_count, number), fid, bucket);
}

int p9_fid_add(struct p9_fids *fids, uint32_t number, struct p9_fid *fid)
{
	int r = 0;

	lock(fids);
	if (number == P9_NOFID || find(fids, number)) {
		r = -EBADF;
	} else if (fids->count >= fids->max) {
		r = -ENFILE;
	} else {
		if (fids->count >= fids->bucket_count)
			grow(fids);
		fids->count++;
		insert(fids, fid, number);
	}
	unlock(fids);
	return r;
}

int p9_fid_replace(struct p9_fid *old, struct p9_fid *new)
{
	struct p9_fids *fids = old->fids;
	bool current;

	lock(fids);
	current = find(fids, old->number) == old;
	if (current) {
		LIST_REMOVE(old, bucket);
		insert(fids, new, old->number);
	}
	unlock(fids);
	if (!current)
		return -EBADF;
	p9_fid_put(old); /* the table's reference */
	return 0;
}

int p9_fid_set_xattr(struct p9_fid *fid, const char *name, const void *value, size_t size)
{
	struct p9_fids *fids = fid->fids;
	bool room;

	lock(fids);
	room = size <= P9_XATTR_BYTES_MAX - fids->xattr_bytes;
	if (room)
		fids->xattr_bytes += size;
	unlock(fids);
	if (!room)
		return -ENOSPC;
	fid->xattr.size = size;
	/* One byte more: a value may be empty. Zeroed: what the guest does not write it must not see. */
	fid->xattr.value = calloc(1, size + 1);
	fid->xattr.name = name ? strdup(name) : NULL;
	if (!fid->xattr.value || (name && !fid->xattr.name))
		return -ENOMEM;
	if (value)
		memcpy(fid->xattr.value, value, size);
	fid->state = value ? P9_FID_XATTR : P9_FID_XATTR_SET;
	return 0;
}

struct p9_fid *p9_fid_take(struct p9_fids *fids, uint32_t number)
{
	struct p9_fid *fid;

	lock(fids);
	fid = find(fids, number);
	if (fid) {
		LIST_REMOVE(fid, bucket);
		fids->count--;
	}
	unlock(fids);
	return fid;
}

void p9_fid_remove_all(struct p9_fids *fids)
{
	struct p9_fid *fid;

	for (size_t i = 0; i < fids->bucket_count; i++) {
		while ((fid = LIST_FIRST(&fids->buckets[i]))) {
			fid = p9_fid_take(fids, fid->number);
			if (fid)
				p9_fid_put(fid);
		}
	}
}
