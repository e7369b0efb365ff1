/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of strings it owns, NULL-terminated as execve() wants it. The first failure sticks in
 * `error`: check it once, after the last addition.
 */
#ifndef LAUNCHER_STRLIST_H
#define LAUNCHER_STRLIST_H

#include <stddef.h>

struct strlist {
	char **items; /* count strings and a NULL; NULL while nothing was added */
	size_t count;
	int error; /* -ENOMEM */
};

void strlist_add(struct strlist *list, const char *string);
void strlist_addf(struct strlist *list, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Lists of "NAME=VALUE": the value of name, or NULL; set replaces, unset removes. */
const char *strlist_getenv(const struct strlist *list, const char *name);
void strlist_setenv(struct strlist *list, const char *name, const char *value);
void strlist_unsetenv(struct strlist *list, const char *name);

void strlist_free(struct strlist *list);
#define _cleanup_strlist_ __attribute__((cleanup(strlist_free)))

#endif
