/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/strlist.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes over string, which is NULL if it could not be made. */
static void take(struct strlist *list, char *string)
{
	char **items = NULL;

	if (string && !list->error)
		items = reallocarray(list->items, list->count + 2, sizeof(*items));
	if (!items) {
		free(string);
		list->error = -ENOMEM;
		return;
	}
	list->items = items;
	items[list->count++] = string;
	items[list->count] = NULL;
}

void strlist_add(struct strlist *list, const char *string)
{
	take(list, strdup(string));
}

void strlist_addf(struct strlist *list, const char *fmt, ...)
{
	char *string;
	va_list ap;

	va_start(ap, fmt);
	int len = vasprintf(&string, fmt, ap);
	va_end(ap);
	take(list, len < 0 ? NULL : string);
}

static char **find(const struct strlist *list, const char *name)
{
	const size_t len = strlen(name);

	for (size_t i = 0; i < list->count; i++) {
		if (strncmp(list->items[i], name, len) == 0 && list->items[i][len] == '=')
			return &list->items[i];
	}
	return NULL;
}

const char *strlist_getenv(const struct strlist *list, const char *name)
{
	char **item = find(list, name);

	return item ? *item + strlen(name) + 1 : NULL;
}

void strlist_setenv(struct strlist *list, const char *name, const char *value)
{
	strlist_unsetenv(list, name);
	strlist_addf(list, "%s=%s", name, value);
}

void strlist_unsetenv(struct strlist *list, const char *name)
{
	char **item = find(list, name);

	if (!item)
		return;
	free(*item);
	/* With the terminating NULL. */
	memmove(item, item + 1, (size_t)(list->items + list->count - item) * sizeof(*item));
	list->count--;
}

void strlist_free(struct strlist *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct strlist){0};
}
