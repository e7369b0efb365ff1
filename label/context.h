/* SPDX-License-Identifier: Apache-2.0 */
/* Security contexts, USER:ROLE:TYPE:RANGE, made of others. All return 0, -ENOMEM, or -EINVAL: not a context. */
#ifndef LABEL_CONTEXT_H
#define LABEL_CONTEXT_H

#include "label/draw.h"
#include "label/mls.h"

/* *range: of a context; -EOPNOTSUPP: it has none, as the policy has no categories. */
int context_read_range(const char *context, struct mls_range *range);

/* *made: of's user and role; the type, and the range. Either may be NULL: of's. The caller's to free. */
int context_with(const char *of, const char *type, const char *range, char **made);

/* *made: of's user, role and type, at the low level of its range, without categories. */
int context_lowest(const char *of, char **made);

/* *lowest: the sensitivity alone of context's lower level; *upper: its upper level. Both the caller's. */
int context_levels(const char *context, char **lowest, char **upper);

/*
 * The range of a run: the pair's level, or from the sensitivity alone up to it. New files get the lower end
 * of it, and access goes by the upper one. text has RANGE_MAX bytes.
 */
#define RANGE_MAX 64
void context_range_of_pair(const struct mls_level *low, const struct pair *pair, bool from_lowest,
			   char text[RANGE_MAX]);

#endif
