/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the world. */
#ifndef TESTS_FUZZ_WORLD_TREE_H
#define TESTS_FUZZ_WORLD_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tree {
	int base, ro, rw, outside, moved, keep;
	uint64_t hidden; /* inode numbers */
	bool dirty;      /* rw or moved may have changed */
};

extern struct tree tree;

/* Once. */
void tree_make(void);

/* rw and moved as they were made. */
void tree_reset(void);

/* Aborts if anything has changed that must not. */
void tree_check(void);

/* How many a directory has, which is open for reading. */
size_t tree_count_entries(int dir);

/* Is this the inode number of something that is in no share? */
bool tree_is_outside(uint64_t ino);

#endif
