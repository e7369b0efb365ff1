/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of many runs, side by side. Stages have the order in which runs have them. */
#ifndef REPORT_STAGE_TABLE_H
#define REPORT_STAGE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A run without such a stage: no time was spent there. */
#define STAGE_NONE UINT64_MAX

struct stage_times {
	char *group, *name; /* "launcher", "plan"; owned */
	uint64_t *ns;       /* [arm * runs + round]; owned */
};

struct stage_table {
	size_t arms, runs; /* set before the first is added */
	struct stage_times *items;
	size_t count;
};

/*
 * A stage of the run of an arm in a round took ns. *after is where the run's stage before this one is in
 * the table, plus one: 0 for the first, kept up to date here; a stage that is new goes there. The same name
 * twice in a run is one stage. 0 or -ENOMEM.
 */
int stage_table_add(struct stage_table *table, size_t arm, size_t round, size_t *after,
		    const char *group, const char *name, uint64_t ns);

/*
 * What the runs of an arm took there, in the middle; a run without it took no time. False: no run had it
 * (or there is no memory to find out).
 */
bool stage_median(const struct stage_table *table, size_t stage, size_t arm, uint64_t *ns);

void stage_table_free(struct stage_table *table);

#endif
