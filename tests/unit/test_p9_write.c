/* SPDX-License-Identifier: Apache-2.0 */
/* 9P: what a guest writes, and files that are written without a name. */
#include "tests/unit/p9_client.h"

#include "core/util.h"
#include "virtio/p9/request.h"

/* fid 1: "f" with that content, open for reading and writing, in an export that is direct or not. */
static void open_file(struct client *c, const char *content, uint32_t flags)
{
	make_file(c, "f", content);
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDWR | flags), 0);
}

static int setup_direct(void **state)
{
	struct client *c = client_new_temporary(true);

	client_stop(c);
	c->exports[0].fd = dup(c->dir_fd);
	c->exports[0].direct = true;
	client_serve(c, 1, NULL);
	*state = c;
	return 0;
}

static void writes_land_where_they_are_sent(void **state)
{
	struct client *c = *state;

	open_file(c, "0123456789", 0);
	assert_int_equal(twrite(c, 1, 0, "ab", 2), 2);
	assert_int_equal(twrite(c, 1, 5, "c", 1), 1);
	assert_int_equal(twrite(c, 1, 9, "de", 2), 2);
	assert_int_equal(twrite(c, 1, 3, "", 0), 0);
	assert_content(c, "f", "ab234c678de");
	assert_int_equal(twrite(c, 1, 13, "z", 1), 1);
	assert_int_equal(stat_of(c, "f").st_size, 14);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 10, 100), 4);
	assert_memory_equal(c->in.at, "e\0\0z", 4);
}

static void writes_need_a_file_open_for_them(void **state)
{
	struct client *c = *state;

	open_file(c, "x", 0);
	make_dir(c, "d");
	assert_int_equal(walk(c, 0, 2, "f"), 0);
	assert_int_equal(twrite(c, 2, 0, "y", 1), -EBADF);
	assert_int_equal(twrite(c, 9, 0, "y", 1), -EBADF);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), 0);
	assert_int_equal(twrite(c, 2, 0, "y", 1), -EBADF);
	assert_int_equal(walk(c, 0, 3, "d"), 0);
	assert_int_equal(lopen(c, 3, P9_DOTL_RDWR), -EISDIR);
	assert_int_equal(lopen(c, 3, P9_DOTL_RDONLY | P9_DOTL_TRUNC), -EISDIR);
	assert_int_equal(lopen(c, 3, P9_DOTL_RDONLY), 0);
	assert_int_equal(twrite(c, 3, 0, "y", 1), -EISDIR);
	assert_int_equal(twrite(c, 1, UINT64_MAX, "y", 1), -EINVAL);
	assert_int_equal(twrite(c, 1, INT64_MAX, "y", 1), -EINVAL);
	assert_int_equal(twrite(c, 1, INT64_MAX - P9_MSIZE_MAX, "y", 1), -EFBIG);
	assert_content(c, "f", "x");
	/* O_TRUNC is a change, whatever else is asked for. */
	assert_int_equal(walk(c, 0, 4, "f"), 0);
	assert_int_equal(lopen(c, 4, P9_DOTL_RDONLY | P9_DOTL_TRUNC), 0);
	assert_content(c, "f", "");
}

/* The message as the guest's descriptors cut it: more pieces than one call takes, of odd lengths. */
static void a_write_in_odd_pieces(void **state)
{
	enum {
		SIZE = 40000,
		PIECES = 3000
	};
	struct client *c = *state;
	struct iovec *iov = calloc(PIECES, sizeof(*iov)), reply = {c->rx, sizeof(c->rx)};
	uint8_t *data = malloc(SIZE), *found = malloc(SIZE);
	size_t at = 0, n = 0;
	int fd;

	assert_true(iov && data && found);
	open_file(c, "", 0);
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 11);
	start(c, P9_TWRITE);
	p9_put_u32(&c->out, 1);
	p9_put_u64(&c->out, 3);
	p9_put_u32(&c->out, SIZE);
	memcpy(c->tx + c->out.len, data, SIZE);
	c->out.len += SIZE;
	p9_set_u32(&c->out, 0, (uint32_t)c->out.len);
	/* The head too is cut, and some pieces are empty. */
	for (; n < PIECES - 1 && at < c->out.len; n++) {
		iov[n] = (struct iovec){c->tx + at, min_u64(n % 27, c->out.len - at)};
		at += iov[n].iov_len;
	}
	iov[n++] = (struct iovec){c->tx + at, c->out.len - at};
	assert_int_equal(serve(c->worker, iov, n, &reply, 1), P9_HEAD_SIZE + 4);
	assert_int_equal(c->rx[4], P9_TWRITE + 1);
	assert_int_equal(c->rx[7] | c->rx[8] << 8, SIZE);
	fd = openat(c->dir_fd, "f", O_RDONLY);
	assert_int_equal(pread(fd, found, SIZE, 3), SIZE);
	assert_memory_equal(found, data, SIZE);
	assert_int_equal(stat_of(c, "f").st_size, SIZE + 3);
	close(fd);
	free(found);
	free(data);
	free(iov);
}

static void counts_that_lie(void **state)
{
	struct client *c = *state;
	static const uint32_t counts[] = {4, 5, 100, INT32_MAX, UINT32_MAX - 22, UINT32_MAX};

	open_file(c, "", 0);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct iovec request = {c->tx, 0}, reply = {c->rx, sizeof(c->rx)};

		start(c, P9_TWRITE);
		p9_put_u32(&c->out, 1);
		p9_put_u64(&c->out, 0);
		p9_put_u32(&c->out, counts[i]);
		p9_put_str(&c->out, "x", 1);
		/* More than there is; and the message may claim to be longer than it is. */
		assert_int_equal(call(c), -EPROTO);
		request.iov_len = c->out.len;
		p9_set_u32(&c->out, 0, P9_TWRITE_HEAD + counts[i]);
		assert_int_equal(serve(c->worker, &request, 1, &reply, 1), P9_RLERROR_SIZE);
		assert_int_equal(c->rx[7], EPROTO);
	}
	assert_content(c, "f", "");
	/* Less than there is: the rest is no one's. */
	start(c, P9_TWRITE);
	p9_put_u32(&c->out, 1);
	p9_put_u64(&c->out, 0);
	p9_put_u32(&c->out, 3);
	for (const char *p = "abcdef"; *p; p++)
		p9_put_u8(&c->out, (uint8_t)*p);
	assert_int_equal(call(c), 0);
	assert_content(c, "f", "abc");
}

static void more_than_any_msize_in_one_write(void **state)
{
	struct client *c = *state;
	size_t size = (1u << 20) + P9_TWRITE_HEAD;
	uint8_t *tx = calloc(1, size);
	struct iovec request = {tx, size}, reply = {c->rx, sizeof(c->rx)};

	assert_non_null(tx);
	open_file(c, "x", 0);
	start(c, P9_TWRITE);
	p9_put_u32(&c->out, 1);
	p9_put_u64(&c->out, 0);
	p9_put_u32(&c->out, 1u << 20);
	p9_set_u32(&c->out, 0, (uint32_t)size);
	memcpy(tx, c->tx, c->out.len);
	assert_int_equal(serve(c->worker, &request, 1, &reply, 1), P9_RLERROR_SIZE);
	assert_int_equal(c->rx[7], EPROTO);
	assert_content(c, "f", "x");
	free(tx);
}

static void host_appends(struct client *c, const char *text)
{
	int fd = openat(c->dir_fd, "f", O_WRONLY | O_APPEND);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void what_is_appended_goes_to_the_real_end(void **state)
{
	struct client *c = *state;

	open_file(c, "guest,", P9_DOTL_APPEND);
	host_appends(c, "host,");
	assert_int_equal(twrite(c, 1, 6, "guest", 5), 5);
	assert_content(c, "f", "guest,host,guest");
	/* A fid that does not append writes where it says, also to the same file. */
	assert_int_equal(walk(c, 0, 2, "f"), 0);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDWR), 0);
	assert_int_equal(twrite(c, 2, 0, "G", 1), 1);
	assert_int_equal(walk(c, 0, 3, ""), 0);
	assert_int_equal(lcreate(c, 3, "f", P9_DOTL_WRONLY | P9_DOTL_APPEND, 0644, ~0u), 0);
	assert_int_equal(twrite(c, 3, 0, "!", 1), 1);
	assert_content(c, "f", "Guest,host,guest!");
}

/* The guest's cache writes a page back through any fid that is open. */
static void where_the_guest_caches_the_offset_counts(void **state)
{
	struct client *c = *state;

	open_file(c, "0123456789", P9_DOTL_APPEND);
	assert_int_equal(twrite(c, 1, 2, "xx", 2), 2);
	assert_content(c, "f", "01xx456789");
}

static void files_that_are_not_to_be_cached_have_version_0(void **state)
{
	struct client *c = *state;
	struct p9_qid qid;
	struct attr attr;
	size_t walked;

	open_file(c, "x", 0);
	make_dir(c, "d");
	assert_int_equal(walk_some(c, 0, 2, "f", &walked, &qid), 0);
	assert_int_equal(qid.version, 0);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.qid.version, 0);
	assert_int_equal(call_fid(c, P9_TCLUNK, 1), 0);
	start(c, P9_TLCREATE);
	assert_int_equal(walk(c, 0, 1, ""), 0);
	start(c, P9_TLCREATE);
	p9_put_u32(&c->out, 1);
	put_name(c, "new");
	p9_put_u32(&c->out, P9_DOTL_RDWR);
	p9_put_u32(&c->out, 0644);
	p9_put_u32(&c->out, ~0u);
	assert_int_equal(call(c), 0);
	assert_int_equal(get_qid(c).version, 0);
	start(c, P9_TLOPEN);
	p9_put_u32(&c->out, 2);
	p9_put_u32(&c->out, P9_DOTL_RDONLY);
	assert_int_equal(call(c), 0);
	assert_int_equal(get_qid(c).version, 0);
	/* Directories are looked at anew in any case. */
	assert_int_equal(walk_some(c, 0, 3, "d", &walked, &qid), 0);
	assert_int_not_equal(qid.version, 0);
}

static void far_beyond_four_gigabytes(void **state)
{
	struct client *c = *state;
	uint64_t far = (5ULL << 30) + 7;
	struct attr attr;

	open_file(c, "start", 0);
	assert_int_equal(twrite(c, 1, far, "end", 3), 3);
	assert_int_equal(stat_of(c, "f").st_size, far + 3);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.size, far + 3);
	assert_in_range(attr.blocks, 1, 1000);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, far - 1, 100), 4);
	assert_memory_equal(c->in.at, "\0end", 4);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, 5), 5);
	assert_memory_equal(c->in.at, "start", 5);
	assert_int_equal(set_size(c, 1, far + 1), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, far, 100), 1);
	assert_int_equal(set_size(c, 1, 1ULL << 40), 0);
	assert_int_equal(stat_of(c, "f").st_size, 1ULL << 40);
}

/* The flags of this process's descriptor of "f" that is not O_PATH. */
static int flags_of_f(struct client *c)
{
	int flags = -1;

	for (int fd = 0; fd < 100; fd++) {
		struct stat st;
		int f = fcntl(fd, F_GETFL);

		if (f >= 0 && !(f & O_PATH) && fstat(fd, &st) == 0 && st.st_ino == inode(c, "f"))
			flags = f;
	}
	return flags;
}

static void writes_are_as_synchronous_as_was_asked(void **state)
{
	static const struct {
		uint32_t dotl;
		int flags;
	} cases[] = {{0, 0},
		     {P9_DOTL_SYNC, O_SYNC},
		     {P9_DOTL_DSYNC, O_DSYNC},
		     {P9_DOTL_APPEND, 0},
		     {P9_DOTL_SYNC | P9_DOTL_APPEND, O_SYNC}};
	struct client *c = *state;

	make_file(c, "f", "x");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(walk(c, 0, 1, "f"), 0);
		assert_int_equal(lopen(c, 1, P9_DOTL_RDWR | cases[i].dotl), 0);
		/* Never O_APPEND: see io.c. */
		assert_int_equal(flags_of_f(c) & (O_SYNC | O_DSYNC | O_APPEND), cases[i].flags);
		assert_int_equal(twrite(c, 1, 0, "y", 1), 1);
		assert_int_equal(clunk(c, 1), 0);
		assert_int_equal(walk(c, 0, 1, ""), 0);
		assert_int_equal(lcreate(c, 1, "f", P9_DOTL_WRONLY | cases[i].dotl, 0600, ~0u), 0);
		assert_int_equal(flags_of_f(c) & (O_SYNC | O_DSYNC | O_APPEND), cases[i].flags);
		assert_int_equal(clunk(c, 1), 0);
		assert_int_equal(unlinkat(c->dir_fd, "f", 0), 0);
		assert_int_equal(walk(c, 0, 1, ""), 0);
		assert_int_equal(lcreate(c, 1, "f", P9_DOTL_WRONLY | cases[i].dotl, 0600, ~0u), 0);
		assert_int_equal(flags_of_f(c) & (O_SYNC | O_DSYNC | O_APPEND), cases[i].flags);
		assert_int_equal(clunk(c, 1), 0);
	}
}

static void fsync_of_anything(void **state)
{
	struct client *c = *state;

	open_file(c, "x", 0);
	make_dir(c, "d");
	assert_int_equal(twrite(c, 1, 0, "y", 1), 1);
	assert_int_equal(tfsync(c, 1, 0), 0);
	assert_int_equal(tfsync(c, 1, 1), 0);
	assert_int_equal(walk(c, 0, 2, "d"), 0);
	assert_int_equal(tfsync(c, 2, 0), 0);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), 0);
	assert_int_equal(tfsync(c, 2, 0), 0);
	assert_int_equal(tfsync(c, 9, 0), -EBADF);
}

/* Everything a process does with a file that it has open and that nobody else can find. */
static void use_without_name(struct client *c, uint32_t fid)
{
	struct attr attr;

	assert_int_equal(twrite(c, fid, 4, "written", 7), 7);
	assert_int_equal(read_bytes(c, P9_TREAD, fid, 0, 100), 11);
	assert_memory_equal(c->in.at, "textwritten", 11);
	assert_int_equal(set_size(c, fid, 2), 0);
	assert_int_equal(set_size(c, fid, 6), 0);
	assert_int_equal(set_mode(c, fid, 0600), 0);
	assert_int_equal(tfsync(c, fid, 0), 0);
	assert_int_equal(getattr(c, fid, &attr), 0);
	assert_int_equal(attr.nlink, 0);
	assert_int_equal(attr.size, 6);
	assert_int_equal(attr.mode, S_IFREG | 0600);
	assert_int_equal(read_bytes(c, P9_TREAD, fid, 0, 100), 6);
	assert_memory_equal(c->in.at, "te\0\0\0\0", 6);
	assert_int_equal(call_fid(c, P9_TSTATFS, fid), 0);
}

static void a_file_removed_while_open(void **state)
{
	struct client *c = *state;

	/* By the guest, */
	open_file(c, "text", 0);
	assert_int_equal(tunlinkat(c, 0, "f", 0), 0);
	use_others(c);
	use_without_name(c, 1);
	assert_int_equal(clunk(c, 1), 0);
	/* by itself, just created, */
	assert_int_equal(create(c, 1, "f", 0644), 0);
	assert_int_equal(twrite(c, 1, 0, "text", 4), 4);
	assert_int_equal(walk(c, 1, 2, ""), 0);
	assert_int_equal(tremove(c, 2), 0);
	use_others(c);
	use_without_name(c, 1);
	assert_int_equal(clunk(c, 1), 0);
	/* by the host, */
	open_file(c, "text", 0);
	assert_int_equal(unlinkat(c->dir_fd, "f", 0), 0);
	use_others(c);
	use_without_name(c, 1);
	assert_int_equal(clunk(c, 1), 0);
	/* or by what took its name. */
	open_file(c, "text", 0);
	make_file(c, "g", "new");
	assert_int_equal(trenameat(c, 0, "g", 0, "f"), 0);
	use_others(c);
	use_without_name(c, 1);
	assert_content(c, "f", "new");
}

/* Linux opens the fid of a dentry later, and asks a walked fid for attributes. */
static void a_file_removed_and_then_opened(void **state)
{
	struct client *c = *state;

	make_file(c, "f", "text");
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(walk(c, 0, 2, "f"), 0);
	/* Also if its descriptor was closed: it is opened before the name goes. */
	use_others(c);
	assert_int_equal(tunlinkat(c, 0, "f", 0), 0);
	use_others(c);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDWR), 0);
	use_without_name(c, 1);
	assert_int_equal(set_size(c, 2, 1), 0);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDWR), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 2, 0, 100), 1);
	assert_int_equal(tremove(c, 2), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name)      cmocka_unit_test_setup_teardown(name, setup_writable, teardown_client)
#define DIRECT(name) cmocka_unit_test_setup_teardown(name, setup_direct, teardown_client)
#define FEW(name)    cmocka_unit_test_setup_teardown(name, setup_few_writable, teardown_client)
		T(writes_land_where_they_are_sent),
		T(writes_need_a_file_open_for_them),
		T(a_write_in_odd_pieces),
		T(counts_that_lie),
		T(more_than_any_msize_in_one_write),
		DIRECT(what_is_appended_goes_to_the_real_end),
		T(where_the_guest_caches_the_offset_counts),
		DIRECT(files_that_are_not_to_be_cached_have_version_0),
		T(far_beyond_four_gigabytes),
		T(writes_are_as_synchronous_as_was_asked),
		T(fsync_of_anything),
		FEW(a_file_removed_while_open),
		FEW(a_file_removed_and_then_opened),
#undef T
#undef DIRECT
#undef FEW
	};

	return cmocka_run_group_tests_name("p9 write", tests, NULL, NULL);
}
