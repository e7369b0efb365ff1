/* SPDX-License-Identifier: Apache-2.0 */
/* Making entries: apart from finding them, as reading modules needs libraries that a start can do without. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/guest_init.h"
#include "boot/initrd_cache.h"
#include "boot/initrd_list.h"
#include "core/cleanup.h"
#include "core/fds.h"

/* The kernel gives init its first descriptors on /dev/console (drivers/char: major 5, minor 1). */
#define CONSOLE_MAJOR 5
#define CONSOLE_MINOR 1

/* The list, to be freed; NULL for lack of memory. What is not known yet of its head is zero. */
static char *make_list(const char *const needs[], const struct module_list *list, size_t *size)
{
	const struct stat unknown = {0};
	char head[INITRD_LIST_HEAD_MAX];
	char *text = NULL;
	FILE *out = initrd_list_head(head, needs, &unknown) ? NULL : open_memstream(&text, size);

	if (!out)
		return NULL;
	(void)fputs(head, out);
	for (size_t i = 0; i < list->count; i++) {
		const struct module *module = &list->modules[i];
		struct stat st = {0};

		/* One that is gone by now, or whose path the list cannot hold, is never found again. */
		if (stat(module->path, &st) < 0 || strchr(module->path, '\n'))
			(void)fprintf(out, "%s - -\n", module->name);
		else
			(void)fprintf(out, "%s %s %s\n", module->name, cache_identity_of(&st).text,
				      module->path);
	}
	return fclose(out) == 0 ? text : NULL;
}

static int add_module(struct initrd *initrd, const struct module *module, const char **why)
{
	_cleanup_blob_ struct blob blob = {0};
	char path[PATH_MAX];
	int err = module_read(module->path, &blob, why);

	if (err)
		return err;
	if (snprintf(path, sizeof(path), INITRD_MODULES_DIR "/%s.ko", module->name) >=
	    (int)sizeof(path)) {
		*why = "has a name that is too long";
		return -ENAMETOOLONG;
	}
	initrd_add_file(initrd, path, 0644, blob.data, blob.size);
	return 0;
}

static int fill(struct initrd *initrd, const char *const needs[], const struct module_list *list,
		const char **file, const char **why)
{
	size_t size;
	_cleanup_free_ char *text = make_list(needs, list, &size);
	int err = text ? 0 : -ENOMEM;

	if (err)
		return err;
	initrd_add_file(initrd, "/" INITRD_LIST, 0600, text, size);
	initrd_add_dir(initrd, INITRD_MODULES_DIR, 0755);
	initrd_add_dir(initrd, "/dev", 0755);
	initrd_add_char(initrd, "/dev/console", 0600, CONSOLE_MAJOR, CONSOLE_MINOR);
	initrd_add_file(initrd, "/init", 0755, guest_init_image, guest_init_size);
	for (size_t i = 0; i < list->count && !err; i++) {
		*file = list->modules[i].path;
		err = add_module(initrd, &list->modules[i], why);
	}
	if (!err)
		*file = NULL;
	return err;
}

/* Fills in the head of the list of an entry that is complete, and keeps its time. */
static int fill_in_head(int fd, const char *const needs[])
{
	char head[INITRD_LIST_HEAD_MAX];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	int err = initrd_list_head(head, needs, &st);
	if (!err)
		err = fd_pwrite_all(fd, head, strlen(head), initrd_data_offset("/" INITRD_LIST));
	const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, st.st_mtim};
	return !err && futimens(fd, times) < 0 ? -errno : err;
}

static int make_entry(int dir, const char *name, const char *const needs[],
		      const struct module_list *list, const char **file, const char **why)
{
	char new_name[CACHE_NEW_MAX];
	struct initrd initrd;
	_cleanup_close_ int held = cache_lock(dir);
	_cleanup_close_ int fd = held < 0 ? held : cache_begin_new(dir, new_name);

	if (fd < 0)
		return fd;
	initrd_begin_at(&initrd, fd);
	int err = fill(&initrd, needs, list, file, why);
	if (!err)
		err = initrd_finish(&initrd);
	if (!err)
		err = fill_in_head(fd, needs);
	if (!err)
		err = cache_finish_new(dir, fd, new_name, name);
	if (err)
		cache_drop_new(dir, new_name);
	return err ? err : steal_fd(&fd);
}

int initrd_cache_add(int dir, const char *name, const char *const needs[],
		     const struct module_list *list, const char **file, const char **why)
{
	_cleanup_initrd_ struct initrd initrd = {.fd = -1};

	*file = NULL;
	*why = "cannot be made";
	if (dir >= 0)
		return make_entry(dir, name, needs, list, file, why);
	initrd_begin(&initrd);
	int err = fill(&initrd, needs, list, file, why);
	return err ? err : initrd_end(&initrd);
}
