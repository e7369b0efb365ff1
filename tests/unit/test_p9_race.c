/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 9P: requests at the same time. Every two of them meet, on one fid, on two fids of one file, and on a
 * directory and what is in it; the sanitizers, ThreadSanitizer above all (make SAN=thread), see what the
 * server makes of it. What a request does to a file is for other tests: here each is answered, with an
 * error that can be meant, and nothing is left of it.
 */
#include "tests/unit/p9_client.h"

#include <pthread.h>
#include <sys/resource.h>

#include "core/util.h"
#include "virtio/p9/request.h"

/* Half of them do the first of the two requests, half the second. */
#define ACTORS 4

/* How often each two meet; more of it is the program's argument. */
static unsigned rounds = 8;

/* What one side's requests are about. */
struct target {
	uint32_t fid, dir;           /* the file's fid, and its directory's */
	const char *path, *dir_path; /* what they stand for */
	const char *name;            /* of the file in the directory */
};

struct actor {
	struct client client;
	struct stage *stage;
	pthread_t thread;
	unsigned number;
	uint32_t spare; /* a fid nobody else uses */
	uint64_t random;
	uint8_t type; /* the request being made: for who has to explain a failure */
};

struct stage {
	struct client *client;
	struct actor actors[ACTORS];
	pthread_barrier_t begin, end;
	bool few_descriptors;
	bool stop;
	/* The two requests, and what they are about. */
	size_t first, second;
	const struct target *targets[2];
};

/* xorshift64*, of each thread its own. */
static uint32_t random_below(struct actor *self, uint32_t n)
{
	self->random ^= self->random >> 12;
	self->random ^= self->random << 25;
	self->random ^= self->random >> 27;
	return (uint32_t)((self->random * 0x2545f4914f6cdd1dULL) >> 32) % n;
}

/* --- the requests ----------------------------------------------------------------------------------- */

typedef int action(struct actor *self, const struct target *t);

static int do_walk(struct actor *self, const struct target *t)
{
	struct client *c = &self->client;
	int r = walk(c, t->dir, self->spare, t->name);

	if (r == 0)
		(void)walk(c, self->spare, self->spare, "..");
	(void)clunk(c, self->spare);
	return r;
}

static int do_walk_in_place(struct actor *self, const struct target *t)
{
	return walk(&self->client, t->fid, t->fid, "");
}

static int do_lopen(struct actor *self, const struct target *t)
{
	int r = lopen(&self->client, t->fid, P9_DOTL_RDWR);

	return r == -EISDIR ? lopen(&self->client, t->fid, P9_DOTL_RDONLY) : r;
}

static int do_read(struct actor *self, const struct target *t)
{
	int r = read_bytes(&self->client, P9_TREAD, t->fid, 0, 100);

	return r > 0 ? 0 : r;
}

static int do_readdir(struct actor *self, const struct target *t)
{
	struct client *c = &self->client;
	struct entry entry;
	int r = read_bytes(c, P9_TREADDIR, t->fid, 0, 1000);

	while (r > 0 && next_entry(c, &entry))
		continue;
	return r > 0 ? 0 : r;
}

static int do_getattr(struct actor *self, const struct target *t)
{
	struct attr attr;

	return getattr(&self->client, t->fid, &attr);
}

static int do_xattrwalk(struct actor *self, const struct target *t)
{
	struct client *c = &self->client;
	int r = xattrwalk(c, t->fid, self->spare, "");

	if (r >= 0)
		r = read_bytes(c, P9_TREAD, self->spare, 0, 1000);
	(void)clunk(c, self->spare);
	return r > 0 ? 0 : r;
}

/* The same fid all the way: what others make of it in between decides how this ends. */
static int do_xattrcreate(struct actor *self, const struct target *t)
{
	struct client *c = &self->client;
	int r;

	put_change(c, P9_TXATTRCREATE, t->fid, t->fid);
	r = call(c);
	if (r)
		return r;
	start(c, P9_TWRITE);
	p9_put_u32(&c->out, t->fid);
	p9_put_u64(&c->out, 0);
	p9_put_u32(&c->out, 1);
	p9_put_u8(&c->out, 'x');
	r = call(c);
	return r ? r : clunk(c, t->fid);
}

static int do_lock(struct actor *self, const struct target *t)
{
	struct client *c = &self->client;

	start(c, self->type);
	p9_put_u32(&c->out, t->fid);
	p9_put_u8(&c->out, P9_LOCK_TYPE_WRLCK);
	if (self->type == P9_TLOCK)
		p9_put_u32(&c->out, 0);
	p9_put_u64(&c->out, 0);
	p9_put_u64(&c->out, 1);
	p9_put_u32(&c->out, self->number);
	put_name(c, "guest");
	return call(c);
}

static int do_renameat(struct actor *self, const struct target *t)
{
	struct client *c = &self->client;

	start(c, P9_TRENAMEAT);
	p9_put_u32(&c->out, t->dir);
	put_name(c, t->name);
	p9_put_u32(&c->out, t->dir);
	put_name(c, "new");
	return call(c);
}

static int do_unlinkat(struct actor *self, const struct target *t)
{
	struct client *c = &self->client;

	start(c, P9_TUNLINKAT);
	p9_put_u32(&c->out, t->dir);
	put_name(c, t->name);
	p9_put_u32(&c->out, random_below(self, 2) ? P9_DOTL_AT_REMOVEDIR : 0);
	return call(c);
}

static int do_setattr(struct actor *self, const struct target *t)
{
	struct client *c = &self->client;

	start(c, P9_TSETATTR);
	p9_put_u32(&c->out, t->fid);
	p9_put_u32(&c->out,
		   P9_SETATTR_MTIME | (random_below(self, 2) ? P9_SETATTR_SIZE : P9_SETATTR_MODE));
	p9_put_u32(&c->out, 0755);
	for (int i = 0; i < 2; i++)
		p9_put_u32(&c->out, 0);
	for (int i = 0; i < 5; i++)
		p9_put_u64(&c->out, 0);
	return call(c);
}

static int do_fsync(struct actor *self, const struct target *t)
{
	struct client *c = &self->client;

	start(c, P9_TFSYNC);
	p9_put_u32(&c->out, t->fid);
	p9_put_u32(&c->out, 1);
	return call(c);
}

static int do_flush(struct actor *self, const struct target *t)
{
	struct client *c = &self->client;

	(void)t;
	start(c, P9_TFLUSH);
	p9_put_u16(&c->out, 0x1234); /* all of them have this tag */
	return call(c);
}

static int do_version(struct actor *self, const struct target *t)
{
	(void)t;
	return version(&self->client, CLIENT_MSIZE, P9_VERSION);
}

/* A request that is just a fid. */
static int do_fid(struct actor *self, const struct target *t)
{
	return call_fid(&self->client, self->type, t->fid);
}

/* One that changes something, as put_change() has it. */
static int do_change(struct actor *self, const struct target *t)
{
	put_change(&self->client, self->type, t->dir, t->fid);
	return call(&self->client);
}

static const struct {
	uint8_t type;
	action *call;
	const char *name;
} requests[] = {
	{P9_TWALK, do_walk, "walk"},
	{P9_TWALK, do_walk_in_place, "walk in place"},
	{P9_TLOPEN, do_lopen, "lopen"},
	{P9_TLCREATE, do_change, "lcreate"},
	{P9_TREAD, do_read, "read"},
	{P9_TWRITE, do_change, "write"},
	{P9_TREADDIR, do_readdir, "readdir"},
	{P9_TGETATTR, do_getattr, "getattr"},
	{P9_TSETATTR, do_setattr, "setattr"},
	{P9_TFSYNC, do_fsync, "fsync"},
	{P9_TXATTRWALK, do_xattrwalk, "xattrwalk"},
	{P9_TXATTRCREATE, do_xattrcreate, "xattrcreate"},
	{P9_TLOCK, do_lock, "lock"},
	{P9_TGETLOCK, do_lock, "getlock"},
	{P9_TRENAME, do_change, "rename"},
	{P9_TRENAMEAT, do_renameat, "renameat"},
	{P9_TUNLINKAT, do_unlinkat, "unlinkat"},
	{P9_TREMOVE, do_fid, "remove"},
	{P9_TCLUNK, do_fid, "clunk"},
	{P9_TSTATFS, do_fid, "statfs"},
	{P9_TREADLINK, do_fid, "readlink"},
	{P9_TLINK, do_change, "link"},
	{P9_TMKDIR, do_change, "mkdir"},
	{P9_TSYMLINK, do_change, "symlink"},
	{P9_TMKNOD, do_change, "mknod"},
	{P9_TFLUSH, do_flush, "flush"},
	{P9_TVERSION, do_version, "version"},
};

/* --- an actor --------------------------------------------------------------------------------------- */

/* The tree as it was, as far as the others let it be: the host changes things at the same time, too. */
static void restore_tree(int dir_fd)
{
	static const char *const news[] = {"d/new", "d/e/new", "new/f", "new/e/new",
					   "new/e", "new/new", "new"};

	for (size_t i = 0; i < ARRAY_SIZE(news); i++) {
		if (unlinkat(dir_fd, news[i], 0))
			(void)unlinkat(dir_fd, news[i], AT_REMOVEDIR);
	}
	(void)mkdirat(dir_fd, "d", 0755);
	(void)mkdirat(dir_fd, "d/e", 0755);
	(void)close(openat(dir_fd, "d/f", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	(void)!symlinkat("f", dir_fd, "d/l");
}

/* Fids that stand for what they shall, be it for a moment. */
static void restore_fids(struct actor *self, const struct target *t)
{
	struct client *c = &self->client;

	if (random_below(self, 2)) {
		(void)clunk(c, t->fid);
		(void)clunk(c, t->dir);
	}
	(void)attach(c, 0);
	(void)walk(c, 0, t->dir, t->dir_path);
	(void)walk(c, 0, t->fid, t->path);
	if (random_below(self, 3) == 0)
		(void)do_lopen(self, t);
}

/* A test of requests that all fail would be none. */
static _Atomic bool successes[ARRAY_SIZE(requests)];

static void each_request_succeeded_at_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		if (!successes[i])
			print_error("%s never did\n", requests[i].name);
		assert_true(successes[i]);
	}
}

static bool can_be_meant(const struct stage *stage, int error)
{
	uint8_t first = requests[stage->first].type, second = requests[stage->second].type;

	switch (error) {
	case 0:
	case EBADF:
	case ENOENT:
	case ESTALE:
	case EEXIST:
	case ENOTDIR:
	case EISDIR:
	case ENOTEMPTY:
	case EINVAL:     /* of a directory what is a file's, and the other way round */
	case EPERM:      /* a link to a directory; a chown by others than root */
	case EACCES:     /* an export's root removed */
	case EOPNOTSUPP: /* an attribute of a symbolic link */
	case ENOSPC:     /* a value longer than it was said to be */
	case ELOOP:      /* lopen of a symbolic link */
	case ENXIO:      /* or of a FIFO */
		return true;
	case EMFILE:
		return stage->few_descriptors;
	case EPROTO: /* before the session there is one */
		return first == P9_TVERSION || second == P9_TVERSION;
	default:
		return false;
	}
}

static void act(struct actor *self)
{
	struct stage *stage = self->stage;
	unsigned side = self->number % 2;
	size_t which = side ? stage->second : stage->first;
	const struct target *t = stage->targets[side];

	self->type = requests[which].type;
	for (unsigned i = 0; i < rounds; i++) {
		int r;

		if (random_below(self, 3) == 0)
			restore_tree(stage->client->dir_fd);
		restore_fids(self, t);
		r = requests[which].call(self, t);
		if (!can_be_meant(stage, -r)) {
			print_error("%s beside %s: error %d\n", requests[which].name,
				    requests[side ? stage->first : stage->second].name, -r);
			fail();
		}
		if (r == 0)
			successes[which] = true;
		if (random_below(self, 4) == 0)
			(void)sched_yield();
	}
}

static void *run_actor(void *arg)
{
	struct actor *self = arg;

	for (;;) {
		(void)pthread_barrier_wait(&self->stage->begin);
		if (self->stage->stop)
			return NULL;
		act(self);
		(void)pthread_barrier_wait(&self->stage->end);
	}
}

/* --- the stage -------------------------------------------------------------------------------------- */

static struct stage *stage_new(bool few_descriptors)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	struct rlimit limit, few;

	assert_non_null(stage);
	stage->few_descriptors = few_descriptors;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = (struct rlimit){.rlim_cur = 64 + 16, .rlim_max = limit.rlim_max};
	if (few_descriptors)
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	stage->client = client_new_temporary(true);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(pthread_barrier_init(&stage->begin, NULL, ACTORS + 1), 0);
	assert_int_equal(pthread_barrier_init(&stage->end, NULL, ACTORS + 1), 0);
	for (unsigned i = 0; i < ACTORS; i++) {
		struct actor *actor = &stage->actors[i];

		actor->stage = stage;
		actor->number = i;
		actor->spare = 100 + i;
		actor->random = i + 1;
		actor->client.rx_room = sizeof(actor->client.rx);
		actor->client.worker = p9_worker_new(stage->client->server);
		assert_non_null(actor->client.worker);
		assert_int_equal(pthread_create(&actor->thread, NULL, run_actor, actor), 0);
	}
	return stage;
}

static void stage_free(struct stage *stage)
{
	stage->stop = true;
	(void)pthread_barrier_wait(&stage->begin);
	for (unsigned i = 0; i < ACTORS; i++) {
		assert_int_equal(pthread_join(stage->actors[i].thread, NULL), 0);
		p9_worker_free(stage->actors[i].client.worker);
	}
	(void)pthread_barrier_destroy(&stage->begin);
	(void)pthread_barrier_destroy(&stage->end);
	client_free(stage->client);
	free(stage);
}

/* Nothing is left of a session. */
static void check_server(struct stage *stage)
{
	const struct p9_server *server = stage->client->server;

	assert_int_equal(version(stage->client, CLIENT_MSIZE, P9_VERSION), 0);
	assert_int_equal(server->fids.count, 0);
	assert_int_equal(server->fids.xattr_bytes, 0);
	assert_int_equal(server->nodes.count, 1);
	assert_int_equal(server->nodes.descriptors, 1);
}

static void every_two(struct stage *stage, const struct target *a, const struct target *b)
{
	size_t before;

	stage->targets[0] = a;
	stage->targets[1] = b;
	/* One round that does not count: until then a thread may have something open to confine itself. */
	stage->first = stage->second = 0;
	(void)pthread_barrier_wait(&stage->begin);
	(void)pthread_barrier_wait(&stage->end);
	check_server(stage);
	before = descriptors();
	for (stage->first = 0; stage->first < ARRAY_SIZE(requests); stage->first++) {
		for (stage->second = 0; stage->second < ARRAY_SIZE(requests); stage->second++) {
			(void)pthread_barrier_wait(&stage->begin);
			(void)pthread_barrier_wait(&stage->end);
		}
		check_server(stage);
		assert_int_equal(descriptors(), before);
	}
}

static const struct target file = {1, 2, "d/f", "d", "f"};
static const struct target file_again = {3, 4, "d/f", "d", "f"};
static const struct target parent = {2, 0, "d", "", "d"};
static const struct target child_dir = {5, 2, "d/e", "d", "e"};
static const struct target symbolic_link = {7, 2, "d/l", "d", "l"};
static const struct target in_child_dir = {6, 5, "d/e/new", "d/e", "new"};

static int setup_plenty(void **state)
{
	*state = stage_new(false);
	return 0;
}

static int setup_scarce(void **state)
{
	*state = stage_new(true);
	return 0;
}

static int teardown(void **state)
{
	stage_free(*state);
	return 0;
}

static void on_one_fid(void **state)
{
	every_two(*state, &file, &file);
}

static void on_two_fids_of_one_file(void **state)
{
	every_two(*state, &file, &file_again);
}

static void on_one_symbolic_link(void **state)
{
	every_two(*state, &symbolic_link, &symbolic_link);
}

static void on_one_directory(void **state)
{
	every_two(*state, &child_dir, &child_dir);
}

static void on_a_directory_and_a_file_in_it(void **state)
{
	every_two(*state, &parent, &file);
}

static void on_a_directory_and_what_is_further_down(void **state)
{
	every_two(*state, &parent, &in_child_dir);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define T(name)                                      \
	{#name, name, setup_plenty, teardown, NULL}, \
		{#name " with few descriptors", name, setup_scarce, teardown, NULL}
		T(on_one_fid),
		T(on_two_fids_of_one_file),
		T(on_one_symbolic_link),
		T(on_one_directory),
		T(on_a_directory_and_a_file_in_it),
		T(on_a_directory_and_what_is_further_down),
#undef T
		cmocka_unit_test(each_request_succeeded_at_times),
	};

	if (argc > 1)
		rounds = (unsigned)atoi(argv[1]);
	return cmocka_run_group_tests_name("p9 race", tests, NULL, NULL);
}
