/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the user's mounts go, and what must be writable for it. A mount point that is missing is made;
 * where its nearest existing directory, its base, cannot be written to, a throw-away overlay over that
 * takes it. That would cover what is mounted below the base already, so all bases in one file system
 * are known before anything is mounted in it. By names alone, but for what `exists` says.
 */
#ifndef GUEST_INIT_PLACES_H
#define GUEST_INIT_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "guest-init/spec.h"

/* The parent of a mount that is below no other of the user's mounts. */
#define PLACES_ROOT SIZE_MAX

/* Is path the same as, or below, dir? */
bool places_below(const char *path, const char *dir);

/* The nearest of the mounts before the index-th that this one is below, or PLACES_ROOT. */
size_t places_parent(const struct user_mount *mounts, size_t index);

/*
 * The length of the longest part of dst that exists and is not all of it: its base. At least that of
 * `top`, which exists ("/" has 1). 0: dst exists.
 */
size_t places_base(const char *dst, const char *top, bool (*exists)(const char *path));

/* Leaves one of the bases that are equal among the children of parent, and none below another. */
void places_prune(struct user_mount *mounts, size_t count, size_t parent);

/* The path of a mount's base, which is not 0, in a buffer of PATH_MAX bytes. */
const char *places_base_path(const struct user_mount *mount, char *path);

#endif
