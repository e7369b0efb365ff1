/* SPDX-License-Identifier: Apache-2.0 */
#include "label/mls.h"

#include <errno.h>
#include <string.h>

/* Where "cN" ends, or NULL. */
static const char *parse_category(const char *at, unsigned *category)
{
	unsigned number = 0;

	if (*at++ != 'c' || *at < '0' || *at > '9')
		return NULL;
	for (; *at >= '0' && *at <= '9'; at++) {
		number = number * 10 + (unsigned)(*at - '0');
		if (number >= MLS_CATEGORIES)
			return NULL;
	}
	*category = number;
	return at;
}

static const char *parse_categories(const char *at, struct mls_level *level)
{
	unsigned first, last;

	do {
		at = parse_category(at + 1, &first);
		last = first;
		if (at && *at == '.')
			at = parse_category(at + 1, &last);
		if (!at || last < first)
			return NULL;
		for (unsigned i = first; i <= last; i++)
			level->categories[i / 64] |= 1ULL << (i % 64);
	} while (*at == ',');
	return at;
}

static const char *parse_level(const char *at, struct mls_level *level)
{
	const size_t len = strcspn(at, ":-");

	*level = (struct mls_level){0};
	if (len == 0 || len >= sizeof(level->sensitivity))
		return NULL;
	memcpy(level->sensitivity, at, len);
	at += len;
	return *at == ':' ? parse_categories(at, level) : at;
}

int mls_range_parse(const char *text, struct mls_range *range)
{
	const char *at = parse_level(text, &range->low);

	range->high = range->low;
	if (at && *at == '-')
		at = parse_level(at + 1, &range->high);
	return at && *at == '\0' ? 0 : -EINVAL;
}

bool mls_has(const struct mls_level *level, unsigned category)
{
	return category < MLS_CATEGORIES &&
	       (level->categories[category / 64] & (1ULL << (category % 64)));
}

unsigned mls_count(const struct mls_level *level)
{
	unsigned count = 0;

	for (size_t i = 0; i < MLS_CATEGORIES / 64; i++)
		count += (unsigned)__builtin_popcountll(level->categories[i]);
	return count;
}

bool mls_contains(const struct mls_level *level, const struct mls_level *other)
{
	for (size_t i = 0; i < MLS_CATEGORIES / 64; i++) {
		if (other->categories[i] & ~level->categories[i])
			return false;
	}
	return strcmp(level->sensitivity, other->sensitivity) == 0;
}
