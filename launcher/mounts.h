/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user wants mounted in the VM: the options of mount_option.h, checked against the host,
 * their files opened. Parents come before what is mounted below them.
 */
#ifndef LAUNCHER_MOUNTS_H
#define LAUNCHER_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "launcher/mount_option.h"

#define MOUNTS_MAX 256

struct mount {
	enum mount_kind kind;
	const char *option; /* its name, for messages */
	char *dst;          /* absolute, without symbolic links the host has; owned */
	char *src;          /* of a volume, as all that follows: its path on the host; owned */
	int fd;             /* O_PATH; owned; -1: no volume */
	bool keep;          /* no mount: the file of --keep-overlay, the last one; dst: "" */
	bool is_dir;        /* else a regular file */
	bool rw;
	enum mount_cache cache;
	enum mount_relabel relabel;
};

struct mounts {
	struct mount *items; /* owned; at most MOUNTS_MAX, by depth of dst */
	size_t count;
};

/*
 * cwd: what relative paths are below, NULL if it has no path. 0, or -errno after having logged
 * (-ENOMEM: not logged). mounts_free() releases, also after an error.
 */
int mounts_plan(struct mounts *mounts, const struct mount_options *options, const char *cwd);

/* Is path at or below one of them? overlays: these count as well, though they show the host's files. */
bool mounts_cover(const struct mounts *mounts, const char *path, bool overlays);

/* Is there a volume with this cache mode? *rw: one of these can be written to. */
bool mounts_use_cache(const struct mounts *mounts, enum mount_cache cache, bool *rw);

void mounts_free(struct mounts *mounts);

#endif
