/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user mounts: volumes, tmpfs and overlays, in order. The working directory is the private
 * place of mounts.h, with the volumes' devices in it, where the overlays' memory is as well.
 */
#ifndef GUEST_INIT_USER_MOUNTS_H
#define GUEST_INIT_USER_MOUNTS_H

#include "guest-init/spec.h"

/*
 * To be called in this order. user_mounts_root(): before the share mounted on dir becomes the root; if
 * one of the mounts is an overlay over "/", or has no other place to be made in, puts that over dir.
 * user_mounts_base(): on the bare root, before anything else is mounted there. user_mounts_make(): at
 * the end. All: 0, or -errno, said.
 */
int user_mounts_root(struct spec *spec, const char *dir);
int user_mounts_base(struct spec *spec);
int user_mounts_make(struct spec *spec);

#endif
