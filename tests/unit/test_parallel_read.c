/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "boot/parallel_read.h"
#include "core/fds.h"
#include "core/util.h"

#define FILE_SIZE MIB(9)
#define ROOM      MIB(16)
#define HELPERS   5 /* more than there will be */

static uint8_t *content, *room;
static int fd;

static int setup(void **state)
{
	uint32_t seed = 1;

	(void)state;
	content = malloc(FILE_SIZE);
	room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd = memfd_create("kernel", MFD_CLOEXEC);
	for (size_t i = 0; i < FILE_SIZE; i++) {
		seed = seed * 1103515245 + 12345;
		content[i] = (uint8_t)(seed >> 16);
	}
	return room == MAP_FAILED || fd_pwrite_all(fd, content, FILE_SIZE, 0) < 0;
}

static int teardown(void **state)
{
	(void)state;
	free(content);
	(void)close(fd);
	return munmap(room, ROOM);
}

static int read_all(int file, const struct read_part *parts, unsigned count, unsigned helpers)
{
	struct parallel_read reading;

	parallel_read_begin(&reading, file, parts, count, helpers);
	return parallel_read_finish(&reading);
}

/* Nothing but the parts is written. */
static void assert_read(const struct read_part *parts, unsigned count)
{
	for (unsigned helpers = 0; helpers <= HELPERS; helpers++) {
		uint64_t at = 0;

		memset(room, 0x5a, ROOM);
		assert_int_equal(read_all(fd, parts, count, helpers), 0);
		for (unsigned i = 0; i < count; i++) {
			const uint64_t to = (uint64_t)(parts[i].to - room);

			for (; at < to; at++)
				assert_true(room[at] == 0x5a);
			assert_memory_equal(parts[i].to, content + parts[i].offset, parts[i].size);
			at += parts[i].size;
		}
		for (; at < ROOM; at++)
			assert_true(room[at] == 0x5a);
	}
}

static void parts_of_all_sizes(void **state)
{
	const struct read_part parts[] = {
		{room + 1, 5, 1},
		{room + 100, 0, 0},
		{room + 4096, MIB(1) + 3, MIB(4) + 17},
		{room + MIB(6), 0, MIB(2)},
		{room + MIB(8) + 1, FILE_SIZE - MIB(3), MIB(3)},
		{room + ROOM - 1, FILE_SIZE - 1, 1},
	};

	(void)state;
	assert_read(parts, ARRAY_SIZE(parts));
	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
		assert_read(&parts[i], 1);
	assert_read(parts, 0);
}

static void a_file_that_is_too_short(void **state)
{
	const struct read_part parts[] = {
		{room, 0, MIB(4)},
		{room + MIB(4), FILE_SIZE - MIB(4), MIB(4) + 1},
	};

	(void)state;
	for (unsigned helpers = 0; helpers <= HELPERS; helpers++) {
		assert_int_equal(read_all(fd, parts, 2, helpers), -ENODATA);
		assert_int_equal(read_all(-1, parts, 2, helpers), -EBADF);
	}
}

static void no_more_helpers_than_processors(void **state)
{
	(void)state;
	assert_true(parallel_read_helpers() < (unsigned long)sysconf(_SC_NPROCESSORS_ONLN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_of_all_sizes),
		cmocka_unit_test(a_file_that_is_too_short),
		cmocka_unit_test(no_more_helpers_than_processors),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
