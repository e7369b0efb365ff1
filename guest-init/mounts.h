/* SPDX-License-Identifier: Apache-2.0 */
/* The command's file systems. */
#ifndef GUEST_INIT_MOUNTS_H
#define GUEST_INIT_MOUNTS_H

#include <stdbool.h>

#include "guest-init/spec.h"

/* Of every 9p mount. msize is the most that virtio's transport takes (128 descriptors of a page). */
#define MOUNTS_9P_OPTIONS "trans=virtio,version=9p2000.L,msize=512000,"

/* Is path at or below one of the fresh file systems below? */
bool mounts_are_fresh(const char *path);

/*
 * The root share becomes the root directory, with the other shares, the overlays and fresh /proc,
 * /sys, /dev and /run in it, and on top of these what the user mounts. The initramfs stays mounted
 * below, out of every path's reach, and in it the private place: a tmpfs with the overlays' memory and
 * the volumes' devices.
 * Expects umask 0. 0, or -errno, said.
 */
int mounts_make(struct spec *spec);

#endif
