/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that change something, for the tests of the 9P server: see p9_call.h. */
#ifndef TESTS_UNIT_P9_CHANGE_H
#define TESTS_UNIT_P9_CHANGE_H

#include "tests/unit/p9_call.h"

#include <sys/stat.h>

/* A request to change something, as Linux encodes it; file is "f" in the directory dir. */
static inline void put_change(struct client *c, uint8_t type, uint32_t dir, uint32_t file)
{
	struct p9_writer *out = &c->out;

	start(c, type);
	p9_put_u32(out, type == P9_TSETATTR || type == P9_TWRITE || type == P9_TXATTRCREATE ||
					type == P9_TRENAME
				? file
				: dir);
	switch (type) {
	case P9_TLCREATE: /* name flags mode gid */
		put_name(c, "new");
		p9_put_u32(out, P9_DOTL_CREATE | P9_DOTL_RDWR);
		p9_put_u32(out, 0644);
		p9_put_u32(out, 0);
		break;
	case P9_TSYMLINK: /* name target gid */
		put_name(c, "new");
		put_name(c, "target");
		p9_put_u32(out, 0);
		break;
	case P9_TMKNOD: /* name mode major minor gid */
		put_name(c, "new");
		p9_put_u32(out, S_IFIFO | 0666);
		p9_put_u32(out, 1);
		p9_put_u32(out, 3);
		p9_put_u32(out, 0);
		break;
	case P9_TRENAME: /* dfid name */
		p9_put_u32(out, dir);
		put_name(c, "new");
		break;
	case P9_TSETATTR: /* valid mode uid gid size atime mtime */
		p9_put_u32(out, 0xff);
		for (int i = 0; i < 3; i++)
			p9_put_u32(out, 0);
		for (int i = 0; i < 5; i++)
			p9_put_u64(out, 0);
		break;
	case P9_TXATTRCREATE: /* name size flags */
		put_name(c, "user.new");
		p9_put_u64(out, 1);
		p9_put_u32(out, 0);
		break;
	case P9_TLINK: /* fid name */
		p9_put_u32(out, file);
		put_name(c, "new");
		break;
	case P9_TMKDIR: /* name mode gid */
		put_name(c, "new");
		p9_put_u32(out, 0755);
		p9_put_u32(out, 0);
		break;
	case P9_TRENAMEAT: /* oldname newdirfid newname */
		put_name(c, "f");
		p9_put_u32(out, dir);
		put_name(c, "new");
		break;
	case P9_TUNLINKAT: /* name flags */
		put_name(c, "f");
		p9_put_u32(out, 0);
		break;
	case P9_TWRITE: /* offset count data */
		p9_put_u64(out, 0);
		p9_put_u32(out, 3);
		p9_put_u8(out, 'n');
		p9_put_u8(out, 'e');
		p9_put_u8(out, 'w');
		break;
	default:
		fail();
	}
}

/* lcreate: fid, a directory, becomes the open file. */
static inline int lcreate(struct client *c, uint32_t fid, const char *name, uint32_t flags,
			  uint32_t mode, uint32_t gid)
{
	int r;

	start(c, P9_TLCREATE);
	p9_put_u32(&c->out, fid);
	put_name(c, name);
	p9_put_u32(&c->out, flags);
	p9_put_u32(&c->out, mode);
	p9_put_u32(&c->out, gid);
	r = call(c);
	if (r)
		return r;
	(void)get_qid(c);
	assert_int_equal(p9_get_u32(&c->in), 0);
	return end(c);
}

/* Creates a file in fid 0 as another fid, as Linux does. */
static inline int create(struct client *c, uint32_t fid, const char *name, uint32_t mode)
{
	int r = walk(c, 0, fid, "");

	return r ? r : lcreate(c, fid, name, P9_DOTL_RDWR | P9_DOTL_EXCL, mode, ~0u);
}

/* The count written, or -errno. */
static inline int twrite(struct client *c, uint32_t fid, uint64_t offset, const void *data,
			 uint32_t count)
{
	uint32_t n;
	int r;

	start(c, P9_TWRITE);
	p9_put_u32(&c->out, fid);
	p9_put_u64(&c->out, offset);
	p9_put_u32(&c->out, count);
	assert_in_range(count, 0, sizeof(c->tx) - c->out.len);
	if (count)
		memcpy(c->tx + c->out.len, data, count);
	c->out.len += count;
	r = call(c);
	if (r)
		return r;
	n = p9_get_u32(&c->in);
	assert_in_range(n, 0, count);
	end(c);
	return (int)n;
}

/* What has a qid of the given type as its reply. */
static inline int call_made(struct client *c, uint8_t type)
{
	int r = call(c);

	if (r)
		return r;
	assert_int_equal(get_qid(c).type, type);
	return end(c);
}

static inline int tmkdir(struct client *c, uint32_t dir, const char *name, uint32_t mode,
			 uint32_t gid)
{
	start(c, P9_TMKDIR);
	p9_put_u32(&c->out, dir);
	put_name(c, name);
	p9_put_u32(&c->out, mode);
	p9_put_u32(&c->out, gid);
	return call_made(c, P9_QTDIR);
}

static inline int tsymlink(struct client *c, uint32_t dir, const char *name, const char *target)
{
	start(c, P9_TSYMLINK);
	p9_put_u32(&c->out, dir);
	put_name(c, name);
	put_name(c, target);
	p9_put_u32(&c->out, ~0u);
	return call_made(c, P9_QTSYMLINK);
}

/* A device would be the null device. */
static inline int tmknod(struct client *c, uint32_t dir, const char *name, uint32_t mode)
{
	start(c, P9_TMKNOD);
	p9_put_u32(&c->out, dir);
	put_name(c, name);
	p9_put_u32(&c->out, mode);
	p9_put_u32(&c->out, 1);
	p9_put_u32(&c->out, 3);
	p9_put_u32(&c->out, ~0u);
	return call_made(c, P9_QTFILE);
}

static inline int call_end(struct client *c)
{
	int r = call(c);

	return r ? r : end(c);
}

static inline int tlink(struct client *c, uint32_t dir, uint32_t fid, const char *name)
{
	start(c, P9_TLINK);
	p9_put_u32(&c->out, dir);
	p9_put_u32(&c->out, fid);
	put_name(c, name);
	return call_end(c);
}

static inline int trename(struct client *c, uint32_t fid, uint32_t dir, const char *name)
{
	start(c, P9_TRENAME);
	p9_put_u32(&c->out, fid);
	p9_put_u32(&c->out, dir);
	put_name(c, name);
	return call_end(c);
}

static inline int trenameat(struct client *c, uint32_t dir, const char *name, uint32_t new_dir,
			    const char *new_name)
{
	start(c, P9_TRENAMEAT);
	p9_put_u32(&c->out, dir);
	put_name(c, name);
	p9_put_u32(&c->out, new_dir);
	put_name(c, new_name);
	return call_end(c);
}

static inline int tunlinkat(struct client *c, uint32_t dir, const char *name, uint32_t flags)
{
	start(c, P9_TUNLINKAT);
	p9_put_u32(&c->out, dir);
	put_name(c, name);
	p9_put_u32(&c->out, flags);
	return call_end(c);
}

static inline int tremove(struct client *c, uint32_t fid)
{
	int r = call_fid(c, P9_TREMOVE, fid);

	return r ? r : end(c);
}

static inline int tfsync(struct client *c, uint32_t fid, uint32_t datasync)
{
	start(c, P9_TFSYNC);
	p9_put_u32(&c->out, fid);
	p9_put_u32(&c->out, datasync);
	return call_end(c);
}

struct wish {
	uint32_t valid; /* enum p9_setattr */
	uint32_t mode, uid, gid;
	uint64_t size;
	uint64_t times[4]; /* atime, mtime: seconds and nanoseconds */
};

static inline int setattr(struct client *c, uint32_t fid, struct wish wish)
{
	start(c, P9_TSETATTR);
	p9_put_u32(&c->out, fid);
	p9_put_u32(&c->out, wish.valid);
	p9_put_u32(&c->out, wish.mode);
	p9_put_u32(&c->out, wish.uid);
	p9_put_u32(&c->out, wish.gid);
	p9_put_u64(&c->out, wish.size);
	for (int i = 0; i < 4; i++)
		p9_put_u64(&c->out, wish.times[i]);
	return call_end(c);
}

static inline int set_mode(struct client *c, uint32_t fid, uint32_t mode)
{
	return setattr(c, fid, (struct wish){.valid = P9_SETATTR_MODE, .mode = mode});
}

static inline int set_size(struct client *c, uint32_t fid, uint64_t size)
{
	return setattr(c, fid, (struct wish){.valid = P9_SETATTR_SIZE, .size = size});
}

static inline int xattrcreate(struct client *c, uint32_t fid, const char *name, uint64_t size,
			      uint32_t flags)
{
	start(c, P9_TXATTRCREATE);
	p9_put_u32(&c->out, fid);
	put_name(c, name);
	p9_put_u64(&c->out, size);
	p9_put_u32(&c->out, flags);
	return call_end(c);
}

struct lock_wish {
	uint8_t type;
	uint64_t start, length;
	uint32_t proc_id;
};

static inline void put_lock(struct client *c, uint8_t request, uint32_t fid, struct lock_wish lock)
{
	start(c, request);
	p9_put_u32(&c->out, fid);
	p9_put_u8(&c->out, lock.type);
	if (request == P9_TLOCK)
		p9_put_u32(&c->out, 0);
	p9_put_u64(&c->out, lock.start);
	p9_put_u64(&c->out, lock.length);
	p9_put_u32(&c->out, lock.proc_id);
	put_name(c, "guest");
}

/* The status, or -errno. */
static inline int tlock(struct client *c, uint32_t fid, struct lock_wish lock)
{
	int r;

	put_lock(c, P9_TLOCK, fid, lock);
	r = call(c);
	if (r)
		return r;
	r = p9_get_u8(&c->in);
	end(c);
	return r;
}

/* Changes *lock to the one in the way. */
static inline int tgetlock(struct client *c, uint32_t fid, struct lock_wish *lock)
{
	int r;

	put_lock(c, P9_TGETLOCK, fid, *lock);
	r = call(c);
	if (r)
		return r;
	lock->type = p9_get_u8(&c->in);
	lock->start = p9_get_u64(&c->in);
	lock->length = p9_get_u64(&c->in);
	lock->proc_id = p9_get_u32(&c->in);
	assert_int_equal(p9_get_str(&c->in).len, 5);
	return end(c);
}

#endif
