/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snug-report timeline [--table] [--initcalls] [--json=FILE] [--svg=FILE]
 *
 * Reads a record (core/record.h) from standard input; the table goes to standard error. Files are whole
 * or not there.
 */
#ifndef REPORT_TIMELINE_H
#define REPORT_TIMELINE_H

/* argv[1] is "timeline". Returns the exit status. */
int timeline_report(int argc, char *const argv[]);

#endif
