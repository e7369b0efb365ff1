/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "core/util.h"
#include "virtio/p9/request.h"

/*
 * Waits until no other worker has a request that is not answered and that matters: of this tag, or, for
 * tag NULL, any. Those that wait themselves are not waited for.
 */
static void wait_for_others(struct p9_server *server, const struct p9_worker *self,
			    const uint16_t *tag)
{
	struct p9_worker *other;

	(void)pthread_mutex_lock(&server->lock);
again:
	LIST_FOREACH(other, &server->workers, entry)
	{
		if (other != self && other->busy && other->request.type != P9_TFLUSH &&
		    other->request.type != P9_TVERSION && (!tag || other->request.tag == *tag)) {
			(void)pthread_cond_wait(&server->answered, &server->lock);
			goto again;
		}
	}
	(void)pthread_mutex_unlock(&server->lock);
}

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
	wait_for_others(server, request->worker, NULL);
	p9_server_reset(server);
	if (msize < P9_MSIZE_MIN)
		return -EMSGSIZE;
	msize = (uint32_t)min_u64(msize, P9_MSIZE_MAX);
	if (known)
		atomic_store(&server->msize, msize);
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

/* Makes a number stand for a node. */
static int bind(struct p9_server *server, uint32_t number, struct p9_node *node, uid_t uid)
{
	_cleanup_fid_ struct p9_fid *fid = p9_fid_new(&server->fids, node, uid);

	return fid ? p9_fid_add(&server->fids, number, fid) : -ENOMEM;
}

/*
 * Tattach fid[4] afid[4] uname[s] aname[s] n_uname[4] - Rattach qid[13]
 *
 * Names do not matter: there is one tree. n_uname does to a server that keeps owners.
 */
int p9_attach(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint32_t afid = p9_get_u32(&request->in);
	struct p9_node *root = server->nodes.root;
	struct statx stx;
	struct p9_qid qid;
	uid_t uid;
	int r;

	(void)p9_get_str(&request->in);
	(void)p9_get_str(&request->in);
	uid = p9_get_u32(&request->in);
	r = p9_get_end(&request->in);
	if (r)
		return r;
	if (afid != P9_NOFID)
		return -EBADF;
	r = p9_node_stat(root, &stx);
	if (r == 0)
		r = bind(server, number, root, uid);
	if (r)
		return r;
	qid = p9_node_qid(server, root, &stx);
	p9_put_qid(&request->out, &qid);
	return 0;
}

/* Tflush oldtag[2] - Rflush: sent after the answer to oldtag, if that is still to come. */
int p9_flush(struct p9_server *server, struct p9_request *request)
{
	uint16_t oldtag = p9_get_u16(&request->in);
	int r = p9_get_end(&request->in);

	if (r == 0)
		wait_for_others(server, request->worker, &oldtag);
	return r;
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
		r = p9_node_stat(*to, &stx);
		if (r)
			p9_node_put(*to);
	} else {
		r = p9_fs_name(str, name);
		if (r == 0)
			r = p9_node_child(from, name, to, &stx);
	}
	if (r == 0)
		*qid = p9_node_qid(server, *to, &stx);
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
		p9_node_put(at);
		at = next;
	}
	*node = at;
	return r;
}

static int bind_walked(struct p9_server *server, struct p9_fid *from, uint32_t newfid,
		       struct p9_node *node)
{
	_cleanup_fid_ struct p9_fid *fid = p9_fid_new(&server->fids, node, from->uid);

	if (!fid)
		return -ENOMEM;
	return newfid == from->number ? p9_fid_replace(from, fid)
				      : p9_fid_add(&server->fids, newfid, fid);
}

static int walk_from(struct p9_server *server, struct p9_request *request, struct p9_fid *from,
		     uint32_t newfid, const struct p9_str *names, size_t count)
{
	_cleanup_node_ struct p9_node *node = NULL;
	struct p9_qid qids[P9_MAXWELEM];
	size_t walked;
	int r = walk(server, from->node, names, count, &node, qids, &walked);

	if (r == 0)
		r = bind_walked(server, from, newfid, node);
	else if (walked > 0)
		r = 0;
	if (r)
		return r;
	p9_put_u16(&request->out, (uint16_t)walked);
	for (size_t i = 0; i < walked; i++)
		p9_put_qid(&request->out, &qids[i]);
	return 0;
}

/* Is the number free? Asked first, as a walk may be long and in vain. */
static bool is_free(struct p9_server *server, uint32_t number)
{
	_cleanup_fid_ struct p9_fid *fid = p9_fid_get(&server->fids, number);

	return !fid;
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
	/* An open fid stays what it was opened as, and an attribute's is no place to walk from. */
	unsigned int states = newfid == number ? P9_FID_IS(P9_FID_WALKED) : P9_FID_ANY_FILE;
	_cleanup_fid_ struct p9_fid *fid = NULL;
	struct p9_str names[P9_MAXWELEM];
	int r;

	if (count > P9_MAXWELEM)
		return -EPROTO;
	for (size_t i = 0; i < count; i++)
		names[i] = p9_get_str(&request->in);
	r = p9_get_end(&request->in);
	if (r == 0)
		r = p9_find_fid(server, number, states, &fid);
	if (r)
		return r;
	if (newfid != number && !is_free(server, newfid))
		return -EBADF;
	return walk_from(server, request, fid, newfid, names, count);
}

/* Tclunk fid[4] - Rclunk: the fid goes in any case. */
int p9_clunk(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	_cleanup_fid_ struct p9_fid *fid = NULL;
	int r = p9_get_end(&request->in);

	if (r)
		return r;
	fid = p9_fid_take(&server->fids, number);
	if (!fid)
		return -EBADF;
	return fid->state == P9_FID_XATTR_SET ? p9_xattr_commit(server, fid) : 0;
}
