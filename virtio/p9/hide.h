/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user wants hidden: entries of directories, named to the server as descriptor and name. An
 * entry is hidden by its place, also if it appears later or is replaced (a file that is written anew and
 * renamed over), and what is there now is hidden by its identity too, under whatever name the host or
 * the guest gives it. The root of an export never is: sharing something by name is meant.
 */
#ifndef VIRTIO_P9_HIDE_H
#define VIRTIO_P9_HIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "virtio/p9/fs.h"

/* One, as the server is told: the descriptor stays the caller's and is needed during set-up only. */
struct p9_hide {
	int dir_fd;
	const char *name; /* copied */
};

struct p9_hides;

/* 0 or -errno. Holds a descriptor for each entry that exists, so that its inode is not used again. */
int p9_hides_new(struct p9_hides **hides, const struct p9_hide *list, size_t count);
void p9_hides_free(struct p9_hides *hides);

/* How many there are, and descriptors at most. */
size_t p9_hides_count(const struct p9_hides *hides);

/* None is hidden where hides is NULL. */

/* Is this file hidden? */
bool p9_hides_file(const struct p9_hides *hides, const struct p9_file_id *id);

/* Is this entry of that directory hidden? */
bool p9_hides_entry(const struct p9_hides *hides, const struct p9_file_id *dir, const char *name);

#endif
