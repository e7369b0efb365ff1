/* SPDX-License-Identifier: Apache-2.0 */
/* The plan's kernel, unpacked: from the caller's cache (boot/kernel_cache.h), where it is made if need be. */
#ifndef LAUNCHER_UNPACKED_H
#define LAUNCHER_UNPACKED_H

#include "launcher/plan.h"

/*
 * *fd is the kernel's descriptor, or -1 where its own decompressor has to do it, by the plan's wish or
 * because snug does not understand the kernel. 0, or -errno after having logged (-ENOMEM: not logged): a
 * kernel that nobody can unpack. A cache that is of no use is a warning: the kernel is unpacked anew.
 */
int unpacked_get(const struct plan *plan, int *fd);

#endif
