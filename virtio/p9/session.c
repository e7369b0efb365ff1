/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "core/util.h"
#include "virtio/p9/request.h"

/* Tversion msize[4] version[s] - Rversion msize[4] version[s] */
int p9_version(struct p9_server *server, struct p9_request *request)
{
	uint32_t msize = p9_get_u32(&request->in);
	struct p9_str version = p9_get_str(&request->in);
	bool known = version.len == strlen(P9_VERSION) &&
		     memcmp(version.bytes, P9_VERSION, version.len) == 0;
	const char *answer = known ? P9_VERSION : "unknown";
	int r = p9_get_end(&request->in);

	if (r)
		return r;
	/* Whatever comes of it, it ends the session there was. */
	p9_server_reset(server);
	if (msize < P9_MSIZE_MIN)
		return -EMSGSIZE;
	msize = (uint32_t)min_u64(msize, P9_MSIZE_MAX);
	if (known)
		server->msize = msize;
	p9_put_u32(&request->out, msize);
	p9_put_str(&request->out, answer, strlen(answer));
	return 0;
}

/*
 * Tauth afid[4] uname[s] aname[s] n_uname[4]. Who may use the share was decided when the monitor was
 * started; an error says that Tattach needs no afid.
 */
int p9_auth(struct p9_server *server, struct p9_request *request)
{
	(void)server;
	(void)request;
	return -EOPNOTSUPP;
}

/*
 * Tattach fid[4] afid[4] uname[s] aname[s] n_uname[4] - Rattach qid[13]
 *
 * Names and uid do not matter: there is one tree, and the rights are those of this process.
 */
int p9_attach(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint32_t afid = p9_get_u32(&request->in);
	struct p9_fid *fid;
	struct statx stx;
	struct p9_qid qid;
	int r;

	(void)p9_get_str(&request->in);
	(void)p9_get_str(&request->in);
	(void)p9_get_u32(&request->in);
	r = p9_get_end(&request->in);
	if (r)
		return r;
	if (afid != P9_NOFID)
		return -EBADF;
	r = p9_node_stat(&server->nodes, server->nodes.root, &stx);
	if (r)
		return r;
	r = p9_fid_add(&server->fids, number, server->nodes.root, &fid);
	if (r)
		return r;
	qid = p9_qid_of(&server->devices, &stx);
	p9_put_qid(&request->out, &qid);
	return 0;
}

/*
 * Tflush oldtag[2] - Rflush. Requests are served one at a time, in order: what the guest wants to
 * flush has been answered.
 */
int p9_flush(struct p9_server *server, struct p9_request *request)
{
	(void)server;
	(void)p9_get_u16(&request->in);
	return p9_get_end(&request->in);
}

/* One element of a walk: *to is the caller's to put back. */
static int step(struct p9_server *server, struct p9_node *from, struct p9_str str,
		struct p9_node **to, struct p9_qid *qid)
{
	char name[NAME_MAX + 1];
	struct statx stx;
	int r;

	if (str.len == 2 && memcmp(str.bytes, "..", 2) == 0) {
		if (from->id.type != S_IFDIR)
			return -ENOTDIR;
		*to = p9_node_parent(from);
		r = p9_node_stat(&server->nodes, *to, &stx);
		if (r)
			p9_node_put(&server->nodes, *to);
	} else {
		r = p9_fs_name(str, name);
		if (r == 0)
			r = p9_node_child(&server->nodes, from, name, to, &stx);
	}
	if (r == 0)
		*qid = p9_qid_of(&server->devices, &stx);
	return r;
}

/* Walks as far as it goes; *node, the caller's to put back, is where that is. */
static int walk(struct p9_server *server, struct p9_node *start, const struct p9_str *names,
		size_t count, struct p9_node **node, struct p9_qid *qids, size_t *walked)
{
	struct p9_node *at = p9_node_get(start);
	int r = 0;

	for (*walked = 0; *walked < count; (*walked)++) {
		struct p9_node *next;

		r = step(server, at, names[*walked], &next, &qids[*walked]);
		if (r)
			break;
		p9_node_put(&server->nodes, at);
		at = next;
	}
	*node = at;
	return r;
}

static int bind_walked(struct p9_server *server, struct p9_fid *fid, uint32_t newfid,
		       struct p9_node *node)
{
	struct p9_fid *new;

	if (newfid != fid->fid)
		return p9_fid_add(&server->fids, newfid, node, &new);
	p9_fid_move(&server->fids, fid, node);
	return 0;
}

/*
 * Twalk fid[4] newfid[4] nwname[2] nwname*(wname[s]) - Rwalk nwqid[2] nwqid*(qid[13])
 *
 * A walk that fails after its first name is no error: it says how far it went, and makes no newfid.
 */
int p9_walk(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint32_t newfid = p9_get_u32(&request->in);
	uint16_t count = p9_get_u16(&request->in);
	struct p9_str names[P9_MAXWELEM];
	struct p9_qid qids[P9_MAXWELEM];
	struct p9_fid *fid;
	struct p9_node *node;
	size_t walked;
	int r;

	if (count > P9_MAXWELEM)
		return -EPROTO;
	for (size_t i = 0; i < count; i++)
		names[i] = p9_get_str(&request->in);
	r = p9_get_end(&request->in);
	if (r)
		return r;
	fid = p9_fid_find(&server->fids, number);
	if (!fid || (newfid != number && p9_fid_find(&server->fids, newfid)))
		return -EBADF;
	/* An open fid stays what it was opened as, and an attribute's is no place to walk from. */
	if (fid->state == P9_FID_XATTR || (fid->state == P9_FID_OPEN && newfid == number))
		return -EBADF;
	r = walk(server, fid->node, names, count, &node, qids, &walked);
	if (r == 0)
		r = bind_walked(server, fid, newfid, node);
	else if (walked > 0)
		r = 0;
	p9_node_put(&server->nodes, node);
	if (r)
		return r;
	p9_put_u16(&request->out, (uint16_t)walked);
	for (size_t i = 0; i < walked; i++)
		p9_put_qid(&request->out, &qids[i]);
	return 0;
}

/* Tclunk fid[4] - Rclunk */
int p9_clunk(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	struct p9_fid *fid;
	int r = p9_get_end(&request->in);

	if (r)
		return r;
	fid = p9_fid_find(&server->fids, number);
	if (!fid)
		return -EBADF;
	p9_fid_remove(&server->fids, fid);
	return 0;
}

/* Tremove fid[4]: clunks the fid, whether the file can be removed or not. */
int p9_remove(struct p9_server *server, struct p9_request *request)
{
	int r = p9_clunk(server, request);

	return r ? r : -EROFS;
}

int p9_read_only(struct p9_server *server, struct p9_request *request)
{
	(void)server;
	(void)request;
	return -EROFS;
}

/* Tfsync fid[4] datasync[4] - Rfsync: nothing has been written. */
int p9_fsync(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	int r;

	(void)p9_get_u32(&request->in);
	r = p9_get_end(&request->in);
	if (r)
		return r;
	return p9_fid_find(&server->fids, number) ? 0 : -EBADF;
}

/*
 * Tlock fid[4] type[1] flags[4] start[8] length[8] proc_id[4] client_id[s] - Rlock status[1]
 *
 * Linux takes the lock in the guest first and asks then. On a read-only share there is no writer to
 * exclude but on the host, and a guest must not be able to stop those: locks are the guest's own.
 */
int p9_lock(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint8_t type = p9_get_u8(&request->in);
	int r;

	(void)p9_get_u32(&request->in);
	(void)p9_get_u64(&request->in);
	(void)p9_get_u64(&request->in);
	(void)p9_get_u32(&request->in);
	(void)p9_get_str(&request->in);
	r = p9_get_end(&request->in);
	if (r)
		return r;
	if (!p9_fid_find(&server->fids, number))
		return -EBADF;
	if (type > P9_LOCK_TYPE_UNLCK)
		return -EINVAL;
	p9_put_u8(&request->out, P9_LOCK_SUCCESS);
	return 0;
}

/*
 * Tgetlock fid[4] type[1] start[8] length[8] proc_id[4] client_id[s] - Rgetlock, the same without fid:
 * the lock in the way, or type UNLCK if there is none.
 */
int p9_getlock(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint8_t type = p9_get_u8(&request->in);
	uint64_t start = p9_get_u64(&request->in);
	uint64_t length = p9_get_u64(&request->in);
	uint32_t proc_id = p9_get_u32(&request->in);
	struct p9_str client_id = p9_get_str(&request->in);
	int r = p9_get_end(&request->in);

	if (r)
		return r;
	if (!p9_fid_find(&server->fids, number))
		return -EBADF;
	if (type > P9_LOCK_TYPE_UNLCK)
		return -EINVAL;
	p9_put_u8(&request->out, P9_LOCK_TYPE_UNLCK);
	p9_put_u64(&request->out, start);
	p9_put_u64(&request->out, length);
	p9_put_u32(&request->out, proc_id);
	p9_put_str(&request->out, client_id.bytes, client_id.len);
	return 0;
}
