/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 9P: a guest that writes while the host exchanges directories with links that lead out of the share.
 * Nothing outside is ever made, written, truncated, removed or changed in any other way.
 *
 * SNUG_TEST_RACES: how often each request is tried.
 */
#include "tests/unit/p9_client.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/util.h"

#define ROUNDS 100

/* "outside", as a copy of what the guest would want to get at, and what it must stay. */
static const char *const outside[] = {"outside", "outside/secret", "outside/victim", "outside/d",
				      "outside/d/f"};

struct state {
	struct stat st[ARRAY_SIZE(outside)];
};

static void look(struct client *c, struct state *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++)
		s->st[i] = stat_of(c, outside[i]);
}

static void assert_untouched(struct client *c, const struct state *before)
{
	struct state now;

	look(c, &now);
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
		const struct stat *a = &before->st[i], *b = &now.st[i];

		assert_int_equal(a->st_ino, b->st_ino);
		assert_int_equal(a->st_mode, b->st_mode);
		assert_int_equal(a->st_uid, b->st_uid);
		assert_int_equal(a->st_size, b->st_size);
		assert_int_equal(a->st_nlink, b->st_nlink);
		/* Any change of any kind; and of a directory's entries. */
		assert_memory_equal(&a->st_ctim, &b->st_ctim, sizeof(a->st_ctim));
		assert_memory_equal(&a->st_mtim, &b->st_mtim, sizeof(a->st_mtim));
	}
	assert_content(c, "outside/secret", SECRET);
}

struct host {
	struct client *c;
	const char *a, *b;
	atomic_bool stop;
	atomic_ulong swaps;
	pthread_t thread;
};

static void *keep_swapping(void *arg)
{
	struct host *host = arg;

	while (!host->stop) {
		if (renameat2(host->c->dir_fd, host->a, host->c->dir_fd, host->b,
			      RENAME_EXCHANGE) == 0)
			host->swaps++;
	}
	return NULL;
}

static void prepare(struct client *c)
{
	make_file(c, "outside/victim", "victim");
	make_dir(c, "outside/d");
	make_file(c, "outside/d/f", "f");
	make_dir(c, "share/x");
	make_dir(c, "share/x/d");
	make_file(c, "share/x/secret", "x");
	make_file(c, "share/x/victim", "x");
	make_file(c, "share/own", "own");
	assert_int_equal(symlinkat("../outside", c->dir_fd, "share/y"), 0);
	assert_int_equal(symlinkat("../outside/victim", c->dir_fd, "share/l"), 0);
}

/* Each by a fid that is walked anew, and by one that was walked before the swap. */
static void try_everything(struct client *c, uint32_t dir)
{
	struct wish wish = {.valid = P9_SETATTR_MODE | P9_SETATTR_SIZE | P9_SETATTR_MTIME,
			    .mode = 0777};

	if (walk(c, dir, 10, "victim") == 0) {
		(void)setattr(c, 10, wish);
		if (lopen(c, 10, P9_DOTL_RDWR | P9_DOTL_TRUNC) == 0)
			(void)twrite(c, 10, 0, "bad", 3);
		(void)clunk(c, 10);
	}
	if (walk(c, dir, 11, "") == 0) {
		if (lcreate(c, 11, "secret", P9_DOTL_RDWR | P9_DOTL_TRUNC, 0666, ~0u) == 0)
			(void)twrite(c, 11, 0, "bad", 3);
		(void)clunk(c, 11);
	}
	if (walk(c, dir, 12, "") == 0) {
		(void)lcreate(c, 12, "new", P9_DOTL_RDWR, 0666, ~0u);
		(void)clunk(c, 12);
	}
	put_change(c, P9_TMKDIR, dir, 1);
	(void)call(c);
	(void)tunlinkat(c, dir, "new", P9_DOTL_AT_REMOVEDIR);
	(void)tunlinkat(c, dir, "new", 0);
	(void)trenameat(c, dir, "victim", dir, "moved");
	(void)trenameat(c, dir, "moved", dir, "victim");
	(void)tlink(c, dir, 1, "linked");
	(void)tunlinkat(c, dir, "linked", 0);
	if (walk(c, dir, 13, "d") == 0) {
		(void)setattr(c, 13, wish);
		(void)clunk(c, 13);
	}
	if (walk(c, dir, 14, "d/f") == 0)
		(void)tremove(c, 14);
	(void)clunk(c, 14);
}

static void race(struct client *c, const char *a, const char *b)
{
	struct host host = {.c = c, .a = a, .b = b};
	const char *text = getenv("SNUG_TEST_RACES");
	long rounds = text ? atol(text) : ROUNDS;
	struct state before;

	prepare(c);
	look(c, &before);
	assert_int_equal(walk(c, 0, 1, "own"), 0);
	assert_int_equal(walk(c, 0, 2, "x"), 0);
	assert_int_equal(pthread_create(&host.thread, NULL, keep_swapping, &host), 0);
	for (long i = 0; i < rounds; i++) {
		try_everything(c, 2);
		if (walk(c, 0, 3, "x") == 0) {
			try_everything(c, 3);
			assert_int_equal(clunk(c, 3), 0);
		}
		if (walk(c, 0, 4, "y") == 0) {
			try_everything(c, 4);
			assert_int_equal(clunk(c, 4), 0);
		}
	}
	host.stop = true;
	pthread_join(host.thread, NULL);
	assert_true(host.swaps > 0);
	assert_untouched(c, &before);
	assert_content(c, "share/own", "own");
}

static void a_directory_and_a_link_that_change_places(void **state)
{
	race(*state, "share/x", "share/y");
}

static void a_file_and_a_link_that_change_places(void **state)
{
	struct client *c = *state;

	race(c, "share/x/victim", "share/l");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define INNER(name) cmocka_unit_test_setup_teardown(name, setup_inner_writable, teardown_client)
		INNER(a_directory_and_a_link_that_change_places),
		INNER(a_file_and_a_link_that_change_places),
#undef INNER
	};

	return cmocka_run_group_tests_name("p9 races", tests, enter_memory, NULL);
}
