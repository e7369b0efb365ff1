/* SPDX-License-Identifier: Apache-2.0 */
/* 9P: locks between the guest and the host. */
#include "tests/unit/p9_client.h"

#include <sys/wait.h>

#include "core/util.h"

/* fids 1 and 2 have "f" open for reading and writing. */
static int setup_lock(void **state)
{
	int r = setup_writable(state);
	struct client *c = *state;

	make_file(c, "f", "0123456789");
	for (uint32_t fid = 1; fid <= 2; fid++) {
		assert_int_equal(walk(c, 0, fid, "f"), 0);
		assert_int_equal(lopen(c, fid, P9_DOTL_RDWR), 0);
	}
	return r;
}

static const struct lock_wish write_all = {.type = P9_LOCK_TYPE_WRLCK};
static const struct lock_wish read_all = {.type = P9_LOCK_TYPE_RDLCK};
static const struct lock_wish unlock_all = {.type = P9_LOCK_TYPE_UNLCK};

static struct lock_wish range(uint8_t type, uint64_t start, uint64_t length)
{
	return (struct lock_wish){.type = type, .start = start, .length = length};
}

/* Another open file description of the host's: 0, or -errno. */
static int host_locks(int fd, short type, off_t start, off_t length)
{
	struct flock flock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};

	return fcntl(fd, F_OFD_SETLK, &flock) ? -errno : 0;
}

static int host_opens(struct client *c)
{
	int fd = openat(c->dir_fd, "f", O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void a_lock_of_the_hosts_blocks_the_guest(void **state)
{
	struct client *c = *state;
	int fd = host_opens(c);

	assert_int_equal(host_locks(fd, F_WRLCK, 0, 0), 0);
	assert_int_equal(tlock(c, 1, write_all), P9_LOCK_BLOCKED);
	assert_int_equal(tlock(c, 1, read_all), P9_LOCK_BLOCKED);
	assert_int_equal(tlock(c, 1, unlock_all), P9_LOCK_SUCCESS);
	assert_int_equal(host_locks(fd, F_RDLCK, 0, 0), 0);
	assert_int_equal(tlock(c, 1, read_all), P9_LOCK_SUCCESS);
	assert_int_equal(tlock(c, 1, write_all), P9_LOCK_BLOCKED);
	close(fd);
	assert_int_equal(tlock(c, 1, write_all), P9_LOCK_SUCCESS);
}

static void ranges_are_ranges(void **state)
{
	struct client *c = *state;
	int fd = host_opens(c);

	assert_int_equal(host_locks(fd, F_WRLCK, 10, 10), 0);
	assert_int_equal(tlock(c, 1, range(P9_LOCK_TYPE_WRLCK, 0, 10)), P9_LOCK_SUCCESS);
	assert_int_equal(tlock(c, 1, range(P9_LOCK_TYPE_WRLCK, 0, 11)), P9_LOCK_BLOCKED);
	assert_int_equal(tlock(c, 1, range(P9_LOCK_TYPE_WRLCK, 20, 0)), P9_LOCK_SUCCESS);
	assert_int_equal(host_locks(fd, F_WRLCK, 0, 1), -EAGAIN);
	assert_int_equal(host_locks(fd, F_WRLCK, 1000, 1), -EAGAIN);
	assert_int_equal(tlock(c, 1, range(P9_LOCK_TYPE_UNLCK, 0, 5)), P9_LOCK_SUCCESS);
	assert_int_equal(host_locks(fd, F_WRLCK, 0, 1), 0);
	assert_int_equal(host_locks(fd, F_WRLCK, 5, 1), -EAGAIN);
	close(fd);
}

/* POSIX locks, too, which belong to a process. */
static void a_lock_of_a_host_process(void **state)
{
	struct client *c = *state;
	int to[2], from[2], status;
	char byte;
	pid_t pid;

	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct flock flock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
		int fd = openat(c->dir_fd, "f", O_RDWR);

		close(to[1]); /* so that it ends with the test, whatever becomes of that */
		byte = fcntl(fd, F_SETLK, &flock) ? 'n' : 'y';
		(void)!write(from[1], &byte, 1);
		(void)!read(to[0], &byte, 1);
		_exit(0);
	}
	assert_int_equal(read(from[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	assert_int_equal(tlock(c, 1, write_all), P9_LOCK_BLOCKED);
	assert_int_equal(write(to[1], "x", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(tlock(c, 1, write_all), P9_LOCK_SUCCESS);
	for (int i = 0; i < 2; i++) {
		close(to[i]);
		close(from[i]);
	}
}

static void a_lock_of_the_guests_blocks_the_host(void **state)
{
	struct client *c = *state;
	int fd = host_opens(c);

	assert_int_equal(tlock(c, 1, write_all), P9_LOCK_SUCCESS);
	assert_int_equal(host_locks(fd, F_RDLCK, 0, 0), -EAGAIN);
	assert_int_equal(tlock(c, 1, read_all), P9_LOCK_SUCCESS);
	assert_int_equal(host_locks(fd, F_RDLCK, 0, 0), 0);
	assert_int_equal(host_locks(fd, F_WRLCK, 0, 0), -EAGAIN);
	assert_int_equal(tlock(c, 1, unlock_all), P9_LOCK_SUCCESS);
	assert_int_equal(host_locks(fd, F_WRLCK, 0, 0), 0);
	assert_int_equal(host_locks(fd, F_UNLCK, 0, 0), 0);
	/* It goes with the fid, or with the session. */
	assert_int_equal(tlock(c, 1, write_all), P9_LOCK_SUCCESS);
	assert_int_equal(host_locks(fd, F_WRLCK, 0, 0), -EAGAIN);
	assert_int_equal(clunk(c, 1), 0);
	assert_int_equal(host_locks(fd, F_WRLCK, 0, 0), 0);
	assert_int_equal(host_locks(fd, F_UNLCK, 0, 0), 0);
	assert_int_equal(tlock(c, 2, write_all), P9_LOCK_SUCCESS);
	assert_int_equal(host_locks(fd, F_WRLCK, 0, 0), -EAGAIN);
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
	assert_int_equal(host_locks(fd, F_WRLCK, 0, 0), 0);
	close(fd);
}

/* Among its own the guest decides. */
static void two_fids_never_block_each_other(void **state)
{
	struct client *c = *state;
	struct lock_wish lock = write_all;

	assert_int_equal(tlock(c, 1, write_all), P9_LOCK_SUCCESS);
	assert_int_equal(tlock(c, 2, write_all), P9_LOCK_SUCCESS);
	assert_int_equal(tgetlock(c, 2, &lock), 0);
	assert_int_equal(lock.type, P9_LOCK_TYPE_UNLCK);
	assert_int_equal(tlock(c, 1, unlock_all), P9_LOCK_SUCCESS);
	assert_int_equal(tlock(c, 2, read_all), P9_LOCK_SUCCESS);
}

/* A fid that has locked before, and let go of all, is none that could be in the way. */
static void an_unlocked_fid_hides_no_lock_of_the_hosts(void **state)
{
	struct client *c = *state;
	struct lock_wish lock = write_all;
	int fd = host_opens(c);

	assert_int_equal(tlock(c, 1, write_all), P9_LOCK_SUCCESS);
	assert_int_equal(tlock(c, 1, unlock_all), P9_LOCK_SUCCESS);
	assert_int_equal(host_locks(fd, F_WRLCK, 0, 0), 0);
	assert_int_equal(tlock(c, 2, write_all), P9_LOCK_BLOCKED);
	assert_int_equal(tgetlock(c, 2, &lock), 0);
	assert_int_equal(lock.type, P9_LOCK_TYPE_WRLCK);
	/* The same for one that is gone. */
	assert_int_equal(host_locks(fd, F_UNLCK, 0, 0), 0);
	assert_int_equal(tlock(c, 1, write_all), P9_LOCK_SUCCESS);
	assert_int_equal(clunk(c, 1), 0);
	assert_int_equal(host_locks(fd, F_WRLCK, 0, 0), 0);
	assert_int_equal(tlock(c, 2, write_all), P9_LOCK_BLOCKED);
	close(fd);
}

static void who_is_in_the_way(void **state)
{
	struct client *c = *state;
	struct lock_wish lock = range(P9_LOCK_TYPE_WRLCK, 5, 100);
	int fd = host_opens(c);

	lock.proc_id = 77;
	assert_int_equal(tgetlock(c, 1, &lock), 0);
	assert_int_equal(lock.type, P9_LOCK_TYPE_UNLCK);
	assert_int_equal(lock.proc_id, 77);
	assert_int_equal(host_locks(fd, F_RDLCK, 20, 30), 0);
	lock.type = P9_LOCK_TYPE_WRLCK;
	assert_int_equal(tgetlock(c, 1, &lock), 0);
	assert_int_equal(lock.type, P9_LOCK_TYPE_RDLCK);
	assert_int_equal(lock.start, 20);
	assert_int_equal(lock.length, 30);
	assert_int_equal(lock.proc_id, 0);
	lock = range(P9_LOCK_TYPE_RDLCK, 5, 100);
	assert_int_equal(tgetlock(c, 1, &lock), 0);
	assert_int_equal(lock.type, P9_LOCK_TYPE_UNLCK);
	close(fd);
}

static void locks_that_make_no_sense(void **state)
{
	static const uint64_t bad[][2] = {{UINT64_MAX, 0}, {0, UINT64_MAX},
					  {INT64_MAX, 1},  {1ULL << 63, 1},
					  {1, INT64_MAX},  {UINT64_MAX, UINT64_MAX}};
	struct client *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct lock_wish lock = range(P9_LOCK_TYPE_WRLCK, bad[i][0], bad[i][1]);

		assert_int_equal(tlock(c, 1, lock), -EINVAL);
		assert_int_equal(tgetlock(c, 1, &lock), -EINVAL);
	}
	for (unsigned type = 3; type < 256; type++) {
		struct lock_wish lock = {.type = (uint8_t)type};

		assert_int_equal(tlock(c, 1, lock), -EINVAL);
		assert_int_equal(tgetlock(c, 1, &lock), -EINVAL);
	}
	assert_int_equal(tlock(c, 9, write_all), -EBADF);
}

/* Where the guest may not write it must not keep others from writing. */
static void no_lock_on_what_is_read_only(void **state)
{
	struct client *c = *state;
	int fd = host_opens(c);

	client_stop(c);
	c->exports[0].fd = dup(c->dir_fd);
	c->exports[0].writable = false;
	client_serve(c, 1, NULL);
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	assert_int_equal(tlock(c, 1, read_all), P9_LOCK_SUCCESS);
	assert_int_equal(tlock(c, 1, write_all), P9_LOCK_SUCCESS);
	assert_int_equal(host_locks(fd, F_WRLCK, 0, 0), 0);
	assert_int_equal(tlock(c, 1, write_all), P9_LOCK_SUCCESS);
	close(fd);
}

/* flock(2) takes an exclusive lock through a descriptor for reading; the host's kernel cannot. */
static void an_exclusive_lock_without_the_right_to_write(void **state)
{
	struct client *c = *state;

	assert_int_equal(walk(c, 0, 3, "f"), 0);
	assert_int_equal(lopen(c, 3, P9_DOTL_RDONLY), 0);
	assert_int_equal(tlock(c, 3, write_all), P9_LOCK_SUCCESS);
	assert_int_equal(tlock(c, 3, read_all), P9_LOCK_SUCCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_lock, teardown_client)
		T(a_lock_of_the_hosts_blocks_the_guest),
		T(ranges_are_ranges),
		T(a_lock_of_a_host_process),
		T(a_lock_of_the_guests_blocks_the_host),
		T(two_fids_never_block_each_other),
		T(an_unlocked_fid_hides_no_lock_of_the_hosts),
		T(who_is_in_the_way),
		T(locks_that_make_no_sense),
		T(no_lock_on_what_is_read_only),
		T(an_exclusive_lock_without_the_right_to_write),
#undef T
	};

	return cmocka_run_group_tests_name("p9 lock", tests, NULL, NULL);
}
