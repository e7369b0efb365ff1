/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What --keep-overlay has left, read and checked: a guest wrote it, so nothing in it is believed. Only
 * snug-full.
 */
#ifndef LAUNCHER_KEPT_H
#define LAUNCHER_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/abi.h"
#include "launcher/strlist.h"

/* More are refused: each is kept in memory. */
#define KEPT_MAX 1000000

struct kept_entry {
	struct snug_keep_record record;
	char *path;    /* absolute, without "." or "..", below a place, and none itself; owned */
	char *target;  /* of a symbolic link; owned */
	uint64_t data; /* of a regular file: where in the file its extents begin */
};

struct kept {
	int fd;
	struct strlist places;
	struct kept_entry *entries; /* owned, in the order they are to be applied in */
	size_t count;
};

/*
 * Reads all of DIR. 0, or -errno after having logged (-ENOMEM: not logged): the run did not get to its end,
 * or what is there breaks the rules of core/abi.h. kept_free() releases, also after an error.
 */
int kept_read(struct kept *kept, const char *dir);

/* The place it is below. */
const char *kept_place(const struct kept *kept, const char *path);

/* Writes a regular file's bytes, and its size, to the empty file out. 0 or -errno. */
int kept_copy(const struct kept *kept, const struct kept_entry *entry, int out);

/* "A  file       /tmp/x". Bytes that are no printable ASCII, and backslashes, are shown as \xNN. */
void kept_print(const struct kept_entry *entry, FILE *out);

void kept_free(struct kept *kept);
#define _cleanup_kept_ __attribute__((cleanup(kept_free)))

#endif
