/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 9P: requests no Linux would send. The server is alone with them: whatever they are, it answers, and
 * the sanitizers of a SAN=1 build see what it does meanwhile. Every buffer is an allocation of exactly
 * its size.
 */
#include "tests/unit/p9_client.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/util.h"
#include "virtio/p9/request.h"

/* Fids the requests below refer to. */
enum {
	ROOT,
	FILE_WALKED,
	FILE_OPEN,
	DIR_OPEN,
	LINK,
	XATTR,
	FREE
};

static const uint8_t types[] = {
	P9_TSTATFS,   P9_TLOPEN,   P9_TLCREATE, P9_TSYMLINK,   P9_TMKNOD,       P9_TRENAME,
	P9_TREADLINK, P9_TGETATTR, P9_TSETATTR, P9_TXATTRWALK, P9_TXATTRCREATE, P9_TREADDIR,
	P9_TFSYNC,    P9_TLOCK,    P9_TGETLOCK, P9_TLINK,      P9_TMKDIR,       P9_TRENAMEAT,
	P9_TUNLINKAT, P9_TVERSION, P9_TAUTH,    P9_TATTACH,    P9_TFLUSH,       P9_TWALK,
	P9_TREAD,     P9_TWRITE,   P9_TCLUNK,   P9_TREMOVE};

static void make_tree(struct client *c)
{
	make_dir(c, "d");
	make_dir(c, "d/e");
	make_file(c, "d/f", "0123456789");
	make_file(c, "d/e/f", "deep");
	assert_int_equal(symlinkat("f", c->dir_fd, "d/l"), 0);
	assert_int_equal(mkfifoat(c->dir_fd, "d/p", 0666), 0);
}

/* A session with all the fids above, whatever was there before. */
static void make_session(struct client *c)
{
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
	assert_int_equal(attach(c, ROOT), 0);
	assert_int_equal(walk(c, ROOT, FILE_WALKED, "d/f"), 0);
	assert_int_equal(walk(c, ROOT, FILE_OPEN, "d/f"), 0);
	assert_int_equal(lopen(c, FILE_OPEN, P9_DOTL_RDONLY), 0);
	assert_int_equal(walk(c, ROOT, DIR_OPEN, "d"), 0);
	assert_int_equal(lopen(c, DIR_OPEN, P9_DOTL_RDONLY), 0);
	assert_int_equal(walk(c, ROOT, LINK, "d/l"), 0);
	(void)xattrwalk(c, ROOT, XATTR, "");
}

/* A valid request of each type that is served; for others, something like one. */
static void put_valid(struct client *c, uint8_t type)
{
	struct p9_writer *out = &c->out;

	start(c, type);
	switch (type) {
	case P9_TVERSION:
		p9_put_u32(out, CLIENT_MSIZE);
		put_name(c, P9_VERSION);
		break;
	case P9_TATTACH:
		p9_put_u32(out, FREE);
		p9_put_u32(out, P9_NOFID);
		put_name(c, "user");
		put_name(c, "");
		p9_put_u32(out, 0);
		break;
	case P9_TFLUSH:
		p9_put_u16(out, 1);
		break;
	case P9_TWALK:
		p9_put_u32(out, ROOT);
		p9_put_u32(out, FREE);
		p9_put_u16(out, 3);
		put_name(c, "d");
		put_name(c, "e");
		put_name(c, "..");
		break;
	case P9_TGETATTR:
		p9_put_u32(out, FILE_WALKED);
		p9_put_u64(out, P9_GETATTR_BASIC);
		break;
	case P9_TLOPEN:
		p9_put_u32(out, FILE_WALKED);
		p9_put_u32(out, P9_DOTL_RDONLY);
		break;
	case P9_TREAD:
	case P9_TREADDIR:
		p9_put_u32(out, type == P9_TREAD ? FILE_OPEN : DIR_OPEN);
		p9_put_u64(out, 0);
		p9_put_u32(out, 1000);
		break;
	case P9_TXATTRWALK:
		p9_put_u32(out, FILE_WALKED);
		p9_put_u32(out, FREE);
		put_name(c, "");
		break;
	case P9_TFSYNC:
		p9_put_u32(out, FILE_OPEN);
		p9_put_u32(out, 0);
		break;
	case P9_TLOCK:
	case P9_TGETLOCK:
		p9_put_u32(out, FILE_OPEN);
		p9_put_u8(out, P9_LOCK_TYPE_RDLCK);
		if (type == P9_TLOCK)
			p9_put_u32(out, 0);
		p9_put_u64(out, 0);
		p9_put_u64(out, 1);
		p9_put_u32(out, 1);
		put_name(c, "guest");
		break;
	case P9_TSTATFS:
	case P9_TREADLINK:
	case P9_TCLUNK:
	case P9_TREMOVE:
		p9_put_u32(out, LINK);
		break;
	case P9_TLCREATE:
	case P9_TSYMLINK:
	case P9_TMKNOD:
	case P9_TRENAME:
	case P9_TSETATTR:
	case P9_TXATTRCREATE:
	case P9_TLINK:
	case P9_TMKDIR:
	case P9_TRENAMEAT:
	case P9_TUNLINKAT:
	case P9_TWRITE:
		put_change(c, type, type == P9_TWRITE ? FILE_OPEN : ROOT,
			   type == P9_TWRITE ? FILE_OPEN : FILE_WALKED);
		break;
	default:
		p9_put_u32(out, FILE_WALKED);
		break;
	}
	p9_set_u32(out, 0, (uint32_t)out->len);
}

/* Serves len bytes of c->tx into a reply of room bytes; checks what the reply says of itself. */
static int serve_exactly(struct client *c, size_t len, size_t room)
{
	uint8_t *tx = malloc(len), *rx = malloc(room);
	struct iovec request = {tx, len}, reply = {rx, room};
	int error = 0;
	size_t n;

	assert_true((tx || !len) && (rx || !room));
	if (len)
		memcpy(tx, c->tx, len);
	n = serve(c->worker, &request, 1, &reply, 1);
	if (len < P9_HEAD_SIZE || room < P9_RLERROR_SIZE) {
		assert_int_equal(n, 0);
	} else {
		c->in = (struct p9_reader){.at = rx, .left = n};
		assert_in_range(n, P9_HEAD_SIZE, room);
		assert_int_equal(p9_get_u32(&c->in), n);
		if (p9_get_u8(&c->in) == P9_RLERROR)
			error = -1;
		else
			assert_int_equal(rx[4], (uint8_t)(tx[4] + 1));
		assert_memory_equal(rx + 5, tx + 5, 2);
		(void)p9_get_u16(&c->in);
		if (error) {
			error = -(int)p9_get_u32(&c->in);
			assert_in_range(-error, 1, 4095);
			end(c);
		}
	}
	free(tx);
	free(rx);
	return error;
}

static void every_truncation_is_an_error(void **state)
{
	struct client *c = *state;

	make_tree(c);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		size_t whole;

		make_session(c);
		put_valid(c, types[i]);
		whole = c->out.len;
		for (size_t len = 0; len < whole; len++) {
			/* The guest's buffer ends too early; */
			put_valid(c, types[i]);
			assert_true(serve_exactly(c, len, 4096) < 0 || len < P9_HEAD_SIZE);
			/* or the message says that it does. */
			p9_set_u32(&c->out, 0, (uint32_t)len);
			assert_true(serve_exactly(c, whole, 4096) < 0);
		}
		/* Longer than its fields. */
		put_valid(c, types[i]);
		p9_set_u32(&c->out, 0, (uint32_t)whole + 1);
		assert_true(serve_exactly(c, whole + 1, 4096) < 0);
		/* None of that had any effect: the request itself succeeds, or is one that cannot. */
		put_valid(c, types[i]);
		{
			int r = serve_exactly(c, whole, 4096);

			assert_true(r == 0 || r == -EROFS || r == -EOPNOTSUPP);
		}
	}
}

static void every_room_for_the_reply(void **state)
{
	struct client *c = *state;

	make_tree(c);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		for (size_t room = 0; room < 300; room++) {
			make_session(c);
			put_valid(c, types[i]);
			(void)serve_exactly(c, c->out.len, room);
		}
	}
}

/* xorshift64*: the same requests on every machine. */
static uint64_t random_state;

static uint64_t random_u64(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dULL;
}

static uint32_t random_below(uint32_t n)
{
	return (uint32_t)((random_u64() >> 32) % n);
}

static void mutate(struct client *c)
{
	static const uint64_t edges[] = {0,          1,         0x7f,      0x80,
					 0xff,       0x7fff,    0xffff,    INT32_MAX,
					 UINT32_MAX, INT64_MAX, UINT64_MAX};
	uint32_t changes = random_below(4);

	for (uint32_t i = 0; i < changes; i++) {
		size_t at = 4 + random_below((uint32_t)c->out.len - 4);
		size_t n = 1u << random_below(4);
		uint64_t v =
			random_below(2) ? random_u64() : edges[random_below(ARRAY_SIZE(edges))];

		memcpy(c->tx + at, &v, min_u64(n, c->out.len - at));
	}
	if (random_below(8) == 0)
		p9_set_u32(&c->out, 0, random_below((uint32_t)c->out.len * 2));
}

/* Names that lead somewhere, and some that must not. */
static void put_random_walk(struct client *c)
{
	static const char *const names[] = {"d", "e", "f", "l", "p", "..", ".", "", "d/f", "none"};
	uint16_t count = (uint16_t)random_below(P9_MAXWELEM + 2);

	start(c, P9_TWALK);
	p9_put_u32(&c->out, random_below(40));
	p9_put_u32(&c->out, random_below(40));
	p9_put_u16(&c->out, count);
	for (uint16_t i = 0; i < count; i++)
		put_name(c, names[random_below(i % 2 ? 10 : 6)]);
	p9_set_u32(&c->out, 0, (uint32_t)c->out.len);
}

#define MUTATIONS 100000

static void random_requests(void **state)
{
	struct client *c = *state;
	size_t before = descriptors();
	struct stat tree_before, tree_after;

	make_tree(c);
	assert_int_equal(fstatat(c->dir_fd, "d", &tree_before, 0), 0);
	/* A request that blocks would be the end. */
	alarm(300);
	for (uint64_t seed = 1; seed <= 3; seed++) {
		random_state = seed * 0x9e3779b97f4a7c15ULL;
		for (int i = 0; i < MUTATIONS; i++) {
			if (i % 200 == 0)
				make_session(c);
			if (random_below(3) == 0)
				put_random_walk(c);
			else
				put_valid(c, types[random_below(ARRAY_SIZE(types))]);
			/* Half of the requests are about other fids than they were made for. */
			if (random_below(2))
				c->tx[7] = (uint8_t)random_below(40);
			mutate(c);
			(void)serve_exactly(c, c->out.len, 11 + random_below(4096));
		}
	}
	alarm(0);
	assert_int_equal(fstatat(c->dir_fd, "d", &tree_after, 0), 0);
	assert_int_equal(tree_before.st_ctim.tv_nsec, tree_after.st_ctim.tv_nsec);
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
	assert_int_equal(descriptors(), before);
}

/* A guest whose other processor rewrites the request while it is served. */
struct flicker {
	uint8_t *bytes;
	size_t len;
	atomic_bool stop;
};

static void *keep_changing(void *arg)
{
	struct flicker *flicker = arg;
	volatile uint8_t *bytes = flicker->bytes;

	for (uint8_t v = 0; !flicker->stop; v++) {
		for (size_t i = 0; i < flicker->len; i++)
			bytes[i] ^= v;
	}
	return NULL;
}

static void a_request_that_changes_meanwhile(void **state)
{
	struct client *c = *state;
	uint8_t *tx = malloc(64), *rx = malloc(4096);
	struct iovec request = {tx, 64}, reply = {rx, 4096};
	struct flicker flicker = {.bytes = tx, .len = 64};
	pthread_t thread;

	assert_true(tx && rx);
	make_tree(c);
	make_session(c);
	memset(tx, 0, 64);
	assert_int_equal(pthread_create(&thread, NULL, keep_changing, &flicker), 0);
	for (int i = 0; i < 50000; i++) {
		size_t n;

		put_valid(c, types[i % (int)ARRAY_SIZE(types)]);
		memcpy(tx, c->tx, min_u64(c->out.len, 64));
		n = serve(c->worker, &request, 1, &reply, 1);
		assert_in_range(n, P9_HEAD_SIZE, 4096);
	}
	flicker.stop = true;
	pthread_join(thread, NULL);
	free(tx);
	free(rx);
}

static void a_huge_write_is_refused_by_its_head(void **state)
{
	struct client *c = *state;
	size_t size = 512u << 10;
	uint8_t *tx = calloc(1, size);
	struct iovec request = {tx, size}, reply = {c->rx, sizeof(c->rx)};

	assert_non_null(tx);
	make_tree(c);
	make_session(c);
	start(c, P9_TWRITE);
	p9_set_u32(&c->out, 0, (uint32_t)size);
	memcpy(tx, c->tx, 7);
	put_valid(c, P9_TWRITE);
	memcpy(tx + 7, c->tx + 7, P9_TWRITE_HEAD - 7);
	tx[P9_TWRITE_HEAD - 1] = 1; /* 16 MiB and more */
	assert_int_equal(serve(c->worker, &request, 1, &reply, 1), P9_RLERROR_SIZE);
	assert_int_equal(c->rx[7], EPROTO);
	tx[P9_TWRITE_HEAD - 1] = 0;
	tx[P9_TWRITE_HEAD - 2] = 7; /* 448 KiB */
	assert_int_equal(serve(c->worker, &request, 1, &reply, 1), P9_RLERROR_SIZE);
	assert_int_equal(c->rx[7], EROFS);
	/* No other request is that long. */
	tx[4] = P9_TWALK;
	assert_int_equal(serve(c->worker, &request, 1, &reply, 1), P9_RLERROR_SIZE);
	assert_int_equal(c->rx[7], EPROTO);
	free(tx);
}

static void the_longest_walk_there_is(void **state)
{
	struct client *c = *state;
	char name[256];

	int at = dup(c->dir_fd);

	memset(name, 'n', 255);
	name[255] = 0;
	for (int i = 0; i < P9_MAXWELEM; i++) {
		int down;

		assert_int_equal(mkdirat(at, name, 0755), 0);
		down = openat(at, name, O_RDONLY);
		close(at);
		at = down;
	}
	close(at);
	start(c, P9_TWALK);
	p9_put_u32(&c->out, 0);
	p9_put_u32(&c->out, 1);
	p9_put_u16(&c->out, P9_MAXWELEM);
	for (int i = 0; i < P9_MAXWELEM; i++)
		put_name(c, name);
	assert_int_equal(call(c), 0);
	assert_int_equal(p9_get_u16(&c->in), P9_MAXWELEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_client, teardown_client)
		T(every_truncation_is_an_error),
		T(every_room_for_the_reply),
		T(random_requests),
		T(a_request_that_changes_meanwhile),
		T(a_huge_write_is_refused_by_its_head),
		T(the_longest_walk_there_is),
#undef T
	};

	return cmocka_run_group_tests_name("p9 hostile", tests, NULL, NULL);
}
