/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/util.h"
#include "virtio/p9/request.h"
#include "virtio/p9/scatter.h"

/*
 * Descriptors of one server at most: fewer than 4096 together with the monitor's own. Beyond that a
 * descriptor table is large, and a guest's cached files cost the host an inode each.
 */
#define DESCRIPTORS_MAX 3968

/* Left to the rest of the process. */
#define DESCRIPTORS_RESERVE 64
#define DESCRIPTORS_MIN     16

static p9_handler *const handlers[] = {
	[P9_TSTATFS] = p9_statfs,
	[P9_TLOPEN] = p9_lopen,
	[P9_TREADLINK] = p9_readlink,
	[P9_TGETATTR] = p9_getattr,
	[P9_TXATTRWALK] = p9_xattrwalk,
	[P9_TREADDIR] = p9_readdir,
	[P9_TFSYNC] = p9_fsync,
	[P9_TLOCK] = p9_lock,
	[P9_TGETLOCK] = p9_getlock,
	[P9_TVERSION] = p9_version,
	[P9_TAUTH] = p9_auth,
	[P9_TATTACH] = p9_attach,
	[P9_TFLUSH] = p9_flush,
	[P9_TWALK] = p9_walk,
	[P9_TREAD] = p9_read,
	[P9_TCLUNK] = p9_clunk,
	[P9_TREMOVE] = p9_remove,
	/* Everything that would change the share. */
	[P9_TLCREATE] = p9_read_only,
	[P9_TSYMLINK] = p9_read_only,
	[P9_TMKNOD] = p9_read_only,
	[P9_TRENAME] = p9_read_only,
	[P9_TSETATTR] = p9_read_only,
	[P9_TXATTRCREATE] = p9_read_only,
	[P9_TLINK] = p9_read_only,
	[P9_TMKDIR] = p9_read_only,
	[P9_TRENAMEAT] = p9_read_only,
	[P9_TUNLINKAT] = p9_read_only,
	[P9_TWRITE] = p9_read_only,
};

static int handle(struct p9_server *server, struct p9_request *request)
{
	p9_handler *handler = request->type < ARRAY_SIZE(handlers) ? handlers[request->type] : NULL;
	int r;

	if (!handler)
		return -EOPNOTSUPP;
	if (!server->msize && request->type != P9_TVERSION)
		return -EPROTO;
	r = handler(server, request);
	if (r)
		return r;
	/* The guest left less room than the answer needs. */
	return request->out.failed ? -EMSGSIZE : 0;
}

/* The one place that answers. */
static size_t answer(struct p9_request *request, uint16_t tag, int error)
{
	struct p9_writer *out = &request->out;
	struct p9_writer head = {.start = out->start, .room = P9_HEAD_SIZE};
	uint8_t type = (uint8_t)(request->type + 1);
	size_t size;

	if (error) {
		out->len = P9_HEAD_SIZE;
		out->failed = false;
		request->payload = 0;
		p9_put_u32(out, (uint32_t)-error);
		type = P9_RLERROR;
	}
	size = out->len + request->payload;
	p9_put_u32(&head, (uint32_t)size);
	p9_put_u8(&head, type);
	p9_put_u16(&head, tag);
	(void)scatter_write(request->reply, request->reply_count, out->start, out->len);
	return size;
}

size_t p9_server_serve(struct p9_server *server, const struct iovec *request_iov,
		       size_t request_count, const struct iovec *reply, size_t reply_count)
{
	/* The only look at the request: the guest may change it from now on. */
	size_t got = scatter_read(request_iov, request_count, server->request, P9_REQUEST_MAX);
	size_t room = scatter_size(reply, reply_count);
	struct p9_request request = {.reply = reply, .reply_count = reply_count};
	uint32_t size;
	uint16_t tag;
	int r = 0;

	if (got < P9_HEAD_SIZE || room < P9_RLERROR_SIZE)
		return 0;
	request.room = min_u64(room, server->msize ? server->msize : P9_MSIZE_MIN);
	request.out = (struct p9_writer){.start = server->reply,
					 .len = P9_HEAD_SIZE,
					 .room = min_u64(request.room, P9_REPLY_MAX)};
	request.in = (struct p9_reader){.at = server->request, .left = got};
	size = p9_get_u32(&request.in);
	request.type = p9_get_u8(&request.in);
	tag = p9_get_u16(&request.in);
	if (size < P9_HEAD_SIZE) {
		r = -EPROTO;
	} else {
		request.in.left = min_u64(request.in.left, size - P9_HEAD_SIZE);
		r = handle(server, &request);
	}
	return answer(&request, tag, r);
}

/* How many descriptors this server may hold. */
static size_t descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur < DESCRIPTORS_RESERVE)
		return 0;
	return min_u64(limit.rlim_cur - DESCRIPTORS_RESERVE, DESCRIPTORS_MAX);
}

/*
 * Grows the kernel's descriptor table to its final size. Later, with several threads, each doubling would
 * wait for an RCU grace period, milliseconds, in the middle of a request.
 */
static void grow_descriptor_table(int any_fd, size_t limit)
{
	int highest = fcntl(any_fd, F_DUPFD_CLOEXEC, (int)limit);

	if (highest >= 0)
		(void)close(highest);
}

int p9_server_new(struct p9_server **server, const struct p9_share *share)
{
	size_t limit = descriptor_limit();
	_cleanup_free_ struct p9_server *new = NULL;
	int r;

	if (!share->read_only)
		return -EOPNOTSUPP;
	if (limit < DESCRIPTORS_MIN)
		return -EMFILE;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	r = p9_fids_init(&new->fids, &new->nodes, share->max_files);
	if (r)
		return r;
	r = p9_nodes_init(&new->nodes, share->root_fd, share->max_files, limit);
	if (r) {
		p9_fids_destroy(&new->fids);
		return r;
	}
	grow_descriptor_table(share->root_fd, limit);
	*server = steal_ptr(&new);
	return 0;
}

void p9_server_free(struct p9_server *server)
{
	if (!server)
		return;
	p9_fids_destroy(&server->fids);
	p9_nodes_destroy(&server->nodes);
	free(server);
}

void p9_server_reset(struct p9_server *server)
{
	p9_fid_remove_all(&server->fids);
	server->msize = 0;
}
