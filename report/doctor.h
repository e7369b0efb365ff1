/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snug-report doctor
 *
 * Reads what snug doctor found (launcher/doctor.c) from standard input, and writes it as a JSON object to
 * standard output; snug(1), snug doctor, is what is in it.
 */
#ifndef REPORT_DOCTOR_H
#define REPORT_DOCTOR_H

/* argv[1] is "doctor". Returns the exit status: of snug doctor, so 1 if something failed. */
int doctor_report(int argc, char *const argv[]);

#endif
