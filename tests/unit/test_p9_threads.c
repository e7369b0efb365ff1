/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 9P: requests at the same time, on the same few fids, by several workers. Whatever the order, each is
 * answered, and afterwards nothing is left; a sanitized build sees the rest.
 */
#include "tests/unit/p9_client.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/util.h"
#include "virtio/p9/request.h"

#define WORKERS 4
#define FIDS    6u

/* A worker with buffers of its own: a client of the same server. */
struct runner {
	struct client c;
	uint64_t random;
	long requests;
	pthread_t thread;
	void (*step)(struct runner *runner);
};

static uint64_t next_random(struct runner *r)
{
	r->random ^= r->random >> 12;
	r->random ^= r->random << 25;
	r->random ^= r->random >> 27;
	return r->random * 0x2545f4914f6cdd1dULL;
}

static uint32_t below(struct runner *r, uint32_t n)
{
	return (uint32_t)((next_random(r) >> 32) % n);
}

/* More requests on request: SNUG_TEST_REQUESTS is for all workers together. */
static long request_count(long usual)
{
	const char *text = getenv("SNUG_TEST_REQUESTS");

	return text ? atol(text) : usual;
}

static void *run(void *arg)
{
	struct runner *runner = arg;

	for (long i = 0; i < runner->requests; i++)
		runner->step(runner);
	return NULL;
}

static void run_all(struct client *c, long requests, void (*step)(struct runner *))
{
	struct runner *runners = calloc(WORKERS, sizeof(*runners));

	assert_non_null(runners);
	alarm(600);
	for (uint32_t i = 0; i < WORKERS; i++) {
		struct runner *r = &runners[i];

		r->c.server = c->server;
		r->c.worker = p9_worker_new(c->server);
		assert_non_null(r->c.worker);
		r->c.rx_room = sizeof(r->c.rx);
		r->random = (i + 1) * 0x9e3779b97f4a7c15ULL;
		r->requests = requests / WORKERS;
		r->step = step;
		assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
	}
	for (uint32_t i = 0; i < WORKERS; i++) {
		pthread_join(runners[i].thread, NULL);
		p9_worker_free(runners[i].c.worker);
	}
	alarm(0);
	free(runners);
}

/* Names that exist now and then. */
static const char *name_of(struct runner *r)
{
	static const char *const names[] = {"a", "b", "c", "d", "e"};

	return names[below(r, ARRAY_SIZE(names))];
}

/* Whatever its qid: by the time it is looked at, others may have put something else there. */
static void make_entry(struct runner *r, uint8_t type, uint32_t dir)
{
	struct client *c = &r->c;

	start(c, type);
	p9_put_u32(&c->out, dir);
	put_name(c, name_of(r));
	if (type == P9_TSYMLINK)
		put_name(c, "a");
	else
		p9_put_u32(&c->out, 0755);
	p9_put_u32(&c->out, ~0u);
	(void)call(c);
}

/* The root is fid 0; the others come, become something else and go at any time. */
static void any_request(struct runner *r)
{
	struct client *c = &r->c;
	uint32_t fid = 1 + below(r, FIDS), other = below(r, FIDS);
	struct lock_wish lock = {.type = (uint8_t)below(r, 3), .start = below(r, 4)};
	struct attr attr;
	char path[16];

	(void)snprintf(path, sizeof(path), "%s/%s", name_of(r), name_of(r));
	switch (below(r, 24)) {
	case 0:
	case 1:
		(void)walk(c, 0, fid, name_of(r));
		break;
	case 2:
		(void)walk(c, 0, fid, path);
		break;
	case 3:
		(void)walk(c, fid, other ? other : 1, "..");
		break;
	case 4:
		(void)walk(c, fid, fid, name_of(r));
		break;
	case 5:
	case 6:
		(void)clunk(c, fid);
		break;
	case 7:
		(void)lopen(c, fid, below(r, 3) | (below(r, 4) ? 0 : P9_DOTL_TRUNC));
		break;
	case 8:
		(void)walk(c, 0, fid, "");
		(void)lcreate(c, fid, name_of(r), P9_DOTL_RDWR, 0644, ~0u);
		break;
	case 9:
		make_entry(r, P9_TMKDIR, other);
		break;
	case 10:
		(void)trenameat(c, other, name_of(r), below(r, 2) ? other : 0, name_of(r));
		break;
	case 11:
		(void)trename(c, fid, other, name_of(r));
		break;
	case 12:
		(void)tunlinkat(c, other, name_of(r), below(r, 2) ? P9_DOTL_AT_REMOVEDIR : 0);
		break;
	case 13:
		(void)tremove(c, fid);
		break;
	case 14:
		(void)tlink(c, 0, fid, name_of(r));
		break;
	case 15:
		make_entry(r, P9_TSYMLINK, other);
		break;
	case 16:
		(void)twrite(c, fid, below(r, 100), "0123456789", 10);
		break;
	case 17:
		(void)read_bytes(c, P9_TREAD, fid, below(r, 100), 1000);
		break;
	case 18:
		(void)read_bytes(c, P9_TREADDIR, fid, 0, 1000);
		break;
	case 19:
		(void)setattr(c, fid,
			      (struct wish){.valid = below(r, 8) << 3, .size = below(r, 99)});
		break;
	case 20:
		if (xattrwalk(c, fid, FIDS + 1, "user.a") >= 0)
			(void)read_bytes(c, P9_TREAD, FIDS + 1, 0, 100);
		(void)clunk(c, FIDS + 1);
		break;
	case 21:
		(void)xattrcreate(c, fid, "user.a", below(r, 10), 0);
		break;
	case 22:
		(void)tlock(c, fid, lock);
		(void)tgetlock(c, fid, &lock);
		break;
	default:
		(void)getattr(c, fid, &attr);
		break;
	}
}

static void assert_nothing_is_left(struct client *c, size_t before)
{
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
	assert_int_equal(c->server->fids.count, 0);
	assert_int_equal(c->server->fids.xattr_bytes, 0);
	/* The share's root. */
	assert_int_equal(c->server->nodes.count, 1);
	assert_int_equal(c->server->nodes.descriptors, 1);
	assert_int_equal(descriptors(), before);
	assert_int_equal(attach(c, 0), 0);
}

static void many_requests_on_few_fids(void **state)
{
	struct client *c = *state;
	size_t before = descriptors();

	run_all(c, request_count(100000), any_request);
	assert_nothing_is_left(c, before);
}

/* A guest that starts sessions over and over, and does not wait for the answer. */
static void session_or_request(struct runner *r)
{
	struct client *c = &r->c;

	if (below(r, 200) < 2)
		assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
	else if (below(r, 2))
		(void)attach(c, below(r, 4000));
	else
		(void)walk(c, below(r, 4000), below(r, 4000), "a");
}

static void sessions_that_overlap(void **state)
{
	struct client *c = *state;
	size_t before = descriptors();

	make_file(c, "a", "x");
	run_all(c, request_count(40000), session_or_request);
	assert_nothing_is_left(c, before);
}

/* One fid is opened, moved, read and clunked by all of them at once. */
static void one_fid(struct runner *r)
{
	struct client *c = &r->c;
	struct attr attr;
	int n;

	switch (below(r, 6)) {
	case 0:
		(void)walk(c, 0, 1, below(r, 2) ? "a" : "b");
		break;
	case 1:
		(void)lopen(c, 1, P9_DOTL_RDONLY);
		break;
	case 2:
	case 3:
		n = read_bytes(c, P9_TREAD, 1, 0, 100);
		/* Of one of the files, and never of a mixture. */
		if (n > 0)
			assert_true((n == 3 && memcmp(c->in.at, "one", 3) == 0) ||
				    (n == 5 && memcmp(c->in.at, "other", 5) == 0));
		break;
	case 4:
		if (getattr(c, 1, &attr) == 0)
			assert_true(attr.size == 3 || attr.size == 5);
		break;
	default:
		(void)clunk(c, 1);
		break;
	}
}

static void one_fid_that_is_everybodys(void **state)
{
	struct client *c = *state;
	size_t before = descriptors();

	make_file(c, "a", "one");
	make_file(c, "b", "other");
	run_all(c, request_count(40000), one_fid);
	assert_nothing_is_left(c, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name)   cmocka_unit_test_setup_teardown(name, setup_writable, teardown_client)
#define FEW(name) cmocka_unit_test_setup_teardown(name, setup_few_writable, teardown_client)
		T(many_requests_on_few_fids),
		FEW(many_requests_on_few_fids),
		T(sessions_that_overlap),
		T(one_fid_that_is_everybodys),
#undef T
#undef FEW
	};

	return cmocka_run_group_tests_name("p9 threads", tests, NULL, NULL);
}
