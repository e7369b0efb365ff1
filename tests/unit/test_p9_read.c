/* SPDX-License-Identifier: Apache-2.0 */
/* 9P: contents of files and directories. */
#include "tests/unit/p9_client.h"

#include "core/util.h"
#include "virtio/p9/request.h"

static uint8_t pattern(uint64_t offset)
{
	return (uint8_t)(offset * 2654435761u >> 13);
}

/* A file of size bytes of the pattern, opened as fid 1. */
static void make_pattern(struct client *c, size_t size)
{
	uint8_t *data = malloc(size);
	int fd = openat(c->dir_fd, "pattern", O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_non_null(data);
	for (size_t i = 0; i < size; i++)
		data[i] = pattern(i);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
	free(data);
	assert_int_equal(walk(c, 0, 1, "pattern"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
}

static void reads_are_bounded(void **state)
{
	struct client *c = *state;

	make_pattern(c, 100000);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, 10), 10);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 99990, 100), 10);
	assert_int_equal(c->in.at[9], pattern(99999));
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 100000, 100), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 5, 0), 0);
	/* By msize, and by the room for the reply. */
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, UINT32_MAX), CLIENT_MSIZE - 11);
	c->rx_room = 1000;
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 7, UINT32_MAX), 989);
	assert_int_equal(c->in.at[988], pattern(7 + 988));
	c->rx_room = 11;
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, 100), 0);
	c->rx_room = sizeof(c->rx);
	assert_int_equal(version(c, 4096, P9_VERSION), 0);
	assert_int_equal(attach(c, 0), 0);
	assert_int_equal(walk(c, 0, 1, "pattern"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, 60000), 4096 - 11);
}

static void reads_need_an_open_file(void **state)
{
	struct client *c = *state;

	make_file(c, "f", "x");
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, 1), -EBADF);
	assert_int_equal(read_bytes(c, P9_TREAD, 2, 0, 1), -EBADF);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY | P9_DOTL_DIRECTORY), -ENOTDIR);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), -EBADF);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 1, 0, 1000), -ENOTDIR);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, UINT64_MAX, 1), -EINVAL);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, INT64_MAX, 1), -EINVAL);
	assert_int_equal(lopen(c, 0, P9_DOTL_RDONLY | P9_DOTL_DIRECTORY), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 0, 0, 1), -EISDIR);
}

static void reads_beyond_4_gib(void **state)
{
	struct client *c = *state;
	uint64_t offset = 5ULL << 30;
	int fd = openat(c->dir_fd, "sparse", O_WRONLY | O_CREAT, 0644);

	assert_int_equal(pwrite(fd, "far", 3, (off_t)offset), 3);
	close(fd);
	assert_int_equal(walk(c, 0, 1, "sparse"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, offset - 1, 10), 4);
	assert_memory_equal(c->in.at, "\0far", 4);
	/* The same place modulo 4 GiB is a hole. */
	assert_int_equal(read_bytes(c, P9_TREAD, 1, offset - (4ULL << 30), 4), 4);
	assert_memory_equal(c->in.at, "\0\0\0", 3);
}

/* A reply of many pieces, each an allocation of its own so that a byte too many is noticed. */
static void read_scattered(struct client *c, size_t pieces, size_t (*piece)(size_t),
			   uint64_t offset, uint32_t count)
{
	struct iovec *iov = calloc(pieces, sizeof(*iov)), request = {c->tx, 0};
	size_t room = 0, n, at = 0;

	assert_non_null(iov);
	for (size_t i = 0; i < pieces; i++) {
		iov[i].iov_len = piece(i);
		iov[i].iov_base = malloc(iov[i].iov_len);
		room += iov[i].iov_len;
	}
	start(c, P9_TREAD);
	p9_put_u32(&c->out, 1);
	p9_put_u64(&c->out, offset);
	p9_put_u32(&c->out, count);
	p9_set_u32(&c->out, 0, (uint32_t)c->out.len);
	request.iov_len = c->out.len;
	n = serve(c->worker, &request, 1, iov, pieces);
	assert_int_equal(n, min_u64(count, room - 11) + 11);
	for (size_t i = 0; i < pieces; i++) {
		for (size_t j = 0; j < iov[i].iov_len; j++, at++) {
			if (at >= 11 && at < n)
				assert_int_equal(((uint8_t *)iov[i].iov_base)[j],
						 pattern(offset + at - 11));
		}
		free(iov[i].iov_base);
	}
	free(iov);
}

static size_t one_byte(size_t i)
{
	(void)i;
	return 1;
}

static size_t odd_sizes(size_t i)
{
	return i * 7 % 41;
}

/* As Linux's zero-copy reads arrive: the head, then pages. */
static size_t head_and_pages(size_t i)
{
	return i == 0 ? 11 : 4096;
}

static void reads_into_pieces(void **state)
{
	struct client *c = *state;

	make_pattern(c, 100000);
	read_scattered(c, 1000, one_byte, 0, 5000);
	read_scattered(c, 1000, odd_sizes, 3, 5000);
	read_scattered(c, 1000, odd_sizes, 3, 50000);
	read_scattered(c, 13, head_and_pages, 4096, 12 * 4096);
	/* More pieces than one preadv takes. */
	read_scattered(c, 5000, one_byte, 1, 4000);
	read_scattered(c, 3000, odd_sizes, 1, 55000);
}

static void a_request_in_pieces(void **state)
{
	struct client *c = *state;
	struct iovec iov[64], reply = {c->rx, sizeof(c->rx)};
	size_t n;

	make_file(c, "f", "x");
	start(c, P9_TWALK);
	p9_put_u32(&c->out, 0);
	p9_put_u32(&c->out, 1);
	p9_put_u16(&c->out, 1);
	put_name(c, "f");
	p9_set_u32(&c->out, 0, (uint32_t)c->out.len);
	/* What lies behind the message is not part of it. */
	c->tx[c->out.len] = 0xff;
	n = c->out.len + 1;
	for (size_t i = 0; i < n; i++)
		iov[i] = (struct iovec){c->tx + i, 1};
	assert_int_equal(serve(c->worker, iov, n, &reply, 1), 9 + 13);
	assert_int_equal(c->rx[4], P9_TWALK + 1);
	assert_int_equal(clunk(c, 1), 0);
}

static void an_unlinked_file_stays_while_open(void **state)
{
	struct client *c = *state;
	struct attr attr;

	make_file(c, "f", "still here");
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(walk(c, 1, 2, ""), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	assert_int_equal(unlinkat(c->dir_fd, "f", 0), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, 100), 10);
	assert_memory_equal(c->in.at, "still here", 10);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.nlink, 0);
	/* Another file of that name is not the one. */
	make_file(c, "f", "another");
	assert_slurp(c, 0, "f", "another");
	/* A fid that is not open yet stands for the file too, and not for its name. */
	assert_int_equal(getattr(c, 2, &attr), 0);
	assert_int_equal(attr.nlink, 0);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 2, 0, 100), 10);
}

#define ENTRIES 10000

static void make_entries(struct client *c)
{
	char name[256];

	make_dir(c, "d");
	for (int i = 0; i < ENTRIES; i++) {
		/* Names of 1 to 200 bytes. */
		int len =
			snprintf(name, sizeof(name), "d/%d%.*s", i, i % 190,
				 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		int fd = openat(c->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL, 0644);

		assert_true(len > 0 && fd >= 0);
		close(fd);
	}
}

/* Lists fid 1, opened, in replies of count bytes: every entry once, and "." and "..". */
static void list_all(struct client *c, uint32_t count)
{
	uint8_t *seen = calloc(ENTRIES, 1);
	uint64_t offset = 0;
	int n, entries = 0, dots = 0;
	struct entry entry;

	assert_non_null(seen);
	while ((n = read_bytes(c, P9_TREADDIR, 1, offset, count)) > 0) {
		while (next_entry(c, &entry)) {
			int i = atoi(entry.name);

			offset = entry.offset;
			if (entry.name[0] == '.') {
				assert_int_equal(entry.qid.type, P9_QTDIR);
				dots++;
				continue;
			}
			assert_int_equal(entry.type, DT_REG);
			assert_int_equal(entry.qid.type, P9_QTFILE);
			assert_in_range(i, 0, ENTRIES - 1);
			assert_int_equal(seen[i]++, 0);
			entries++;
		}
	}
	assert_int_equal(n, 0);
	assert_int_equal(entries, ENTRIES);
	assert_int_equal(dots, 2);
	free(seen);
}

static void a_large_directory_is_listed_whole(void **state)
{
	static const uint32_t counts[] = {300, 1023, 4096, 8191, 65000, UINT32_MAX};
	struct client *c = *state;

	make_entries(c);
	assert_int_equal(walk(c, 0, 1, "d"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY | P9_DOTL_DIRECTORY), 0);
	/* One after the other on one fid: each seeks back to the start. */
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		list_all(c, counts[i]);
}

static void a_listing_resumes_anywhere(void **state)
{
	struct client *c = *state;
	struct entry entries[102], again;
	uint64_t offset = 0;
	char name[16];
	size_t count = 0;

	make_dir(c, "d");
	for (int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "d/%d", i);
		make_file(c, name, "");
	}
	assert_int_equal(walk(c, 0, 1, "d"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	while (read_bytes(c, P9_TREADDIR, 1, offset, 30000) > 0) {
		while (count < ARRAY_SIZE(entries) && next_entry(c, &entries[count]))
			offset = entries[count++].offset;
	}
	assert_int_equal(count, ARRAY_SIZE(entries));
	for (size_t i = count - 1; i-- > 0;) {
		assert_true(read_bytes(c, P9_TREADDIR, 1, entries[i].offset, 300) > 0);
		assert_true(next_entry(c, &again));
		assert_string_equal(again.name, entries[i + 1].name);
	}
}

static void too_little_for_an_entry(void **state)
{
	struct client *c = *state;

	assert_int_equal(lopen(c, 0, P9_DOTL_RDONLY), 0);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 0, 0, 24), -EINVAL);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 0, 0, 0), -EINVAL);
	assert_true(read_bytes(c, P9_TREADDIR, 0, 0, 26) > 0);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 0, UINT64_MAX, 1000), -EINVAL);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 0, 1ULL << 63, 1000), -EINVAL);
	/* None of which loses the place. */
	assert_in_range(read_bytes(c, P9_TREADDIR, 0, 0, 50), 25, 26);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 9, 0, 1000), -EBADF);
}

static void entries_carry_the_qids_of_a_walk(void **state)
{
	struct client *c = *state;
	struct entry entry;
	struct attr attr, root, dir;

	make_dir(c, "d");
	make_dir(c, "d/sub");
	make_file(c, "d/f", "");
	assert_int_equal(symlinkat("f", c->dir_fd, "d/l"), 0);
	assert_int_equal(walk(c, 0, 1, "d"), 0);
	assert_int_equal(getattr(c, 0, &root), 0);
	assert_int_equal(getattr(c, 1, &dir), 0);
	assert_int_equal(walk(c, 1, 2, ""), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	assert_true(read_bytes(c, P9_TREADDIR, 1, 0, 1000) > 0);
	for (struct p9_reader left = c->in; next_entry(c, &entry);) {
		left = c->in;
		if (strcmp(entry.name, ".") == 0) {
			assert_int_equal(entry.qid.path, dir.qid.path);
		} else if (strcmp(entry.name, "..") == 0) {
			assert_int_equal(entry.qid.path, root.qid.path);
		} else {
			assert_int_equal(walk(c, 2, 3, entry.name), 0);
			assert_int_equal(getattr(c, 3, &attr), 0);
			assert_int_equal(attr.qid.path, entry.qid.path);
			assert_int_equal(attr.qid.type, entry.qid.type);
			assert_int_equal(clunk(c, 3), 0);
			assert_true(read_bytes(c, P9_TREADDIR, 1, 0, 1000) > 0);
		}
		c->in = left;
	}
	/* Above the share there is nothing to show, not even a number. */
	assert_int_equal(lopen(c, 0, P9_DOTL_RDONLY), 0);
	assert_true(read_bytes(c, P9_TREADDIR, 0, 0, 1000) > 0);
	while (next_entry(c, &entry)) {
		if (entry.name[0] == '.')
			assert_int_equal(entry.qid.path, root.qid.path);
	}
}

static void a_directory_removed_while_listed(void **state)
{
	struct client *c = *state;

	make_dir(c, "d");
	make_file(c, "d/f", "");
	assert_int_equal(walk(c, 0, 1, "d"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	assert_true(read_bytes(c, P9_TREADDIR, 1, 0, 30) > 0);
	assert_int_equal(unlinkat(c->dir_fd, "d/f", 0), 0);
	assert_int_equal(unlinkat(c->dir_fd, "d", AT_REMOVEDIR), 0);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 1, 0, 1000), -ENOENT);
	assert_int_equal(walk(c, 0, 2, "d"), -ENOENT);
	assert_int_equal(clunk(c, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_client, teardown_client)
		T(reads_are_bounded),
		T(reads_need_an_open_file),
		T(reads_beyond_4_gib),
		T(reads_into_pieces),
		T(a_request_in_pieces),
		T(an_unlinked_file_stays_while_open),
		T(a_large_directory_is_listed_whole),
		T(a_listing_resumes_anywhere),
		T(too_little_for_an_entry),
		T(entries_carry_the_qids_of_a_walk),
		T(a_directory_removed_while_listed),
#undef T
	};

	return cmocka_run_group_tests_name("p9 read", tests, NULL, NULL);
}
