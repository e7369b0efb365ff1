/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fourth part of a security context, as text: SENSITIVITY[:CATEGORIES][-SENSITIVITY[:CATEGORIES]],
 * "s0-s0:c0.c1023". Categories are cN, cN.cM (all from one to the other), joined by commas. As the kernel has
 * it ("raw"), not as mcstransd would show it.
 */
#ifndef LABEL_MLS_H
#define LABEL_MLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As many as policies are made with. */
#define MLS_CATEGORIES      1024
#define MLS_SENSITIVITY_MAX 16

struct mls_level {
	char sensitivity[MLS_SENSITIVITY_MAX]; /* "s0" */
	uint64_t categories[MLS_CATEGORIES / 64];
};

struct mls_range {
	struct mls_level low, high; /* the same, where there is but one */
};

/* 0, or -EINVAL: not a range, or with more categories than there can be. */
int mls_range_parse(const char *text, struct mls_range *range);

bool mls_has(const struct mls_level *level, unsigned category);
unsigned mls_count(const struct mls_level *level);

/* Has level all the sensitivity and categories of other? (The sensitivity: the same one.) */
bool mls_contains(const struct mls_level *level, const struct mls_level *other);

#endif
