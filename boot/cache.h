/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory where what is made once for a kernel is kept. It must belong to the caller and be
 * writable to nobody else: what is in it is not looked at with suspicion, but with care, as a machine
 * that lost power, a full disk or an editor may have had its hands in it.
 *
 *   new-PID   being written; renamed when complete. Left by a process that was killed, the next one
 *             removes it
 *   lock      held while something is made: others wait
 */
#ifndef BOOT_CACHE_H
#define BOOT_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* A file as it is now, as a text fit for a name: device, inode, size and times. */
#define CACHE_IDENTITY_MAX 120
struct cache_identity {
	char text[CACHE_IDENTITY_MAX];
};

struct cache_identity cache_identity_of(const struct stat *st);

/*
 * Opens the directory, which is made if it is not there (so is its parent, not more). A descriptor, or
 * -errno with *why set to a static text that completes "DIR ..."; with -EPERM it says all there is.
 */
int cache_open(const char *dir, const char **why);

/*
 * Opens an entry: a descriptor with *st filled, or -ENOENT if there is none, or none that can be trusted
 * (not a regular file, not the caller's, or writable to others).
 */
int cache_open_entry(int dir, const char *name, struct stat *st);

/* Until the descriptor is closed nobody else makes anything. A descriptor or -errno. */
int cache_lock(int dir);

/*
 * With the lock: a file to write an entry to (name, of CACHE_NEW_MAX bytes, is filled), and its end:
 * complete on the disk, it gets its own name, instead of what has that now. Both 0 or a descriptor, or
 * -errno. After an error, or to give up, cache_drop_new().
 */
#define CACHE_NEW_MAX 32
int cache_begin_new(int dir, char name[CACHE_NEW_MAX]);
int cache_finish_new(int dir, int fd, const char *new_name, const char *name);
void cache_drop_new(int dir, const char *new_name);

/* Which names to remove. */
struct cache_removal {
	bool (*named)(const char *name);
	bool only_last_names;              /* of what has no other name */
	const struct cache_identity *stay; /* but those that contain one of count of these */
	size_t count;
};

/* What is gone. */
struct cache_removed {
	unsigned files;
	uint64_t bytes;
};

/* With the lock. What goes is added to *removed. 0 or -errno. */
int cache_remove(int dir, const struct cache_removal *removal, struct cache_removed *removed);

/* What a process that was killed has left: for cache_removal.named. */
bool cache_is_new(const char *name);

#endif
