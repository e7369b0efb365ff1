/* SPDX-License-Identifier: Apache-2.0 */
#include "label/context.h"

#include <errno.h>
#include <selinux/context.h>
#include <stdio.h>
#include <string.h>

static void release(context_t *context)
{
	if (*context)
		context_free(*context);
}
#define _cleanup_context_ __attribute__((cleanup(release)))

int context_read_range(const char *context, struct mls_range *range)
{
	_cleanup_context_ context_t parts = context_new(context);

	if (!parts)
		return errno == ENOMEM ? -ENOMEM : -EINVAL;
	const char *text = context_range_get(parts);
	return text ? mls_range_parse(text, range) : -EOPNOTSUPP;
}

int context_with(const char *of, const char *type, const char *range, char **made)
{
	_cleanup_context_ context_t parts = context_new(of);

	if (!parts)
		return errno == ENOMEM ? -ENOMEM : -EINVAL;
	if ((type && context_type_set(parts, type)) || (range && context_range_set(parts, range)))
		return -ENOMEM;
	const char *text = context_str(parts);
	*made = text ? strdup(text) : NULL;
	return *made ? 0 : -ENOMEM;
}

int context_lowest(const char *of, char **made)
{
	struct mls_range range;
	int err = context_read_range(of, &range);

	return err ? err : context_with(of, NULL, range.low.sensitivity, made);
}

int context_levels(const char *context, char **lowest, char **upper)
{
	_cleanup_context_ context_t parts = context_new(context);
	struct mls_range range;
	int err = context_read_range(context, &range);

	if (err || !parts)
		return err ? err : -ENOMEM;
	const char *text = context_range_get(parts);
	const char *dash = strchr(text, '-');
	*lowest = strdup(range.low.sensitivity);
	*upper = strdup(dash ? dash + 1 : text);
	return *lowest && *upper ? 0 : -ENOMEM;
}

void context_range_of_pair(const struct mls_level *low, const struct pair *pair, bool from_lowest,
			   char text[RANGE_MAX])
{
	(void)snprintf(text, RANGE_MAX, "%s%s%s:c%u,c%u", from_lowest ? low->sensitivity : "",
		       from_lowest ? "-" : "", low->sensitivity, pair->low, pair->high);
}
