/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snug-kernels.so: the parts of boot/ that need libraries for decompression, kernel modules and
 * checksums. A start needs none of them once its kernel is in the cache, and loading them takes longer
 * than all else the launcher does; so it is loaded when one of its functions is called (library_calls.c
 * has those under their own names).
 */
#ifndef LAUNCHER_LIBRARY_H
#define LAUNCHER_LIBRARY_H

#include "boot/cache.h"

/* The file as it is now: what it makes is as good as it is. 0, or -errno: not there; nothing is logged. */
int library_identity(struct cache_identity *identity);

/* One of its functions, or NULL: then library_failure() says why it cannot be had. */
void *library_function(const char *name);

/* Completes "FILE ...", a kernel's. Valid until the next failure. */
const char *library_failure(void);

#endif
