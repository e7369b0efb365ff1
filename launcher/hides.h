/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the host the guest must not read: credentials, and what --hide names. An entry of a
 * directory is hidden, not a file: what appears there during the run is hidden as well. hides.c has
 * the list.
 */
#ifndef LAUNCHER_HIDES_H
#define LAUNCHER_HIDES_H

#include <stdbool.h>
#include <stddef.h>

#include "launcher/caller.h"
#include "launcher/strlist.h"

/* So many that the usual ones of three homes fit in, all of them being links. */
#define HIDES_MAX 256

struct hides {
	struct hide {
		size_t dir;  /* index into dirs */
		char *name;  /* owned */
		bool absent; /* nothing of that name is there, yet */
	} items[HIDES_MAX];
	size_t count;
	struct hide_dir {
		char *path; /* owned */
		int fd;     /* O_PATH; owned */
	} dirs[HIDES_MAX];
	size_t dir_count;
	struct strlist absent; /* directories that could not be opened */
};

/*
 * Adds the default list below each of homes and, if the caller is root, the host's own secrets. What
 * is NULL, not absolute or a repetition in homes is skipped, and so is what the caller cannot reach.
 * 0, or -errno after having logged (-ENOMEM: not logged).
 */
int hides_add_default(struct hides *hides, const struct caller *caller, const char *const homes[],
		      size_t home_count);

/* Adds the path as typed. It need not exist, but its directory must. As above. */
int hides_add_path(struct hides *hides, const char *path);

void hides_free(struct hides *hides);

#endif
