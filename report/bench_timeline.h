/* SPDX-License-Identifier: Apache-2.0 */
/* What a run wrote by --timeline=FILE.json, as far as a benchmark compares it: its stages. */
#ifndef REPORT_BENCH_TIMELINE_H
#define REPORT_BENCH_TIMELINE_H

#include "report/stage_table.h"

/*
 * Adds the stages in file to the run of an arm in a round. 0; -EBADMSG, with *why set to a static text that
 * completes "the timeline ..."; or -ENOMEM.
 */
int bench_timeline_add(const char *file, struct stage_table *table, size_t arm, size_t round,
		       const char **why);

#endif
