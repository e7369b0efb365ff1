/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of lines that somebody wrote: --config's and --env-file's. Empty lines are left out, and lines
 * whose first character that is no blank is '#'; a line ends with a newline, which may follow a carriage
 * return, or with the file.
 *
 * From a line's being taken until the next one is, or the file is closed, messages name it (log_set_place()).
 */
#ifndef LAUNCHER_LINE_FILE_H
#define LAUNCHER_LINE_FILE_H

#include <stddef.h>

struct line_file {
	const char *name; /* as given */
	char *text;       /* owned */
	char *next, *end;
	unsigned line;
};

/*
 * Reads all of a regular file: whoever needs snug-full, or runs a benchmark, reads it again, and of a pipe
 * there would be nothing left. option: whose value name is. 0, or -errno after having logged (-ENOMEM: not
 * logged).
 */
int line_file_open(struct line_file *file, const char *option, const char *name);

/*
 * The next line, without blanks at its beginning, in the file's memory. 1; 0: there is none; -EINVAL: there
 * is a NUL byte in it, which was logged.
 */
int line_file_next(struct line_file *file, char **line);

void line_file_close(struct line_file *file);
#define _cleanup_line_file_ __attribute__((cleanup(line_file_close)))

#endif
