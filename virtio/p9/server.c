/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/util.h"
#include "virtio/p9/creds.h"
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
	[P9_TLCREATE] = p9_lcreate,
	[P9_TSYMLINK] = p9_symlink,
	[P9_TMKNOD] = p9_mknod,
	[P9_TRENAME] = p9_rename,
	[P9_TREADLINK] = p9_readlink,
	[P9_TGETATTR] = p9_getattr,
	[P9_TSETATTR] = p9_setattr,
	[P9_TXATTRWALK] = p9_xattrwalk,
	[P9_TXATTRCREATE] = p9_xattrcreate,
	[P9_TREADDIR] = p9_readdir,
	[P9_TFSYNC] = p9_fsync,
	[P9_TLOCK] = p9_lock,
	[P9_TGETLOCK] = p9_getlock,
	[P9_TLINK] = p9_link,
	[P9_TMKDIR] = p9_mkdir,
	[P9_TRENAMEAT] = p9_renameat,
	[P9_TUNLINKAT] = p9_unlinkat,
	[P9_TVERSION] = p9_version,
	[P9_TAUTH] = p9_auth,
	[P9_TATTACH] = p9_attach,
	[P9_TFLUSH] = p9_flush,
	[P9_TWALK] = p9_walk,
	[P9_TREAD] = p9_read,
	[P9_TWRITE] = p9_write,
	[P9_TCLUNK] = p9_clunk,
	[P9_TREMOVE] = p9_remove,
};

/* --- serving ---------------------------------------------------------------------------------------- */

bool p9_worker_take(struct p9_worker *worker, const struct iovec *message, size_t message_count)
{
	struct p9_server *server = worker->server;
	struct p9_request *request = &worker->request;
	size_t got = scatter_read(message, message_count, worker->message, P9_HEAD_SIZE);

	if (got < P9_HEAD_SIZE)
		return false;
	if (!worker->entered)
		p9_creds_fsetid(false);
	worker->entered = true;
	*request = (struct p9_request){
		.in = {.at = worker->message, .left = got},
		.message = message,
		.message_count = message_count,
		.worker = worker,
		.scratch = worker->scratch,
		.iov = worker->iov,
	};
	request->size = p9_get_u32(&request->in);
	request->type = p9_get_u8(&request->in);
	request->tag = p9_get_u16(&request->in);
	(void)pthread_mutex_lock(&server->lock);
	worker->busy = true;
	(void)pthread_mutex_unlock(&server->lock);
	return true;
}

/* The only look at the body of the request: the guest may change it from now on. */
static void read_body(struct p9_request *request)
{
	size_t max = request->type == P9_TWRITE ? P9_TWRITE_HEAD : P9_REQUEST_MAX;
	size_t got = scatter_read_from(request->message, request->message_count, P9_HEAD_SIZE,
				       request->worker->message, max - P9_HEAD_SIZE);

	request->in = (struct p9_reader){
		.at = request->worker->message,
		.left = min_u64(got, request->size - P9_HEAD_SIZE),
	};
}

static int handle(struct p9_server *server, struct p9_request *request, uint32_t msize)
{
	p9_handler *handler = request->type < ARRAY_SIZE(handlers) ? handlers[request->type] : NULL;
	int r;

	if (request->size < P9_HEAD_SIZE)
		return -EPROTO;
	if (!handler)
		return -EOPNOTSUPP;
	if (!msize && request->type != P9_TVERSION)
		return -EPROTO;
	read_body(request);
	r = handler(server, request);
	if (r)
		return r;
	/* The guest left less room than the answer needs. */
	return request->out.failed ? -EMSGSIZE : 0;
}

/* The one place that answers. */
static size_t answer(struct p9_request *request, int error)
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
	p9_put_u16(&head, request->tag);
	(void)scatter_write(request->reply, request->reply_count, out->start, out->len);
	return size;
}

size_t p9_worker_serve(struct p9_worker *worker, const struct iovec *reply, size_t reply_count)
{
	struct p9_server *server = worker->server;
	struct p9_request *request = &worker->request;
	size_t room = scatter_size(reply, reply_count), size = 0;
	uint32_t msize = atomic_load(&server->msize);

	if (room >= P9_RLERROR_SIZE) {
		request->reply = reply;
		request->reply_count = reply_count;
		request->room = min_u64(room, msize ? msize : P9_MSIZE_MIN);
		request->out = (struct p9_writer){.start = worker->reply,
						  .len = P9_HEAD_SIZE,
						  .room = min_u64(request->room, P9_REPLY_MAX)};
		size = answer(request, handle(server, request, msize));
	}
	return size;
}

void p9_worker_done(struct p9_worker *worker)
{
	struct p9_server *server = worker->server;

	(void)pthread_mutex_lock(&server->lock);
	worker->busy = false;
	(void)pthread_cond_broadcast(&server->answered);
	(void)pthread_mutex_unlock(&server->lock);
}

int p9_find_fid(struct p9_server *server, uint32_t number, unsigned int states, struct p9_fid **fid)
{
	*fid = p9_fid_get(&server->fids, number);
	if (*fid && (states & P9_FID_IS((*fid)->state)))
		return 0;
	if (*fid)
		p9_fid_put(*fid);
	*fid = NULL;
	return -EBADF;
}

int p9_fid_file(const struct p9_fid *fid, struct p9_node **held)
{
	int fd;

	*held = NULL;
	if (fid->fd >= 0)
		return fid->fd;
	fd = p9_node_hold(fid->node);
	if (fd >= 0)
		*held = fid->node;
	return fd;
}

/* --- workers ---------------------------------------------------------------------------------------- */

struct p9_worker *p9_worker_new(struct p9_server *server)
{
	struct p9_worker *worker = aligned_alloc(_Alignof(struct p9_worker), sizeof(*worker));

	if (!worker)
		return NULL;
	worker->server = server;
	worker->busy = false;
	worker->entered = false;
	(void)pthread_mutex_lock(&server->lock);
	LIST_INSERT_HEAD(&server->workers, worker, entry);
	(void)pthread_mutex_unlock(&server->lock);
	return worker;
}

void p9_worker_free(struct p9_worker *worker)
{
	if (!worker)
		return;
	(void)pthread_mutex_lock(&worker->server->lock);
	LIST_REMOVE(worker, entry);
	(void)pthread_mutex_unlock(&worker->server->lock);
	free(worker);
}

/* --- the server ------------------------------------------------------------------------------------- */

/* How many descriptors this server may hold. */
static size_t descriptor_limit(const struct p9_share *share)
{
	size_t reserve = DESCRIPTORS_RESERVE + p9_hides_count(share->hides);
	size_t servers = share->servers ? share->servers : 1;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur < reserve)
		return 0;
	return min_u64(limit.rlim_cur - reserve, DESCRIPTORS_MAX) / servers;
}

/* Does proc_fd lead from a descriptor of this process to its file? */
static bool leads_to(int proc_fd, int fd)
{
	_cleanup_close_ int again = p9_fs_reopen(proc_fd, fd, O_PATH);
	struct statx a, b;

	return again >= 0 && p9_fs_stat(again, &a) == 0 && p9_fs_stat(fd, &b) == 0 &&
	       a.stx_ino == b.stx_ino && a.stx_mnt_id == b.stx_mnt_id;
}

/*
 * Grows the kernel's descriptor table to its final size. Later, with several threads, each doubling would
 * wait for an RCU grace period, milliseconds, in the middle of a request. The descriptor of that number
 * is one that no other process has, and so tells whether proc_fd is this one's.
 */
static int check_descriptors(int proc_fd, int any_fd, size_t limit)
{
	_cleanup_close_ int highest = fcntl(any_fd, F_DUPFD_CLOEXEC, (int)limit);

	return leads_to(proc_fd, highest >= 0 ? highest : any_fd) ? 0 : -EBADF;
}

static int set_up(struct p9_server *server)
{
	const struct p9_share *share = &server->share;
	size_t limit = descriptor_limit(share);
	int r;

	if (share->export_count == 0)
		return -EINVAL;
	if (limit < DESCRIPTORS_MIN + share->export_count - 1)
		return -EMFILE;
	r = check_descriptors(share->proc_fd, share->exports[0].fd,
			      limit * (share->servers ? share->servers : 1));
	if (r == 0)
		r = p9_fids_init(&server->fids, &server->nodes, share->max_files);
	if (r)
		return r;
	r = p9_nodes_init(&server->nodes, share, share->max_files, limit);
	if (r) {
		p9_fids_destroy(&server->fids);
		return r;
	}
	return 0;
}

int p9_server_new(struct p9_server **out, const struct p9_share *share)
{
	struct p9_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->share = *share;
	server->devices = P9_DEVICES_INIT;
	server->keeps_owners = geteuid() == 0 && getegid() == 0;
	LIST_INIT(&server->workers);
	r = set_up(server);
	if (r) {
		free(server);
		return r;
	}
	(void)umask(0);
	(void)pthread_mutex_init(&server->lock, NULL);
	(void)pthread_cond_init(&server->answered, NULL);
	*out = server;
	return 0;
}

void p9_server_free(struct p9_server *server)
{
	if (!server)
		return;
	p9_fids_destroy(&server->fids);
	p9_nodes_destroy(&server->nodes);
	(void)pthread_mutex_destroy(&server->lock);
	(void)pthread_cond_destroy(&server->answered);
	free(server);
}

void p9_server_reset(struct p9_server *server)
{
	p9_fid_remove_all(&server->fids);
	atomic_store(&server->msize, 0);
}
