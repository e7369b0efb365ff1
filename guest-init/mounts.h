/* SPDX-License-Identifier: Apache-2.0 */
/* The command's file systems. */
#ifndef GUEST_INIT_MOUNTS_H
#define GUEST_INIT_MOUNTS_H

#include "guest-init/spec.h"

/*
 * The root share becomes the root directory, with the other shares, the overlays and fresh /proc,
 * /sys, /dev and /run in it. The initramfs stays mounted below, out of every path's reach.
 * Expects umask 0. 0, or -errno, said.
 */
int mounts_make(const struct spec *spec);

#endif
