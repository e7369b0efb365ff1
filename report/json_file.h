/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON file that is there as a whole or not at all: written beside its place, then renamed. */
#ifndef REPORT_JSON_FILE_H
#define REPORT_JSON_FILE_H

#include <jansson.h>

struct json_file {
	char *path; /* owned; NULL: none is wanted */
	char *temp; /* owned; NULL: there is none any more */
	int fd;     /* owned */
};

#define JSON_FILE_NONE ((struct json_file){.fd = -1})

/*
 * Makes the temporary file: what is wrong with the place is known before hours of work are. What is there
 * already has to be a regular file; a link's target is replaced, not the link. 0, or -errno after having
 * logged (-ENOMEM: not logged).
 */
int json_file_begin(struct json_file *file, const char *path);

/* Writes root, to the disk, and gives it its name. As above. */
int json_file_finish(struct json_file *file, const json_t *root);

/* The same with another text. */
int json_file_finish_text(struct json_file *file, const char *text);

/* Removes what was not finished. */
void json_file_end(struct json_file *file);
#define _cleanup_json_file_ __attribute__((cleanup(json_file_end)))

/* Any text as a JSON string: what is not UTF-8 is replaced. A new reference, or NULL: out of memory. */
json_t *json_text(const char *text);

#endif
