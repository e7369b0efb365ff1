/* SPDX-License-Identifier: Apache-2.0 */
#include "report/facts.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

char *facts_decode(char *value)
{
	char *to = value;
	unsigned byte;

	for (const char *from = value; *from; from++) {
		if (*from == '%' && from[1] && from[2] && sscanf(from + 1, "%2x", &byte) == 1) {
			*to++ = (char)byte;
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return value;
}

int facts_read(FILE *in, int (*take)(void *context, const char *name, char *value), void *context)
{
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	int err = 0;

	while (!err && getline(&line, &room, in) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		char *value = strchr(line, '=');
		if (value)
			*value++ = '\0';
		else
			value = line + strlen(line);
		err = take(context, line, value);
	}
	return err;
}
