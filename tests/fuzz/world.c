/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/world.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/util.h"
#include "tests/fuzz/reply.h"
#include "tests/fuzz/world_tree.h"
#include "virtio/p9/request.h"
#include "virtio/p9/scatter.h"

#define MSIZE 65536u

/* Fids, and files to remember, at most. Of the few, an input can make more. */
#define FILES     1000u
#define FEW_FILES 23u

/* Files that stay open where descriptors are few: 17 are all there are. */
#define OPEN_OTHERS 10u

/* How much of a worker's buffers is filled with what no answer may hold. */
#define STALE 4096u

static struct served {
	struct p9_export exports[2];
	size_t export_count;
	struct p9_server *server;
	struct p9_worker *worker;
} served[WORLD_SERVERS];

static struct served *now;
static int proc_fd; /* open for reading: its entries are counted, too */
static size_t descriptors_before;
static uint8_t stale[STALE];

void world_broken(const char *what)
{
	(void)fprintf(stderr, "broken: %s\n", what);
	abort();
}

static size_t count_descriptors(void)
{
	return tree_count_entries(proc_fd);
}

/* --- servers ---------------------------------------------------------------------------------------- */

static int reopen(int dir)
{
	return openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void describe(struct served *s, enum world_server which)
{
	if (which == WORLD_ONE_EXPORT) {
		s->exports[0] =
			(struct p9_export){.name = "", .fd = reopen(tree.rw), .writable = true};
		s->export_count = 1;
		return;
	}
	s->exports[0] = (struct p9_export){.name = "ro", .fd = reopen(tree.ro)};
	s->exports[1] = (struct p9_export){
		.name = "rw", .fd = reopen(tree.rw), .writable = true, .direct = true};
	s->export_count = 2;
}

static void start_server(enum world_server which, const struct p9_hides *hides)
{
	struct served *s = &served[which];
	struct p9_share share = {
		.exports = s->exports, .proc_fd = proc_fd, .hides = hides, .max_files = FILES};
	struct rlimit limit, few;

	describe(s, which);
	share.export_count = s->export_count;
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	few = (struct rlimit){64 + 2 + 17, limit.rlim_max};
	if (which == WORLD_FEW_DESCRIPTORS) {
		(void)setrlimit(RLIMIT_NOFILE, &few);
		share.max_files = FEW_FILES;
	}
	if (p9_server_new(&s->server, &share))
		world_broken("no server");
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	s->worker = p9_worker_new(s->server);
	if (!s->worker)
		world_broken("no worker");
}

static void set_up(void)
{
	static struct p9_hides *hides;
	struct p9_hide hide[2];

	for (size_t i = 0; i < STALE; i++)
		stale[i] = (uint8_t)SECRET[i % SECRET_LEN];
	tree_make();
	hide[0] = (struct p9_hide){tree.rw, "hidden", false};
	hide[1] = (struct p9_hide){tree.rw, "hdir", false};
	proc_fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc_fd <= 0 || p9_hides_new(&hides, hide, 2, true))
		world_broken("nothing can be hidden");
	for (enum world_server which = 0; which < WORLD_SERVERS; which++)
		start_server(which, hides);
}

/* --- serving ---------------------------------------------------------------------------------------- */

/* What a buffer held before the request must not be seen in its answer. */
static void spoil_buffers(struct p9_worker *worker)
{
	memcpy(worker->reply, stale, STALE);
	memcpy(worker->scratch, stale, STALE);
	memcpy(worker->message, stale, STALE);
}

static bool changes_tree(uint8_t type)
{
	switch (type) {
	case P9_TSTATFS:
	case P9_TREADLINK:
	case P9_TGETATTR:
	case P9_TXATTRWALK:
	case P9_TREADDIR:
	case P9_TFSYNC:
	case P9_TLOCK:
	case P9_TGETLOCK:
	case P9_TVERSION:
	case P9_TATTACH:
	case P9_TFLUSH:
	case P9_TWALK:
	case P9_TREAD:
		return false;
	default:
		return true;
	}
}

int world_serve(const struct iovec *message, size_t message_count, const struct iovec *reply,
		size_t reply_count)
{
	static uint8_t answer[P9_MSIZE_MAX];
	uint8_t head[P9_TWRITE_HEAD] = {0};
	size_t sent = scatter_read(message, message_count, head, sizeof(head));
	size_t room = scatter_size(reply, reply_count), n;
	uint32_t msize = atomic_load(&now->server->msize);

	spoil_buffers(now->worker);
	if (!p9_worker_take(now->worker, message, message_count)) {
		if (sent >= P9_HEAD_SIZE)
			world_broken("a message is none");
		return -1;
	}
	tree.dirty |= changes_tree(head[4]);
	n = p9_worker_serve(now->worker, reply, reply_count);
	p9_worker_done(now->worker);
	if (n > room || (n == 0) != (room < P9_RLERROR_SIZE) || (msize && n > msize))
		world_broken("a reply of the wrong length");
	if (n == 0)
		return -1;
	(void)scatter_read(reply, reply_count, answer, n);
	return reply_check(head, answer, n);
}

/* --- from beginning to end -------------------------------------------------------------------------- */

static int ask(struct p9_writer *out)
{
	static uint8_t answer[MSIZE];
	struct iovec message = {out->start, out->len}, reply = {answer, sizeof(answer)};

	p9_set_u32(out, 0, (uint32_t)out->len);
	return world_serve(&message, 1, &reply, 1);
}

static struct p9_writer start(uint8_t type)
{
	static uint8_t message[256];
	struct p9_writer out = {.start = message, .room = sizeof(message)};

	p9_put_u32(&out, 0);
	p9_put_u8(&out, type);
	p9_put_u16(&out, 1);
	return out;
}

static int say_version(void)
{
	struct p9_writer out = start(P9_TVERSION);

	p9_put_u32(&out, MSIZE);
	p9_put_str(&out, P9_VERSION, strlen(P9_VERSION));
	return ask(&out);
}

static int attach(void)
{
	struct p9_writer out = start(P9_TATTACH);

	p9_put_u32(&out, FID_ROOT);
	p9_put_u32(&out, P9_NOFID);
	p9_put_str(&out, "", 0);
	p9_put_str(&out, "", 0);
	p9_put_u32(&out, 1000);
	return ask(&out);
}

/* An export's root, and below it the path, names separated by '/'. */
static int walk(uint32_t fid, const char *export, const char *path)
{
	struct p9_writer out = start(P9_TWALK);
	size_t at = out.len + 8;
	uint8_t count = 0;

	p9_put_u32(&out, FID_ROOT);
	p9_put_u32(&out, fid);
	p9_put_u16(&out, 0);
	if (now->export_count > 1) {
		p9_put_str(&out, export, strlen(export));
		count++;
	}
	while (*path) {
		size_t len = strcspn(path, "/");

		p9_put_str(&out, path, len);
		path += len + (path[len] == '/');
		count++;
	}
	out.start[at] = count;
	return ask(&out);
}

static int open_fid(uint32_t fid, uint32_t flags)
{
	struct p9_writer out = start(P9_TLOPEN);

	p9_put_u32(&out, fid);
	p9_put_u32(&out, flags);
	return ask(&out);
}

void world_begin(enum world_server server)
{
	int r;

	if (!proc_fd)
		set_up();
	now = &served[server % WORLD_SERVERS];
	tree_reset();
	descriptors_before = count_descriptors();
	r = say_version() || attach() || walk(FID_RW, "rw", "") || walk(FID_RW_FILE, "rw", "f") ||
	    walk(FID_RW_DIR, "rw", "a") || walk(FID_RO, "ro", "") || walk(FID_RO_FILE, "ro", "f") ||
	    walk(FID_RW_OPEN, "rw", "f") || walk(FID_RW_LIST, "rw", "") ||
	    walk(FID_RW_INNER, "rw", "a/b") || open_fid(FID_RW_OPEN, P9_DOTL_RDWR) ||
	    open_fid(FID_RW_LIST, P9_DOTL_RDONLY);
	for (uint32_t i = 0; i < OPEN_OTHERS && server % WORLD_SERVERS == WORLD_FEW_DESCRIPTORS;
	     i++)
		r |= walk(FID_OTHERS + i, "rw", "e") || open_fid(FID_OTHERS + i, P9_DOTL_RDONLY);
	if (r)
		world_broken("no session to begin with");
	tree.dirty = false;
}

void world_end(void)
{
	const struct p9_server *server = now->server;
	size_t roots = now->export_count, directory = roots > 1;

	world_host_unlocks();
	tree_check();
	if (say_version())
		world_broken("no end of the session");
	if (server->fids.count || server->fids.xattr_bytes)
		world_broken("a fid is left");
	if (server->nodes.count != roots + directory || server->nodes.descriptors != roots)
		world_broken("a node is left");
	if (count_descriptors() != descriptors_before)
		world_broken("a descriptor is left");
	if ((uid_t)setfsuid((uid_t)-1) != geteuid() || (gid_t)setfsgid((gid_t)-1) != getegid())
		world_broken("still somebody else");
}
