/* SPDX-License-Identifier: Apache-2.0 */
/* 9P: modes, owners, sizes and times, as a guest sets them and the host finds them. */
#include "tests/unit/p9_client.h"

#include <time.h>

#include "core/util.h"

/* fid 1 is walked to "f", fid 2 has it open. */
static void make_fids(struct client *c)
{
	make_file(c, "f", "0123456789");
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(walk(c, 0, 2, "f"), 0);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDWR), 0);
}

static void modes(void **state)
{
	struct client *c = *state;

	make_fids(c);
	make_dir(c, "d");
	assert_int_equal(symlinkat("f", c->dir_fd, "l"), 0);
	for (uint32_t fid = 1; fid <= 2; fid++) {
		assert_int_equal(set_mode(c, fid, 0600 + fid), 0);
		assert_int_equal(stat_of(c, "f").st_mode, S_IFREG | (0600 + fid));
		/* Of what is asked for, only what is a mode. */
		assert_int_equal(set_mode(c, fid, S_IFCHR | 0640), 0);
		assert_int_equal(stat_of(c, "f").st_mode, S_IFREG | 0640);
		assert_int_equal(set_mode(c, fid, 06755), 0);
		assert_int_equal(stat_of(c, "f").st_mode, S_IFREG | 06755);
	}
	assert_int_equal(walk(c, 0, 3, "d"), 0);
	assert_int_equal(set_mode(c, 3, 01777), 0);
	assert_int_equal(stat_of(c, "d").st_mode, S_IFDIR | 01777);
	/* A link has none of its own, and is not followed. */
	assert_int_equal(walk(c, 0, 4, "l"), 0);
	assert_int_equal(set_mode(c, 4, 0600), -EOPNOTSUPP);
	assert_int_equal(stat_of(c, "f").st_mode, S_IFREG | 06755);
	assert_int_equal(set_mode(c, 9, 0600), -EBADF);
}

static void owners(void **state)
{
	struct client *c = *state;
	struct wish wish = {.valid = P9_SETATTR_UID | P9_SETATTR_GID, .uid = 1234, .gid = 2345};

	make_fids(c);
	assert_int_equal(symlinkat("f", c->dir_fd, "l"), 0);
	assert_int_equal(walk(c, 0, 3, "l"), 0);
	if (geteuid() != 0) {
		assert_int_equal(setattr(c, 1, wish), -EPERM);
		skip_because("only root may give files away");
	}
	assert_int_equal(setattr(c, 1, wish), 0);
	assert_int_equal(stat_of(c, "f").st_uid, 1234);
	assert_int_equal(stat_of(c, "f").st_gid, 2345);
	wish = (struct wish){.valid = P9_SETATTR_UID, .uid = 1, .gid = 1};
	assert_int_equal(setattr(c, 2, wish), 0);
	assert_int_equal(stat_of(c, "f").st_uid, 1);
	assert_int_equal(stat_of(c, "f").st_gid, 2345);
	wish = (struct wish){.valid = P9_SETATTR_GID, .uid = 2, .gid = 2};
	assert_int_equal(setattr(c, 3, wish), 0);
	assert_int_equal(stat_of(c, "l").st_gid, 2);
	assert_int_equal(stat_of(c, "l").st_uid, geteuid());
	assert_int_equal(stat_of(c, "f").st_gid, 2345);
}

static void sizes(void **state)
{
	struct client *c = *state;

	make_fids(c);
	make_dir(c, "d");
	assert_int_equal(symlinkat("f", c->dir_fd, "l"), 0);
	assert_int_equal(set_size(c, 1, 4), 0);
	assert_content(c, "f", "0123");
	assert_int_equal(set_size(c, 2, 2), 0);
	assert_content(c, "f", "01");
	assert_int_equal(set_size(c, 1, 1 << 20), 0);
	assert_int_equal(stat_of(c, "f").st_size, 1 << 20);
	/* Through a fid that is open for reading alone, the file is opened once more. */
	assert_int_equal(walk(c, 0, 3, "f"), 0);
	assert_int_equal(lopen(c, 3, P9_DOTL_RDONLY), 0);
	assert_int_equal(set_size(c, 3, 1), 0);
	assert_content(c, "f", "0");
	assert_int_equal(set_size(c, 1, UINT64_MAX), -EFBIG);
	assert_int_equal(set_size(c, 2, 1ULL << 63), -EFBIG);
	assert_true(set_size(c, 2, INT64_MAX) < 0);
	assert_int_equal(walk(c, 0, 4, "d"), 0);
	assert_int_equal(set_size(c, 4, 0), -EISDIR);
	assert_int_equal(walk(c, 0, 5, "l"), 0);
	assert_int_equal(set_size(c, 5, 0), -EINVAL);
	assert_content(c, "f", "0");
}

/* A process may truncate what it has open for writing, whatever the mode is by then. */
static void an_open_file_is_truncated_whatever_its_mode(void **state)
{
	struct client *c = *state;

	make_fids(c);
	assert_int_equal(fchmodat(c->dir_fd, "f", 0, 0), 0);
	assert_int_equal(set_size(c, 2, 3), 0);
	assert_int_equal(stat_of(c, "f").st_size, 3);
}

/* The host's clock is the measure; a minute more or less does not matter here. */
static bool is_now(struct timespec when)
{
	return when.tv_sec > time(NULL) - 60 && when.tv_sec < time(NULL) + 60;
}

static void times(void **state)
{
	struct client *c = *state;
	struct wish wish = {.valid = P9_SETATTR_ATIME | P9_SETATTR_ATIME_SET | P9_SETATTR_MTIME |
				     P9_SETATTR_MTIME_SET,
			    .times = {1000, 123456789, 2000, 987654321}};
	struct stat st;

	make_fids(c);
	assert_int_equal(symlinkat("f", c->dir_fd, "l"), 0);
	assert_int_equal(setattr(c, 1, wish), 0);
	st = stat_of(c, "f");
	assert_int_equal(st.st_atim.tv_sec, 1000);
	assert_int_equal(st.st_atim.tv_nsec, 123456789);
	assert_int_equal(st.st_mtim.tv_sec, 2000);
	assert_int_equal(st.st_mtim.tv_nsec, 987654321);
	/* One of them, the other stays. */
	wish.valid = P9_SETATTR_MTIME | P9_SETATTR_MTIME_SET;
	wish.times[0] = wish.times[2] = 3000;
	assert_int_equal(setattr(c, 2, wish), 0);
	st = stat_of(c, "f");
	assert_int_equal(st.st_atim.tv_sec, 1000);
	assert_int_equal(st.st_mtim.tv_sec, 3000);
	/* "Set" without "change" is no wish at all. */
	wish.valid = P9_SETATTR_ATIME_SET | P9_SETATTR_MTIME_SET;
	wish.times[0] = wish.times[2] = 4000;
	assert_int_equal(setattr(c, 1, wish), 0);
	assert_int_equal(stat_of(c, "f").st_mtim.tv_sec, 3000);
	wish.valid = P9_SETATTR_ATIME;
	assert_int_equal(setattr(c, 1, wish), 0);
	st = stat_of(c, "f");
	assert_true(is_now(st.st_atim));
	assert_int_equal(st.st_mtim.tv_sec, 3000);
	/* Of a link: its own. */
	wish.valid = P9_SETATTR_MTIME | P9_SETATTR_MTIME_SET;
	assert_int_equal(walk(c, 0, 3, "l"), 0);
	assert_int_equal(setattr(c, 3, wish), 0);
	assert_int_equal(stat_of(c, "l").st_mtim.tv_sec, 4000);
	assert_int_equal(stat_of(c, "f").st_mtim.tv_sec, 3000);
}

/* Numbers that utimensat(2) takes for "now" and "leave it" are none of the guest's. */
static void times_that_are_none(void **state)
{
	static const uint64_t bad[] = {UTIME_NOW, UTIME_OMIT, 1000000000, UINT64_MAX};
	struct client *c = *state;
	struct wish wish = {.valid = P9_SETATTR_MTIME | P9_SETATTR_MTIME_SET};

	make_fids(c);
	wish.times[2] = 5;
	assert_int_equal(setattr(c, 1, wish), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		wish.times[2] = 6;
		wish.times[3] = bad[i];
		assert_int_equal(setattr(c, 1, wish), -EINVAL);
		assert_int_equal(stat_of(c, "f").st_mtim.tv_sec, 5);
	}
}

static bool is_later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

static void the_time_of_change_alone(void **state)
{
	struct client *c = *state;
	struct wish wish = {.valid = P9_SETATTR_CTIME, .mode = 0, .uid = 7, .gid = 7, .size = 7};
	const struct timespec tick = {.tv_nsec = 20000000};
	struct stat before, after;

	make_fids(c);
	assert_int_equal(symlinkat("f", c->dir_fd, "l"), 0);
	assert_int_equal(fchmodat(c->dir_fd, "f", 06755, 0), 0);
	assert_int_equal(walk(c, 0, 3, "l"), 0);
	for (uint32_t fid = 1; fid <= 3; fid++) {
		const char *name = fid == 3 ? "l" : "f";

		before = stat_of(c, name);
		(void)nanosleep(&tick, NULL);
		assert_int_equal(setattr(c, fid, wish), 0);
		after = stat_of(c, name);
		assert_true(is_later(after.st_ctim, before.st_ctim));
		assert_memory_equal(&after.st_mtim, &before.st_mtim, sizeof(after.st_mtim));
		assert_int_equal(after.st_mode, before.st_mode);
		assert_int_equal(after.st_uid, before.st_uid);
		assert_int_equal(after.st_size, before.st_size);
	}
}

/* As chown(2) and truncate(2) would have it: the mode that is asked for holds, and so do the times. */
static void all_at_once(void **state)
{
	struct client *c = *state;
	struct wish wish = {.valid = 0x1ff,
			    .mode = 0711,
			    .uid = geteuid(),
			    .gid = getegid(),
			    .size = 3,
			    .times = {10, 1, 20, 2}};
	struct stat st;

	make_fids(c);
	for (uint32_t fid = 1; fid <= 2; fid++) {
		assert_int_equal(fchmodat(c->dir_fd, "f", 0644, 0), 0);
		assert_int_equal(setattr(c, fid, wish), 0);
		st = stat_of(c, "f");
		assert_int_equal(st.st_mode, S_IFREG | 0711);
		assert_int_equal(st.st_size, 3);
		assert_int_equal(st.st_atim.tv_sec, 10);
		assert_int_equal(st.st_mtim.tv_sec, 20);
		assert_int_equal(st.st_mtim.tv_nsec, 2);
	}
	assert_int_equal(setattr(c, 1, (struct wish){.valid = 0}), 0);
}

static void attributes_of_the_root(void **state)
{
	struct client *c = *state;
	struct wish wish = {.valid = P9_SETATTR_MTIME | P9_SETATTR_MTIME_SET, .times = {0, 0, 9}};

	assert_int_equal(set_mode(c, 0, 0700), 0);
	assert_int_equal(stat_of(c, ".").st_mode, S_IFDIR | 0700);
	assert_int_equal(setattr(c, 0, wish), 0);
	assert_int_equal(stat_of(c, ".").st_mtim.tv_sec, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_writable, teardown_client)
		T(modes),
		T(owners),
		T(sizes),
		T(an_open_file_is_truncated_whatever_its_mode),
		T(times),
		T(times_that_are_none),
		T(the_time_of_change_alone),
		T(all_at_once),
		T(attributes_of_the_root),
#undef T
	};

	return cmocka_run_group_tests_name("p9 setattr", tests, NULL, NULL);
}
