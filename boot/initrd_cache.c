/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/initrd_cache.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/initrd_list.h"
#include "core/cleanup.h"
#include "core/fds.h"

#define PREFIX     "initrd-"
#define INDEX_NAME "modules.dep.bin"

int initrd_cache_name(const char *modules_dir, const struct cache_identity *maker,
		      char name[INITRD_CACHE_NAME_MAX])
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/" INDEX_NAME, modules_dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (stat(path, &st) < 0)
		return -errno;
	(void)snprintf(name, INITRD_CACHE_NAME_MAX, PREFIX "%s-%s", cache_identity_of(&st).text,
		       maker->text);
	return 0;
}

bool initrd_cache_is_entry(const char *name)
{
	return strncmp(name, PREFIX, strlen(PREFIX)) == 0;
}

/* "NAME IDENTITY PATH", the file being the one it was. */
static int take_module(struct module_list *list, char *line)
{
	char *identity = strchr(line, ' ');
	char *path = identity ? strchr(identity + 1, ' ') : NULL;
	struct stat st;

	if (!path)
		return -ENOENT;
	*identity++ = *path++ = '\0';
	if (stat(path, &st) < 0 || strcmp(cache_identity_of(&st).text, identity) != 0)
		return -ENOENT;
	return module_list_add(list, line, path);
}

/* text: the list, of which the first line is as the entry's own would be. */
static int take_list(char *text, const char *const needs[], const struct stat *st,
		     struct module_list *list)
{
	char head[INITRD_LIST_HEAD_MAX];
	char *rest, *line;
	int err = initrd_list_head(head, needs, st);

	if (err || strncmp(text, head, strlen(head)) != 0)
		return -ENOENT;
	rest = text + strlen(head);
	while (!err && (line = strsep(&rest, "\n")) && rest)
		err = take_module(list, line);
	return err;
}

int initrd_cache_get(int dir, const char *name, const char *const needs[], struct module_list *list)
{
	struct stat st;
	_cleanup_close_ int fd = cache_open_entry(dir, name, &st);
	_cleanup_free_ char *text = NULL;

	*list = (struct module_list){0};
	if (fd < 0)
		return fd;
	int err = initrd_first_file(fd, INITRD_LIST, INITRD_LIST_MAX, &text);
	if (!err)
		err = take_list(text, needs, &st, list);
	if (!err)
		return steal_fd(&fd);
	modules_free(list);
	return err == -ENOMEM ? err : -ENOENT;
}
