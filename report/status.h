/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snug-report status start|end
 *
 * Reads facts (launcher/status.h) from standard input, and for the end the run's record (core/record.h) from
 * descriptor 4, where there is one; writes one line of JSON, at once, to descriptor 3. snug(1), MACHINE-READABLE
 * STATUS, is what is in it.
 */
#ifndef REPORT_STATUS_H
#define REPORT_STATUS_H

/* argv[1] is "status". Returns the exit status. */
int status_report(int argc, char *const argv[]);

#endif
