/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guest-init and the guest's kernel know of the time before the command (core/abi.h,
 * SNUG_PORT_REPORT). It is only remembered until the command is over, so that it costs next to nothing
 * where it would count.
 */
#ifndef GUEST_INIT_REPORT_H
#define GUEST_INIT_REPORT_H

/* A report is wanted. Without this call the others do nothing. */
void report_enable(void);

/* what, a "module" or a "mount", is done; name lives on. */
void report_note(const char *what, const char *name);

/* Marks SNUG_MARK_REPORT and sends it. */
void report_send(void);

#endif
