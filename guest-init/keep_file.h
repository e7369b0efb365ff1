/* SPDX-License-Identifier: Apache-2.0 */
/* The file that keep.h writes, record by record (struct snug_keep_record). One at a time. */
#ifndef GUEST_INIT_KEEP_FILE_H
#define GUEST_INIT_KEEP_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "core/abi.h"

/* All: 0 or -errno. */
int keep_file_open(const char *path);

/* now, before: NULL where there is nothing. */
int keep_file_record(enum snug_keep_type type, const char *path, const struct stat *now,
		     const struct stat *before);

/* What follows a regular file's record, and a symbolic link's of `size` bytes. */
int keep_file_data(int dir, const char *name);
int keep_file_link(int dir, const char *name, size_t size);

/* The last record, after all else has got through. */
int keep_file_end(void);

#endif
