/* SPDX-License-Identifier: Apache-2.0 */
/* A record's exits and stages, summed up for people. */
#ifndef REPORT_TIMELINE_SUMS_H
#define REPORT_TIMELINE_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/record.h"

#define EXIT_SUMS_MAX 64

struct exit_sum {
	char name[48];
	bool is_9p;
	bool is_timelines; /* not there without one */
	uint64_t before_command;
	uint64_t later;
};

/* By what they were about, most first; returns how many there are. The report for the timeline itself is left out. */
size_t timeline_sum_exits(const struct record *record, struct exit_sum sums[EXIT_SUMS_MAX]);

/* The slowest, slowest first, at most max of them; returns how many. */
size_t timeline_slowest_initcalls(const struct record *record,
				  const struct record_initcall **slowest, size_t max);

struct group_sum {
	const char *name; /* the record's, or a static text */
	uint64_t ns;
};

/* What of the run each part of it took, in order: launcher, monitor, kernel, guest-init, the command, end. */
#define GROUP_SUMS 6
void timeline_sum_groups(const struct record *record, struct group_sum sums[GROUP_SUMS]);

/* Which of these a stage counts for. */
unsigned timeline_group(const struct record_stage *stage);

#endif
