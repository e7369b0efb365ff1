/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is there as a whole or not at all: written beside its place, then renamed. */
#ifndef REPORT_WHOLE_FILE_H
#define REPORT_WHOLE_FILE_H

#include <jansson.h>

struct whole_file {
	char *path; /* owned; NULL: none is wanted */
	char *temp; /* owned; NULL: there is none any more */
	int fd;     /* owned */
};

#define WHOLE_FILE_NONE ((struct whole_file){.fd = -1})

/*
 * Makes the temporary file: what is wrong with the place is known before hours of work are. What is there
 * already has to be a regular file; a link's target is replaced, not the link. 0, or -errno after having
 * logged (-ENOMEM: not logged).
 */
int whole_file_begin(struct whole_file *file, const char *path);

/* Writes the text and a newline, to the disk, and gives it its name. As above. */
int whole_file_finish(struct whole_file *file, const char *text);

/* The same with JSON. */
int whole_file_finish_json(struct whole_file *file, const json_t *root);

/* Removes what was not finished. */
void whole_file_end(struct whole_file *file);
#define _cleanup_whole_file_ __attribute__((cleanup(whole_file_end)))

/* Any text as a JSON string: what is not UTF-8 is replaced. A new reference, or NULL: out of memory. */
json_t *json_text(const char *text);

#endif
