/* SPDX-License-Identifier: Apache-2.0 */
/* 9P: a directory with very many entries, read from beginning to end and in between. */
#include "tests/unit/p9_client.h"

#define ENTRIES 100000u

/* fid 1 has the directory "d" open, with so many entries, named by number. */
static void make_entries(struct client *c)
{
	char name[16];
	int fd;

	make_dir(c, "d");
	fd = openat(c->dir_fd, "d", O_RDONLY | O_DIRECTORY);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		assert_int_equal(mknodat(fd, name, S_IFREG | 0644, 0), 0);
	}
	close(fd);
	assert_int_equal(walk(c, 0, 1, "d"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY | P9_DOTL_DIRECTORY), 0);
}

static void each_entry_comes_once(void **state)
{
	struct client *c = *state;
	bool *seen = calloc(ENTRIES, sizeof(*seen));
	uint64_t *offsets = calloc(ENTRIES, sizeof(*offsets)), offset = 0;
	uint32_t *first = calloc(ENTRIES, sizeof(*first)), count = 0, replies = 0;
	struct entry entry;

	assert_true(seen && offsets && first);
	make_entries(c);
	while (read_bytes(c, P9_TREADDIR, 1, offset, CLIENT_MSIZE) > 0) {
		offsets[replies] = offset;
		first[replies] = UINT32_MAX;
		while (next_entry(c, &entry)) {
			uint32_t i;

			offset = entry.offset;
			if (entry.name[0] == '.')
				continue;
			i = (uint32_t)strtoul(entry.name, NULL, 10);
			assert_in_range(i, 0, ENTRIES - 1);
			assert_false(seen[i]);
			seen[i] = true;
			count++;
			if (first[replies] == UINT32_MAX)
				first[replies] = i;
		}
		replies++;
	}
	assert_int_equal(count, ENTRIES);
	/* Back and forth: what came first after an offset still does. */
	for (uint32_t i = 0; i < replies; i++) {
		uint32_t at = i % 2 ? replies - 1 - i : i * 7919u % replies;

		assert_true(read_bytes(c, P9_TREADDIR, 1, offsets[at], CLIENT_MSIZE) > 0);
		do
			assert_true(next_entry(c, &entry));
		while (entry.name[0] == '.');
		assert_int_equal(strtoul(entry.name, NULL, 10), first[at]);
	}
	free(first);
	free(offsets);
	free(seen);
}

static void entries_removed_while_it_is_read(void **state)
{
	struct client *c = *state;
	uint32_t removed = 0;
	uint64_t offset = 0;
	struct entry entry;

	make_entries(c);
	assert_int_equal(walk(c, 0, 2, "d"), 0);
	/* As rm -r does: reads some, removes them, reads on. */
	while (read_bytes(c, P9_TREADDIR, 1, offset, 8192) > 0) {
		struct p9_reader in = c->in;
		uint8_t copy[8192];

		assert_in_range(in.left, 1, sizeof(copy));
		memcpy(copy, in.at, in.left);
		in.at = copy;
		for (;;) {
			c->in = in;
			if (!next_entry(c, &entry))
				break;
			in = c->in;
			offset = entry.offset;
			if (entry.name[0] == '.')
				continue;
			assert_int_equal(tunlinkat(c, 2, entry.name, 0), 0);
			removed++;
		}
	}
	assert_int_equal(removed, ENTRIES);
	assert_int_equal(tunlinkat(c, 0, "d", P9_DOTL_AT_REMOVEDIR), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_writable, teardown_client)
		T(each_entry_comes_once),
		T(entries_removed_while_it_is_read),
#undef T
	};

	return cmocka_run_group_tests_name("p9 big directory", tests, enter_memory, NULL);
}
