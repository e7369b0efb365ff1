/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snug-full: the whole launcher, with all its libraries. snug is the same without what needs one: libraries
 * for decompression, kernel modules and checksums are needed only until a kernel is in the cache, and
 * loading them takes longer than all else the launcher does. Where it comes upon something it cannot do
 * (full_calls.c has those functions) it becomes snug-full, which starts anew.
 */
#ifndef LAUNCHER_FULL_H
#define LAUNCHER_FULL_H

#include "boot/cache.h"
#include "launcher/stdio.h"

/* The file as it is now: what it makes is as good as it is. 0, or -errno: not there; nothing is logged. */
int full_identity(struct cache_identity *identity);

/* What full_become() hands on; both are kept, not copied. */
void full_remember(char *const argv[], const struct stdio *stdio);

/*
 * Becomes snug-full with the same arguments, environment and descriptors as this program was given.
 * Nothing may have been said or changed by then. Returns -ELIBACC if it cannot be had; full_failure()
 * then says why.
 */
int full_become(void);

/* Completes "FILE ...", a kernel's, or "snug ...", a command's. */
const char *full_failure(void);

#endif
