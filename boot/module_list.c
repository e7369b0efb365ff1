/* SPDX-License-Identifier: Apache-2.0 */
/* The list alone: resolving it (modules.c) needs libraries. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "boot/modules.h"
#include "core/cleanup.h"

int module_list_add(struct module_list *list, const char *name, const char *path)
{
	_cleanup_free_ char *name_copy = strdup(name);
	_cleanup_free_ char *path_copy = strdup(path);
	struct module *bigger =
		reallocarray(list->modules, list->count + 1, sizeof(*list->modules));

	if (bigger)
		list->modules = bigger;
	if (!bigger || !name_copy || !path_copy)
		return -ENOMEM;
	list->modules[list->count++] =
		(struct module){.name = steal_ptr(&name_copy), .path = steal_ptr(&path_copy)};
	return 0;
}

void modules_free(struct module_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->modules[i].name);
		free(list->modules[i].path);
	}
	free(list->modules);
	*list = (struct module_list){0};
}
