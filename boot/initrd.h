/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An initrd (a "newc" cpio archive, Linux Documentation/driver-api/early-userspace/buffer-format.rst)
 * written in one pass into a memory file:
 *
 *   initrd_begin(&initrd);
 *   initrd_add_dir(&initrd, "/dev", 0755);
 *   initrd_add_file(&initrd, "/init", 0755, data, size);
 *   fd = initrd_end(&initrd);
 *
 * The first failure sticks: later calls do nothing, and initrd_end() returns it. Directories come
 * before what is in them, as the kernel unpacks in order. Everything belongs to root and has no date,
 * so that the same input gives the same bytes.
 */
#ifndef BOOT_INITRD_H
#define BOOT_INITRD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct initrd {
	int fd; /* the memory file; owned until initrd_end() or initrd_abort() */
	int error;
	uint32_t inode; /* the last one given out */
	uint64_t size;  /* bytes written so far */
};

void initrd_begin(struct initrd *initrd);

/* The same in an empty file, which stays the caller's: initrd_finish() ends it. */
void initrd_begin_at(struct initrd *initrd, int fd);

/* Paths are absolute; the archive holds them without the first slash. */
void initrd_add_dir(struct initrd *initrd, const char *path, mode_t permissions);
void initrd_add_file(struct initrd *initrd, const char *path, mode_t permissions, const void *data,
		     size_t size);
/* A character device. */
void initrd_add_char(struct initrd *initrd, const char *path, mode_t permissions, unsigned major,
		     unsigned minor);

/*
 * Writes the trailer and seals the file against every change. Returns the descriptor (O_CLOEXEC, now
 * the caller's), or -errno: -E2BIG for a file that the format's 32 bits cannot hold, -EINVAL for a
 * path that is not absolute, what the kernel said otherwise.
 */
int initrd_end(struct initrd *initrd);

/* Writes the trailer of what initrd_begin_at() began. 0 or the first failure. */
int initrd_finish(struct initrd *initrd);

/* Where the data of an archive's first file begins, in bytes, if the file is path. */
uint64_t initrd_data_offset(const char *path);

/*
 * The first file of the archive on fd, if it is called name (no first slash) and has less than max bytes:
 * 0 with *data, to be freed, NUL-terminated. -ENOENT if not, -ENOMEM, or -errno of reading.
 */
int initrd_first_file(int fd, const char *name, size_t max, char **data);

/* Gives up; harmless after initrd_end(). */
void initrd_abort(struct initrd *initrd);
#define _cleanup_initrd_ __attribute__((cleanup(initrd_abort)))

#endif
