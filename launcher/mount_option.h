/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What --volume, --rw, --tmpfs and --overlay say, as data. Nothing here looks at the host: mounts.h
 * does.
 */
#ifndef LAUNCHER_MOUNT_OPTION_H
#define LAUNCHER_MOUNT_OPTION_H

#include <stdbool.h>
#include <stddef.h>

enum mount_kind {
	MOUNT_VOLUME,  /* a directory or file of the host */
	MOUNT_TMPFS,   /* empty, and gone afterwards */
	MOUNT_OVERLAY, /* what is there already; what is written is gone afterwards */
};

/* How much of a volume the guest keeps in its page cache: the names of Linux's 9p option "cache". */
enum mount_cache {
	CACHE_LOOSE, /* everything, for as long as the VM lives: as if nobody else wrote there */
	CACHE_MMAP,  /* what is mapped */
	CACHE_NONE,  /* nothing; no shared writable mappings */
};
#define CACHE_COUNT (CACHE_NONE + 1)

/* Which label a volume's files get, for the time of the run: podman's letters. */
enum mount_relabel {
	RELABEL_NONE,
	RELABEL_SHARED,  /* z: one that all VMs may use */
	RELABEL_PRIVATE, /* Z: one that only this one may use */
};

extern const char *const cache_names[CACHE_COUNT];

struct mount_option {
	enum mount_kind kind;
	const char *option; /* its name, for messages: "volume"; static */
	char *text;         /* as typed, cut where src and dst end; owned */
	const char *src;    /* of a volume */
	const char *dst;    /* NULL: where src is */
	bool rw;
	enum mount_cache cache;
	enum mount_relabel relabel;
};

/* In the order of the command line. */
struct mount_options {
	struct mount_option *items; /* owned, and what they own */
	size_t count;
};

/*
 * Adds SRC[:DST][:OPT[,OPT...]]; OPT: ro, rw, z, Z, cache=none|mmap|loose. A colon always separates: a path
 * that has one cannot be written so. 0, or -EINVAL after having logged one line, or -ENOMEM.
 */
int mount_options_add_volume(struct mount_options *options, const char *text);

/* Adds a writable volume (MOUNT_VOLUME), a tmpfs or an overlay of the directory dir, as it is typed. */
int mount_options_add_dir(struct mount_options *options, const char *option, enum mount_kind kind,
			  const char *dir);

void mount_options_free(struct mount_options *options);

#endif
