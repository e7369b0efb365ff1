/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 9P: whatever is asked of the server, in whatever order, successfully or not, it keeps no memory and no
 * descriptor of it, and changes nothing outside of what is writable.
 *
 * SNUG_TEST_REQUESTS: how many, besides those that set the scene; SNUG_TEST_SEED: another sequence.
 */
#include "tests/unit/p9_client.h"

#include <malloc.h>

#include "core/util.h"
#include "virtio/p9/request.h"

#define REQUESTS 60000
#define FIDS     24u

/*
 * In use by malloc's own count, but for the tables, which grow and stay. A sanitized build has no such
 * count, and finds what is lost at the end.
 */
static size_t bytes(struct client *c)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd -
	       c->server->nodes.bucket_count * 2 * sizeof(struct p9_node_bucket);
}

static uint64_t random_state;

static uint32_t below(uint32_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 0x2545f4914f6cdd1dULL >> 32) % n);
}

static long from_environment(const char *name, long usual)
{
	const char *text = getenv(name);

	return text ? atol(text) : usual;
}

/* Two exports, "rw" and "ro", with the same tree in each. */
static int setup_two(void **state)
{
	static const char *const dirs[] = {"rw", "ro"};
	struct client *c = client_new_temporary(true);

	client_stop(c);
	for (size_t i = 0; i < 2; i++) {
		char name[16];

		make_dir(c, dirs[i]);
		(void)snprintf(name, sizeof(name), "%s/a", dirs[i]);
		make_dir(c, name);
		(void)snprintf(name, sizeof(name), "%s/b", dirs[i]);
		make_file(c, name, "before");
		(void)snprintf(name, sizeof(name), "%s/c", dirs[i]);
		assert_int_equal(symlinkat("b", c->dir_fd, name), 0);
		(void)snprintf(name, sizeof(name), "%s/d", dirs[i]);
		assert_int_equal(mkfifoat(c->dir_fd, name, 0666), 0);
		c->exports[i] = (struct p9_export){
			.name = dirs[i],
			.fd = openat(c->dir_fd, dirs[i], O_PATH | O_DIRECTORY | O_CLOEXEC),
			.writable = i == 0};
	}
	client_serve(c, 2, NULL);
	*state = c;
	return 0;
}

/* Names that mostly exist, one that is bad, one that is too long. */
static void put_any_name(struct client *c)
{
	static const char *const names[] = {"a", "b",  "c", "d",  "e",    "f",
					    "a", "rw", "b", "ro", "none", "bad/name"};
	static char longest[300];
	uint32_t which = below(40);

	memset(longest, 'x', sizeof(longest) - 1);
	if (which == 39)
		put_name(c, longest);
	else
		put_name(c, names[which % ARRAY_SIZE(names)]);
}

/* What kind of field follows the type, for each request: see put_any_fields(). */
static const struct {
	uint8_t type;
	const char *fields;
} requests[] = {
	{P9_TSTATFS, "f"},      {P9_TLOPEN, "fo"},     {P9_TLCREATE, "fnomg"},
	{P9_TSYMLINK, "fnng"},  {P9_TMKNOD, "fnMmmg"}, {P9_TRENAME, "ffn"},
	{P9_TREADLINK, "f"},    {P9_TGETATTR, "fl"},   {P9_TSETATTR, "fvmggllllll"},
	{P9_TXATTRWALK, "ffx"}, {P9_TREADDIR, "fls"},  {P9_TXATTRCREATE, "fxlz"},
	{P9_TFSYNC, "fz"},      {P9_TLOCK, "ftzllzn"}, {P9_TGETLOCK, "ftllzn"},
	{P9_TLINK, "ffn"},      {P9_TMKDIR, "fnmg"},   {P9_TRENAMEAT, "fnfn"},
	{P9_TUNLINKAT, "fnu"},  {P9_TWALK, "ffw"},     {P9_TWALK, "ffw"},
	{P9_TWALK, "ffw"},      {P9_TREAD, "fls"},     {P9_TWRITE, "flW"},
	{P9_TCLUNK, "f"},       {P9_TREMOVE, "f"},     {P9_TATTACH, "f!nnz"},
	{P9_TFLUSH, "h"},
};

static void put_any_field(struct client *c, char kind)
{
	static const char *const attributes[] = {"user.a", "user.b", "", "security.x", "none"};
	struct p9_writer *out = &c->out;
	uint16_t count;

	switch (kind) {
	case 'f': /* a fid */
		p9_put_u32(out, below(FIDS));
		break;
	case 'o': /* open flags */
		p9_put_u32(out, below(4) | (below(8) ? 0 : P9_DOTL_TRUNC) |
					(below(8) ? 0 : P9_DOTL_APPEND) |
					(below(8) ? 0 : P9_DOTL_EXCL));
		break;
	case 'm': /* a mode */
		p9_put_u32(out, 0600 | below(01000));
		break;
	case 'M': /* with a type */
		p9_put_u32(out, below(16) << 12 | 0644);
		break;
	case 'g': /* a user or group */
		p9_put_u32(out, ~0u);
		break;
	case 'v': /* what is to be set */
		p9_put_u32(out, below(0x200) & ~(uint32_t)(P9_SETATTR_UID | P9_SETATTR_GID));
		break;
	case 'l': /* an offset or a size */
		p9_put_u64(out, below(50) ? below(3000) : UINT64_MAX - below(2));
		break;
	case 's': /* a count */
		p9_put_u32(out, below(10) ? below(2000) : UINT32_MAX);
		break;
	case 't':
		p9_put_u8(out, (uint8_t)below(4));
		break;
	case 'u':
		p9_put_u32(out, below(2) ? P9_DOTL_AT_REMOVEDIR : 0);
		break;
	case 'x':
		put_name(c, attributes[below(ARRAY_SIZE(attributes))]);
		break;
	case 'n':
		put_any_name(c);
		break;
	case 'z':
		p9_put_u32(out, below(3));
		break;
	case 'h':
		p9_put_u16(out, (uint16_t)below(100));
		break;
	case '!':
		p9_put_u32(out, P9_NOFID);
		break;
	case 'w': /* names to walk */
		count = (uint16_t)below(4);
		p9_put_u16(out, count);
		for (uint16_t i = 0; i < count; i++) {
			if (below(6))
				put_any_name(c);
			else
				put_name(c, "..");
		}
		break;
	case 'W': /* data */
		count = (uint16_t)below(2000);
		p9_put_u32(out, count + (below(20) ? 0 : 1u));
		for (uint16_t i = 0; i < count; i++)
			p9_put_u8(out, 'w');
		break;
	default:
		fail();
	}
}

static void any_request(struct client *c)
{
	size_t which = below(ARRAY_SIZE(requests));

	start(c, requests[which].type);
	for (const char *kind = requests[which].fields; *kind; kind++)
		put_any_field(c, *kind);
	/* Now and then it ends too early. */
	if (below(50) == 0)
		c->out.len -= below((uint32_t)c->out.len - P9_HEAD_SIZE);
	c->rx_room = below(50) ? sizeof(c->rx) : P9_RLERROR_SIZE + below(100);
	(void)call(c);
	c->rx_room = sizeof(c->rx);
}

static void end_of_session(struct client *c, long requests_of_it)
{
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
	assert_int_equal(attach(c, 0), 0);
	for (long i = 0; i < requests_of_it; i++)
		any_request(c);
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
}

static void nothing_is_kept_of_any_requests(void **state)
{
	struct client *c = *state;
	long count = from_environment("SNUG_TEST_REQUESTS", REQUESTS), session = 500;
	struct stat ro = stat_of(c, "ro"), file = stat_of(c, "ro/b");
	size_t open, used = 0;

	random_state = (uint64_t)from_environment("SNUG_TEST_SEED", 1) * 0x9e3779b97f4a7c15ULL;
	alarm(3600);
	end_of_session(c, 1);
	open = descriptors();
	for (long done = 0; done < count; done += session) {
		end_of_session(c, session);
		assert_int_equal(c->server->fids.count, 0);
		assert_int_equal(c->server->fids.xattr_bytes, 0);
		/* The exports' roots and their directory. */
		assert_int_equal(c->server->nodes.count, 3);
		assert_int_equal(c->server->nodes.descriptors, 2);
		assert_int_equal(descriptors(), open);
		/* The tables grow once; libc may, too, at the beginning. */
		if (done < 5 * session)
			used = bytes(c);
		assert_in_range(bytes(c), 0, used + 256);
	}
	alarm(0);
	assert_int_equal(stat_of(c, "ro").st_ctim.tv_nsec, ro.st_ctim.tv_nsec);
	assert_int_equal(stat_of(c, "ro/b").st_ctim.tv_nsec, file.st_ctim.tv_nsec);
	assert_content(c, "ro/b", "before");
	assert_false(is_there(c, "e") || is_there(c, "f") || is_there(c, "a"));
}

/* A session that never ends: what is clunked is gone at once. */
static void nothing_is_kept_within_a_session(void **state)
{
	struct client *c = *state;
	long count = from_environment("SNUG_TEST_REQUESTS", REQUESTS);
	size_t open = 0, used = 0;

	random_state = (uint64_t)from_environment("SNUG_TEST_SEED", 1) * 0xbf58476d1ce4e5b9ULL;
	alarm(3600);
	for (long done = 0; done < count; done += 500) {
		for (int i = 0; i < 500; i++)
			any_request(c);
		for (uint32_t fid = 0; fid < FIDS; fid++)
			(void)clunk(c, fid);
		if (done < 2500) {
			open = descriptors();
			used = bytes(c);
		}
		assert_int_equal(descriptors(), open);
		assert_in_range(bytes(c), 0, used + 256);
		assert_int_equal(attach(c, 0), 0);
		assert_int_equal(clunk(c, 0), 0);
		assert_int_equal(attach(c, 0), 0);
		assert_int_equal(walk(c, 0, 1, "rw"), 0);
		assert_int_equal(walk(c, 0, 2, "ro"), 0);
	}
	alarm(0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_two, teardown_client)
		T(nothing_is_kept_of_any_requests),
		T(nothing_is_kept_within_a_session),
#undef T
	};

	/* malloc's caches, one for each size, count as used, and fill up slowly. */
	if (argc == 1 && setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1) == 0) {
		char *again[] = {argv[0], argv[0], NULL};

		(void)execv("/proc/self/exe", again);
	}
	return cmocka_run_group_tests_name("p9 flat", tests, enter_memory, NULL);
}
