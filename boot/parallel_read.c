/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/parallel_read.h"

#include <sched.h>
#include <signal.h>
#include <stdbool.h>

#include "core/fds.h"
#include "core/util.h"

/* What a thread takes at once ends where a huge page does: none is made by two. */
#define PIECE MIB(2)

unsigned parallel_read_helpers(void)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return 0;
	return (unsigned)min_u64((uint64_t)CPU_COUNT(&cpus) - 1, READ_HELPERS_MAX);
}

static uint64_t first_piece(const struct read_part *part)
{
	return (uint64_t)(uintptr_t)part->to / PIECE;
}

static uint64_t piece_count(const struct read_part *part)
{
	const uint64_t end = (uint64_t)(uintptr_t)part->to + part->size;

	return part->size ? (end + PIECE - 1) / PIECE - first_piece(part) : 0;
}

/* What of a part lies in its index-th piece. */
static struct read_part cut(const struct read_part *part, uint64_t index)
{
	const uint64_t to = (uint64_t)(uintptr_t)part->to;
	const uint64_t piece = (first_piece(part) + index) * PIECE;
	const uint64_t start = index ? piece - to : 0;
	const uint64_t end = min_u64(piece + PIECE - to, part->size);

	return (struct read_part){part->to + start, part->offset + start, end - start};
}

/* The index-th piece of all parts together; false: there are not as many. */
static bool find_piece(const struct parallel_read *reading, uint64_t index, struct read_part *piece)
{
	for (unsigned i = 0; i < reading->count; i++) {
		const uint64_t count = piece_count(&reading->parts[i]);

		if (index < count) {
			*piece = cut(&reading->parts[i], index);
			return true;
		}
		index -= count;
	}
	return false;
}

static void *read_pieces(void *arg)
{
	struct parallel_read *reading = arg;
	struct read_part piece;

	while (!atomic_load(&reading->error) &&
	       find_piece(reading, atomic_fetch_add(&reading->next, 1), &piece)) {
		int none = 0;
		int r = fd_pread_all(reading->fd, piece.to, piece.size, piece.offset);

		if (r < 0)
			(void)atomic_compare_exchange_strong(&reading->error, &none, r);
	}
	return NULL;
}

void parallel_read_begin(struct parallel_read *reading, int fd, const struct read_part *parts,
			 unsigned count, unsigned helpers)
{
	sigset_t all, before;

	*reading = (struct parallel_read){.fd = fd, .count = count};
	for (unsigned i = 0; i < count; i++)
		reading->parts[i] = parts[i];
	/* Signals are for threads that stay. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	while (reading->started < min_u64(helpers, READ_HELPERS_MAX) &&
	       pthread_create(&reading->helpers[reading->started], NULL, read_pieces, reading) == 0)
		reading->started++;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int parallel_read_finish(struct parallel_read *reading)
{
	(void)read_pieces(reading);
	while (reading->started > 0)
		(void)pthread_join(reading->helpers[--reading->started], NULL);
	return atomic_load(&reading->error);
}
