/* SPDX-License-Identifier: Apache-2.0 */
#include "report/stage_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "report/stats.h"

static size_t find(const struct stage_table *table, const char *group, const char *name)
{
	size_t i = 0;

	while (i < table->count && (strcmp(table->items[i].name, name) != 0 ||
				    strcmp(table->items[i].group, group) != 0))
		i++;
	return i;
}

static void times_free(struct stage_times *times)
{
	free(times->group);
	free(times->name);
	free(times->ns);
}

static int insert(struct stage_table *table, size_t at, const char *group, const char *name)
{
	const size_t samples = table->arms * table->runs;
	struct stage_times new = {
		.group = strdup(group),
		.name = strdup(name),
		.ns = calloc(samples, sizeof(*new.ns)),
	};
	struct stage_times *items =
		reallocarray(table->items, table->count + 1, sizeof(*table->items));

	if (items)
		table->items = items;
	if (!items || !new.group || !new.name || !new.ns) {
		times_free(&new);
		return -ENOMEM;
	}
	for (size_t i = 0; i < samples; i++)
		new.ns[i] = STAGE_NONE;
	memmove(items + at + 1, items + at, (table->count - at) * sizeof(*items));
	items[at] = new;
	table->count++;
	return 0;
}

int stage_table_add(struct stage_table *table, size_t arm, size_t round, size_t *after,
		    const char *group, const char *name, uint64_t ns)
{
	size_t at = find(table, group, name);

	if (at == table->count) {
		at = *after;
		int err = insert(table, at, group, name);
		if (err)
			return err;
	}
	uint64_t *sample = &table->items[at].ns[arm * table->runs + round];
	*sample = *sample == STAGE_NONE ? ns : *sample + ns;
	*after = at + 1;
	return 0;
}

bool stage_median(const struct stage_table *table, size_t stage, size_t arm, uint64_t *ns)
{
	const uint64_t *samples = table->items[stage].ns + arm * table->runs;
	_cleanup_free_ uint64_t *sorted = calloc(table->runs, sizeof(*sorted));
	bool any = false;

	if (!sorted)
		return false;
	for (size_t i = 0; i < table->runs; i++) {
		any |= samples[i] != STAGE_NONE;
		sorted[i] = samples[i] == STAGE_NONE ? 0 : samples[i];
	}
	*ns = stats_median(sorted, table->runs);
	return any;
}

void stage_table_free(struct stage_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		times_free(&table->items[i]);
	free(table->items);
	table->items = NULL;
	table->count = 0;
}
