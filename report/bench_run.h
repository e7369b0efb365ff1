/* SPDX-License-Identifier: Apache-2.0 */
/* Runs what a benchmark is made of. */
#ifndef REPORT_BENCH_RUN_H
#define REPORT_BENCH_RUN_H

#include "report/bench.h"
#include "report/signals.h"
#include "report/workspace.h"

/*
 * Asks each program for its version, and whether it can do --stages if that is wanted. 0; -EINTR: a signal
 * came; or -errno after having logged (-ENOMEM: not logged).
 */
int bench_ask_snugs(struct bench *bench, struct signals *signals,
		    const struct workspace *workspace);

/*
 * All warm-up runs and rounds. A run that fails, or ends with another status than the first of all, ends
 * them. As above.
 */
int bench_run_all(struct bench *bench, struct signals *signals, const struct workspace *workspace);

/* Does it need a directory of its own? */
bool bench_needs_workspace(const struct bench *bench);

#endif
