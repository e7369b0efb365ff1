/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/suggest.h"

#include <stdbool.h>
#include <string.h>

/* Longer words than any of ours are no near miss. */
#define WORD_MAX 32

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Optimal string alignment: three rows of the classic table, the one before the last for swaps. */
static size_t distance(const char *a, const char *b)
{
	const size_t len = strlen(b);
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t *unused = before;
		before = above;
		above = row;
		row = unused;
		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			const size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = min3(above[j] + 1, row[j - 1] + 1, replaced);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
	}
	return row[len];
}

const char *suggest(const char *typed, const char *const words[], size_t count)
{
	const size_t len = strlen(typed);
	size_t best = 1 + len / 3; /* more edits than this, and it is another word */
	const char *nearest = NULL;

	if (len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (strlen(words[i]) > WORD_MAX)
			continue;
		/* A word's start is as near as one wrong key. */
		const bool starts = len > 1 && strncmp(words[i], typed, len) == 0;
		const size_t edits = starts ? 1 : distance(typed, words[i]);
		if (edits < best || (edits == best && !nearest)) {
			best = edits;
			nearest = words[i];
		}
	}
	return nearest;
}
