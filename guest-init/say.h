/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guest-init has to tell the user: one line at a time, on the command's stderr stream once that
 * is open, before that on the early console, and where the kernel refuses that in its log.
 */
#ifndef GUEST_INIT_SAY_H
#define GUEST_INIT_SAY_H

#include <stdbool.h>

/* From now on, say it on this descriptor, which stays the caller's; raw: to a terminal in raw mode. */
void say_on(int fd, bool raw);

/* Says "snug: " and the texts up to a null pointer, as one line. */
void say(const char *text, ...) __attribute__((sentinel));

/* Says "snug: guest: WHAT: the reason", error being -errno; returns error. */
int say_failed(const char *what, int error);

#endif
