/* SPDX-License-Identifier: Apache-2.0 */
/* snug-report bench: runs, counts, reports (bench_args.h is its command line). */
#ifndef REPORT_BENCH_COMMAND_H
#define REPORT_BENCH_COMMAND_H

/* The exit status: 0, 125 after having logged, or 128+N if signal N ended it. */
int bench_command(int argc, char *const argv[]);

#endif
