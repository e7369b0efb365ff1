/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guest-init has to tell the user: one line at a time, on the command's stderr stream once that
 * is open, before that on the early console, and where the kernel refuses that in its log.
 */
#ifndef GUEST_INIT_SAY_H
#define GUEST_INIT_SAY_H

#include <stdbool.h>
#include <stddef.h>

/* From now on, say it on this descriptor, which stays the caller's; raw: to a terminal in raw mode. */
void say_on(int fd, bool raw);

/* Says "snug: " and the texts (const char *, one or more) as one line. */
#define say(...) say_texts((const char *const[]){__VA_ARGS__, NULL})
void say_texts(const char *const *texts);

/* Says "snug: guest: WHAT: the reason", error being -errno; returns error. */
int say_failed(const char *what, int error);

#endif
