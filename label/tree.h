/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All objects of a directory tree, or a single file: each directory before what is in it. Symbolic links are
 * objects and are not followed, other file systems are not entered; so nothing outside is met, whatever
 * others do to the tree meanwhile. What disappears is left out.
 */
#ifndef LABEL_TREE_H
#define LABEL_TREE_H

#include <stdbool.h>
#include <sys/stat.h>

/* Directories within each other. */
#define TREE_DEPTH_MAX 512

/*
 * fd: O_PATH, valid during the call. depth: 0 for the top. 0, or -errno.
 */
typedef int tree_visit(void *ctx, int fd, const struct stat *st, unsigned depth);

/*
 * top: O_PATH. 0, -ELOOP: too deep, -errno, or what visit() said. go_on: an error ends only what it is about,
 * and the first one is returned in the end.
 */
int tree_walk(int top, tree_visit *visit, void *ctx, bool go_on);

#endif
