/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>

#include "virtio/p9/request.h"

struct lock_request {
	struct p9_fid *fid; /* to be put back */
	uint8_t type;       /* enum p9_lock_type */
	uint64_t start, length;
	uint32_t proc_id;
	struct p9_str client_id;
};

static int get_request(struct p9_server *server, struct p9_request *request, bool flags,
		       struct lock_request *lock)
{
	uint32_t number = p9_get_u32(&request->in);
	int r;

	lock->type = p9_get_u8(&request->in);
	if (flags)
		(void)p9_get_u32(&request->in);
	lock->start = p9_get_u64(&request->in);
	lock->length = p9_get_u64(&request->in);
	lock->proc_id = p9_get_u32(&request->in);
	lock->client_id = p9_get_str(&request->in);
	r = p9_get_end(&request->in);
	if (r)
		return r;
	if (lock->type > P9_LOCK_TYPE_UNLCK)
		return -EINVAL;
	return p9_find_fid(server, number, ~0u, &lock->fid);
}

/* Whether the host is to know of it: a guest must not stop others where it cannot write. */
static bool concerns_host(const struct p9_fid *fid)
{
	return fid->state == P9_FID_OPEN && fid->fd >= 0 && p9_node_writable(fid->node) == 0;
}

static int host_lock(const struct lock_request *lock, struct flock *flock)
{
	static const short types[] = {
		[P9_LOCK_TYPE_RDLCK] = F_RDLCK,
		[P9_LOCK_TYPE_WRLCK] = F_WRLCK,
		[P9_LOCK_TYPE_UNLCK] = F_UNLCK,
	};

	if (lock->start > INT64_MAX || lock->length > INT64_MAX - lock->start)
		return -EINVAL;
	*flock = (struct flock){
		.l_type = types[lock->type],
		.l_whence = SEEK_SET,
		.l_start = (off_t)lock->start,
		.l_len = (off_t)lock->length,
	};
	return 0;
}

/* Does another fid of the same file hold locks? Then it may be that one that is in the way. */
static bool others_hold(const struct p9_fid *fid)
{
	return atomic_load(&fid->node->locks) > (unsigned int)atomic_load(&fid->locked);
}

static void note_lock(struct p9_fid *fid)
{
	if (!atomic_exchange(&fid->locked, true))
		atomic_fetch_add(&fid->node->locks, 1);
}

void p9_lock_drop(struct p9_fid *fid)
{
	if (atomic_exchange(&fid->locked, false))
		atomic_fetch_sub(&fid->node->locks, 1);
}

static int take_lock(struct p9_fid *fid, struct flock *flock, uint8_t *status)
{
	if (fcntl(fid->fd, F_OFD_SETLK, flock) == 0) {
		if (flock->l_type != F_UNLCK)
			note_lock(fid);
		return 0;
	}
	switch (errno) {
	case EAGAIN:
	case EACCES:
		if (!others_hold(fid))
			*status = P9_LOCK_BLOCKED;
		return 0;
	case EBADF: /* flock(2) locks exclusively what is open for reading only; this cannot */
	case EOPNOTSUPP:
		return 0;
	default:
		return -errno;
	}
}

/*
 * Tlock fid[4] type[1] flags[4] start[8] length[8] proc_id[4] client_id[s] - Rlock status[1]
 *
 * Never waits: a guest that is ready to wait asks again.
 */
int p9_lock(struct p9_server *server, struct p9_request *request)
{
	struct lock_request lock = {0};
	uint8_t status = P9_LOCK_SUCCESS;
	struct flock flock;
	int r = get_request(server, request, true, &lock);

	if (r)
		return r;
	if (concerns_host(lock.fid)) {
		r = host_lock(&lock, &flock);
		if (r == 0)
			r = take_lock(lock.fid, &flock, &status);
	}
	p9_fid_put(lock.fid);
	if (r)
		return r;
	p9_put_u8(&request->out, status);
	return 0;
}

/* The host's lock in the way, if there is one and it is not the guest's own. */
static int find_conflict(struct lock_request *lock)
{
	struct flock flock;
	int r = host_lock(lock, &flock);

	if (r)
		return r;
	if (flock.l_type == F_UNLCK)
		return 0;
	if (others_hold(lock->fid) || fcntl(lock->fid->fd, F_OFD_GETLK, &flock) ||
	    flock.l_type == F_UNLCK)
		flock.l_type = F_UNLCK;
	if (flock.l_type == F_UNLCK) {
		lock->type = P9_LOCK_TYPE_UNLCK;
		return 0;
	}
	lock->type = flock.l_type == F_RDLCK ? P9_LOCK_TYPE_RDLCK : P9_LOCK_TYPE_WRLCK;
	lock->start = (uint64_t)flock.l_start;
	lock->length = (uint64_t)flock.l_len;
	lock->proc_id = 0; /* a process of the host's: no number that means anything in the guest */
	return 0;
}

/*
 * Tgetlock fid[4] type[1] start[8] length[8] proc_id[4] client_id[s] - Rgetlock, the same without fid:
 * the lock in the way, or type UNLCK if there is none.
 */
int p9_getlock(struct p9_server *server, struct p9_request *request)
{
	struct lock_request lock = {0};
	int r = get_request(server, request, false, &lock);

	if (r)
		return r;
	if (concerns_host(lock.fid))
		r = find_conflict(&lock);
	else
		lock.type = P9_LOCK_TYPE_UNLCK;
	p9_fid_put(lock.fid);
	if (r)
		return r;
	p9_put_u8(&request->out, lock.type);
	p9_put_u64(&request->out, lock.start);
	p9_put_u64(&request->out, lock.length);
	p9_put_u32(&request->out, lock.proc_id);
	p9_put_str(&request->out, lock.client_id.bytes, lock.client_id.len);
	return 0;
}
