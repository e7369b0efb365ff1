/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/options_config.h"

#include <errno.h>
#include <string.h>

#include "core/log.h"
#include "launcher/line_file.h"

static int check(const char *line)
{
	const size_t name = strcspn(line, "=");

	if (line[0] == '-')
		log_error("'%s': options have no dashes here, and there is no command: write "
			  "memory=1G",
			  line);
	else if (strcspn(line, " \t") < name)
		log_error("'%s': an option is NAME or NAME=VALUE, without blanks around the '='",
			  line);
	else
		return 0;
	return -EINVAL;
}

/* Blanks at the end are nothing that one sees. */
static void trim(char *line)
{
	size_t len = strlen(line);

	while (len > 0 && strchr(" \t", line[len - 1]))
		line[--len] = '\0';
}

int options_config_read(struct options *options, const char *name,
			int (*take)(struct options *options, char *word))
{
	_cleanup_line_file_ struct line_file file;
	struct strlist *words = &options->config_words;
	char *line;
	int r = line_file_open(&file, "config", name);

	if (r)
		return r;
	while ((r = line_file_next(&file, &line)) > 0) {
		trim(line);
		r = check(line);
		if (r)
			return r;
		strlist_addf(words, "--%s", line);
		r = words->error ? words->error : take(options, words->items[words->count - 1]);
		if (r)
			return r;
	}
	return r;
}
