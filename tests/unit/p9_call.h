/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end of the 9P server, for its tests: one function per request. Each returns 0 or the -errno
 * of an Rlerror; a reply that is not one, or not of the right shape, fails the test at once. Here are the
 * session and what changes nothing; p9_change.h has the rest, p9_client.h servers to talk to.
 */
#ifndef TESTS_UNIT_P9_CALL_H
#define TESTS_UNIT_P9_CALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "virtio/p9/proto.h"
#include "virtio/p9/server.h"
#include "virtio/p9/wire.h"

#define CLIENT_MSIZE 65536u
#define CLIENT_FILES 10000u /* fids, files */

#define SECRET "not in the share"

struct client {
	struct p9_server *server;
	struct p9_worker *worker;
	struct p9_export exports[4]; /* as many as the share has */
	int proc_fd;
	char dir[64]; /* the share, if it is a temporary directory */
	int dir_fd;
	uint8_t tx[CLIENT_MSIZE];
	uint8_t rx[CLIENT_MSIZE];
	size_t rx_room; /* of rx, offered for the next reply */
	struct p9_writer out;
	struct p9_reader in; /* the body of the last reply */
};

struct attr {
	struct p9_qid qid;
	uint32_t mode, uid, gid;
	uint64_t nlink, rdev, size, blksize, blocks, times[8];
};

static inline void start(struct client *c, uint8_t type)
{
	c->out = (struct p9_writer){.start = c->tx, .room = sizeof(c->tx)};
	p9_put_u32(&c->out, 0);
	p9_put_u8(&c->out, type);
	p9_put_u16(&c->out, 0x1234);
}

static inline void put_name(struct client *c, const char *name)
{
	p9_put_str(&c->out, name, strlen(name));
}

/* One request, by a worker. */
static inline size_t serve(struct p9_worker *worker, const struct iovec *request, size_t count,
			   const struct iovec *reply, size_t reply_count)
{
	return p9_worker_take(worker, request, count) ? p9_worker_serve(worker, reply, reply_count)
						      : 0;
}

/* Sends what start() and the puts after it made. */
static inline int call(struct client *c)
{
	struct iovec request = {c->tx, c->out.len}, reply = {c->rx, c->rx_room};
	uint8_t type;
	size_t n;

	assert_false(c->out.failed);
	p9_set_u32(&c->out, 0, (uint32_t)c->out.len);
	n = serve(c->worker, &request, 1, &reply, 1);
	assert_in_range(n, P9_HEAD_SIZE, c->rx_room);
	c->in = (struct p9_reader){.at = c->rx, .left = n};
	assert_int_equal(p9_get_u32(&c->in), n);
	type = p9_get_u8(&c->in);
	assert_int_equal(p9_get_u16(&c->in), 0x1234);
	if (type == P9_RLERROR) {
		int error = (int)p9_get_u32(&c->in);

		assert_int_equal(n, P9_RLERROR_SIZE);
		assert_in_range(error, 1, 4095);
		return -error;
	}
	assert_int_equal(type, c->tx[4] + 1);
	return 0;
}

/* A reply has been decoded to its end, and nothing was missing. */
static inline int end(struct client *c)
{
	assert_int_equal(p9_get_end(&c->in), 0);
	return 0;
}

static inline struct p9_qid get_qid(struct client *c)
{
	struct p9_qid qid = {.type = p9_get_u8(&c->in)};

	qid.version = p9_get_u32(&c->in);
	qid.path = p9_get_u64(&c->in);
	return qid;
}

static inline int version(struct client *c, uint32_t msize, const char *name)
{
	start(c, P9_TVERSION);
	p9_put_u32(&c->out, msize);
	put_name(c, name);
	return call(c);
}

/* For a user of the guest's; ~0: for nobody in particular. */
static inline int attach_as(struct client *c, uint32_t fid, uint32_t uid)
{
	int r;

	start(c, P9_TATTACH);
	p9_put_u32(&c->out, fid);
	p9_put_u32(&c->out, P9_NOFID);
	put_name(c, "nobody");
	put_name(c, "");
	p9_put_u32(&c->out, uid);
	r = call(c);
	if (r)
		return r;
	assert_int_equal(get_qid(c).type, P9_QTDIR);
	return end(c);
}

static inline int attach(struct client *c, uint32_t fid)
{
	return attach_as(c, fid, ~0u);
}

/* Walks names separated by '/'; "" clones. *walked, if asked for, is the number of qids. */
static inline int walk_some(struct client *c, uint32_t fid, uint32_t newfid, const char *path,
			    size_t *walked, struct p9_qid *last)
{
	uint16_t count = 0;
	size_t at, n;
	int r;

	start(c, P9_TWALK);
	p9_put_u32(&c->out, fid);
	p9_put_u32(&c->out, newfid);
	at = c->out.len;
	p9_put_u16(&c->out, 0);
	while (*path) {
		size_t len = strcspn(path, "/");

		p9_put_str(&c->out, path, len);
		path += len + (path[len] == '/');
		count++;
	}
	c->tx[at] = (uint8_t)count;
	r = call(c);
	if (r)
		return r;
	n = p9_get_u16(&c->in);
	for (size_t i = 0; i < n; i++)
		*last = get_qid(c);
	*walked = n;
	end(c);
	return n == count ? 0 : 1;
}

/* 0 only if it got all the way. */
static inline int walk(struct client *c, uint32_t fid, uint32_t newfid, const char *path)
{
	struct p9_qid qid;
	size_t walked;

	return walk_some(c, fid, newfid, path, &walked, &qid);
}

/* One name, of any bytes. */
static inline int walk_bytes(struct client *c, uint32_t fid, uint32_t newfid, const char *name,
			     size_t len)
{
	start(c, P9_TWALK);
	p9_put_u32(&c->out, fid);
	p9_put_u32(&c->out, newfid);
	p9_put_u16(&c->out, 1);
	p9_put_str(&c->out, name, len);
	return call(c);
}

/* Requests of a fid, or a fid and one number. */
static inline int call_fid(struct client *c, uint8_t type, uint32_t fid)
{
	start(c, type);
	p9_put_u32(&c->out, fid);
	return call(c);
}

static inline int clunk(struct client *c, uint32_t fid)
{
	int r = call_fid(c, P9_TCLUNK, fid);

	return r ? r : end(c);
}

static inline int lopen(struct client *c, uint32_t fid, uint32_t flags)
{
	int r;

	start(c, P9_TLOPEN);
	p9_put_u32(&c->out, fid);
	p9_put_u32(&c->out, flags);
	r = call(c);
	if (r)
		return r;
	(void)get_qid(c);
	assert_int_equal(p9_get_u32(&c->in), 0);
	return end(c);
}

static inline int getattr(struct client *c, uint32_t fid, struct attr *attr)
{
	int r;

	start(c, P9_TGETATTR);
	p9_put_u32(&c->out, fid);
	p9_put_u64(&c->out, P9_GETATTR_BASIC);
	r = call(c);
	if (r)
		return r;
	assert_int_equal(p9_get_u64(&c->in), P9_GETATTR_BASIC);
	attr->qid = get_qid(c);
	attr->mode = p9_get_u32(&c->in);
	attr->uid = p9_get_u32(&c->in);
	attr->gid = p9_get_u32(&c->in);
	attr->nlink = p9_get_u64(&c->in);
	attr->rdev = p9_get_u64(&c->in);
	attr->size = p9_get_u64(&c->in);
	attr->blksize = p9_get_u64(&c->in);
	attr->blocks = p9_get_u64(&c->in);
	for (size_t i = 0; i < 8; i++)
		attr->times[i] = p9_get_u64(&c->in);
	assert_int_equal(p9_get_u64(&c->in), 0);
	assert_int_equal(p9_get_u64(&c->in), 0);
	return end(c);
}

/* Tread or Treaddir: the count, with c->in at the data. */
static inline int read_bytes(struct client *c, uint8_t type, uint32_t fid, uint64_t offset,
			     uint32_t count)
{
	uint32_t n;
	int r;

	start(c, type);
	p9_put_u32(&c->out, fid);
	p9_put_u64(&c->out, offset);
	p9_put_u32(&c->out, count);
	r = call(c);
	if (r)
		return r;
	n = p9_get_u32(&c->in);
	assert_int_equal(n, c->in.left);
	assert_in_range(n, 0, count);
	return (int)n;
}

struct entry {
	struct p9_qid qid;
	uint64_t offset;
	uint8_t type;
	char name[256];
};

/* The next entry of an Rreaddir; false at its end. */
static inline bool next_entry(struct client *c, struct entry *entry)
{
	struct p9_str name;

	if (c->in.left == 0)
		return false;
	entry->qid = get_qid(c);
	entry->offset = p9_get_u64(&c->in);
	entry->type = p9_get_u8(&c->in);
	name = p9_get_str(&c->in);
	assert_false(c->in.failed);
	assert_in_range(name.len, 1, 255);
	memcpy(entry->name, name.bytes, name.len);
	entry->name[name.len] = 0;
	return true;
}

static inline int xattrwalk(struct client *c, uint32_t fid, uint32_t newfid, const char *name)
{
	int r;

	start(c, P9_TXATTRWALK);
	p9_put_u32(&c->out, fid);
	p9_put_u32(&c->out, newfid);
	put_name(c, name);
	r = call(c);
	if (r)
		return r;
	r = (int)p9_get_u64(&c->in);
	end(c);
	return r;
}

#endif
