/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/env_file.h"

#include <errno.h>
#include <string.h>

#include "core/log.h"
#include "launcher/line_file.h"

static int check(const char *line)
{
	const size_t name = strcspn(line, "=");

	if (name == 0)
		log_error("there is no name before '='");
	else if (strcspn(line, " \t") < name)
		log_error("'%.*s' is not the name of a variable: there is a blank in it; write "
			  "NAME=VALUE, or NAME for your own value",
			  (int)name, line);
	else
		return 0;
	return -EINVAL;
}

int env_file_read(const char *name, struct strlist *requested)
{
	_cleanup_line_file_ struct line_file file;
	char *line;
	int r = line_file_open(&file, "env-file", name);

	if (r)
		return r;
	while ((r = line_file_next(&file, &line)) > 0) {
		r = check(line);
		if (r)
			return r;
		strlist_add(requested, line);
	}
	return r ? r : requested->error;
}
