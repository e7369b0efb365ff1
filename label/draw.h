/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pair of categories for one run, which no other live run has. As with sVirt two, not one: 1024
 * categories are 523,776 pairs, and neither of two different pairs contains the other.
 */
#ifndef LABEL_DRAW_H
#define LABEL_DRAW_H

#include "label/mls.h"

struct pair {
	unsigned low, high; /* low < high */
};

/* Makes the pair this process's: a descriptor, -EADDRINUSE if somebody has it, or another -errno. */
typedef int pair_reserve(const struct pair *pair);

/*
 * A random one of the level's pairs that can be reserved: the descriptor, with *pair filled. Or -ERANGE: the
 * level has fewer than two categories; -EUSERS: all are in use; else what reserve() said.
 */
int draw_pair(const struct mls_level *level, pair_reserve *reserve, struct pair *pair);

/* The one pair that level is, if it has exactly two categories. */
bool pair_of_level(const struct mls_level *level, struct pair *pair);

#endif
