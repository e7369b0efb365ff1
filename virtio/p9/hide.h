/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user wants hidden: entries of directories, named to the server as descriptor and name. An
 * entry is hidden by its place, also if it appears later or is replaced (a file that is written anew and
 * renamed over), and what is there now is hidden by its identity too, under whatever name the host or
 * the guest gives it. The root of an export never is: sharing something by name is meant.
 *
 * A place is a directory and a name in it, and what stands for the user is a path. So the directories on
 * that path are guarded: a guest that can write there must not move one away and put another in its place.
 */
#ifndef VIRTIO_P9_HIDE_H
#define VIRTIO_P9_HIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "virtio/p9/fs.h"

/*
 * One, as the server is told: the descriptor stays the caller's and is needed during set-up only. Those of
 * one directory best stand together.
 */
struct p9_hide {
	int dir_fd;
	const char *name; /* copied */
	bool absent;      /* nothing is there now: it is not looked for */
};

struct p9_hides;

/*
 * guard: a guest can write somewhere; without it nothing is guarded. 0 or -errno, -E2BIG: they are in too
 * many directories. Holds a descriptor for each entry that exists, so that its inode is not used
 * again.
 */
int p9_hides_new(struct p9_hides **hides, const struct p9_hide *list, size_t count, bool guard);
void p9_hides_free(struct p9_hides *hides);

/* How many there are, and descriptors at most. */
size_t p9_hides_count(const struct p9_hides *hides);

/* None is hidden where hides is NULL. */

/* Is this file hidden? */
bool p9_hides_file(const struct p9_hides *hides, const struct p9_file_id *id);

/* Is this a directory that a hidden entry is in, or one above that? */
bool p9_hides_guard(const struct p9_hides *hides, const struct p9_file_id *id);

/* Is this entry of that directory hidden? */
bool p9_hides_entry(const struct p9_hides *hides, const struct p9_file_id *dir, const char *name);

#endif
