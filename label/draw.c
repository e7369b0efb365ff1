/* SPDX-License-Identifier: Apache-2.0 */
#include "label/draw.h"

#include <errno.h>
#include <sys/random.h>

/* With fewer pairs in use than free, as nearly always, one of these is free but once in 4 billion times. */
#define RANDOM_TRIES 32

struct categories {
	unsigned numbers[MLS_CATEGORIES];
	unsigned count;
};

static void list(const struct mls_level *level, struct categories *all)
{
	all->count = 0;
	for (unsigned i = 0; i < MLS_CATEGORIES; i++) {
		if (mls_has(level, i))
			all->numbers[all->count++] = i;
	}
}

/* Each of 0 to limit - 1 as likely. */
static int random_below(unsigned limit, unsigned *number)
{
	const uint32_t fair = UINT32_MAX - UINT32_MAX % limit;
	uint32_t bits;

	do {
		if (getrandom(&bits, sizeof(bits), 0) != sizeof(bits))
			return -EAGAIN;
	} while (bits >= fair);
	*number = bits % limit;
	return 0;
}

/* Two different indexes, the lower one first. */
static int random_indexes(unsigned count, unsigned *low, unsigned *high)
{
	unsigned a = 0, b = 0;
	int err = random_below(count, &a);

	if (!err)
		err = random_below(count - 1, &b);
	if (err)
		return err;
	b += b >= a;
	*low = a < b ? a : b;
	*high = a < b ? b : a;
	return 0;
}

static int try_pair(const struct categories *all, unsigned low, unsigned high,
		    pair_reserve *reserve, struct pair *pair)
{
	*pair = (struct pair){all->numbers[low], all->numbers[high]};
	return reserve(pair);
}

/* All of them, one after the other, from a random one on. */
static int sweep(const struct categories *all, pair_reserve *reserve, struct pair *pair)
{
	unsigned low, high;
	int err = random_indexes(all->count, &low, &high);

	if (err)
		return err;
	for (unsigned left = all->count * (all->count - 1) / 2; left > 0; left--) {
		int fd = try_pair(all, low, high, reserve, pair);
		if (fd != -EADDRINUSE)
			return fd;
		if (++high < all->count)
			continue;
		low = low + 2 < all->count ? low + 1 : 0;
		high = low + 1;
	}
	return -EUSERS;
}

int draw_pair(const struct mls_level *level, pair_reserve *reserve, struct pair *pair)
{
	struct categories all;
	unsigned low, high;

	list(level, &all);
	if (all.count < 2)
		return -ERANGE;
	for (unsigned i = 0; i < RANDOM_TRIES; i++) {
		int err = random_indexes(all.count, &low, &high);
		if (err)
			return err;
		int fd = try_pair(&all, low, high, reserve, pair);
		if (fd != -EADDRINUSE)
			return fd;
	}
	return sweep(&all, reserve, pair);
}

bool pair_of_level(const struct mls_level *level, struct pair *pair)
{
	struct categories all;

	list(level, &all);
	if (all.count != 2)
		return false;
	*pair = (struct pair){all.numbers[0], all.numbers[1]};
	return true;
}
