/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/modules.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/util.h"

/* Ten times the largest module of a distribution's kernel. */
#define MODULE_SIZE_MAX MIB(64)

/* A chain of dependencies longer than this is a loop in a broken index. */
#define DEPTH_MAX 32

static void cleanup_ctx(struct kmod_ctx **ctx)
{
	(void)kmod_unref(*ctx);
}

static void cleanup_kmod_list(struct kmod_list **list)
{
	(void)kmod_module_unref_list(*list);
}

#define _cleanup_ctx_       __attribute__((cleanup(cleanup_ctx)))
#define _cleanup_kmod_list_ __attribute__((cleanup(cleanup_kmod_list)))

/* libkmod writes to stderr unless told where else; what matters comes back as an error. */
__attribute__((format(printf, 6, 0))) static void no_log(void *data, int priority, const char *file,
							 int line, const char *fn,
							 const char *format, va_list args)
{
	(void)data;
	(void)priority;
	(void)file;
	(void)line;
	(void)fn;
	(void)format;
	(void)args;
}

static bool contains(const struct module_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->modules[i].name, name) == 0)
			return true;
	}
	return false;
}

static int add_module(struct module_list *list, struct kmod_module *mod, unsigned depth);

static int add_each(struct module_list *list, const struct kmod_list *of, unsigned depth)
{
	const struct kmod_list *item;
	int err = 0;

	kmod_list_foreach(item, of)
	{
		struct kmod_module *mod = kmod_module_get_module(item);
		if (!err)
			err = add_module(list, mod, depth);
		(void)kmod_module_unref(mod);
	}
	return err;
}

/* What must be there first, then the module itself. */
static int add_module(struct module_list *list, struct kmod_module *mod, unsigned depth)
{
	_cleanup_kmod_list_ struct kmod_list *pre = NULL;
	_cleanup_kmod_list_ struct kmod_list *post = NULL;
	const char *path = kmod_module_get_path(mod);

	/* No file: built in. A soft dependency that this kernel lacks is not needed by it either. */
	if (!path || contains(list, kmod_module_get_name(mod)))
		return 0;
	if (depth > DEPTH_MAX)
		return -ELOOP;
	int err = kmod_module_get_softdeps(mod, &pre, &post);
	if (!err)
		err = add_each(list, pre, depth + 1);
	if (err)
		return err;
	_cleanup_kmod_list_ struct kmod_list *dependencies = kmod_module_get_dependencies(mod);
	err = add_each(list, dependencies, depth + 1);
	/* A soft dependency may have pulled this very module in. */
	if (err || contains(list, kmod_module_get_name(mod)))
		return err;
	return module_list_add(list, kmod_module_get_name(mod), path);
}

static int check_index(const char *dir)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/modules.dep.bin", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (euidaccess(path, R_OK) == 0)
		return 0;
	return errno == ENOENT || errno == ENOTDIR ? -ENODATA : -errno;
}

static int resolve(struct kmod_ctx *ctx, const char *const names[], struct module_list *list,
		   const char **missing)
{
	for (; *names; names++) {
		_cleanup_kmod_list_ struct kmod_list *found = NULL;
		int err = kmod_module_new_from_lookup(ctx, *names, &found);

		if (!err && !found)
			err = -ENOENT;
		if (err == -ENOENT)
			*missing = *names;
		if (!err)
			err = add_each(list, found, 0);
		if (err)
			return err;
	}
	return 0;
}

int modules_resolve(const char *dir, const char *const names[], struct module_list *list,
		    const char **missing)
{
	static const char *const no_config[] = {NULL};

	*list = (struct module_list){0};
	*missing = NULL;
	int err = check_index(dir);
	if (err)
		return err;
	_cleanup_ctx_ struct kmod_ctx *ctx = kmod_new(dir, no_config);
	if (!ctx)
		return -ENOMEM;
	kmod_set_log_fn(ctx, no_log, NULL);
	err = resolve(ctx, names, list, missing);
	if (err)
		modules_free(list);
	return err;
}

int module_read(const char *path, struct blob *out, const char **why)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	*out = (struct blob){0};
	*why = "cannot be opened";
	if (fd < 0)
		return -errno;
	int err = unpack_file(fd, MODULE_SIZE_MAX, out, why);
	if (err)
		return err;
	if (out->size < sizeof(Elf64_Ehdr) || memcmp(out->data, ELFMAG, SELFMAG) != 0) {
		blob_free(out);
		*why = "is not a kernel module";
		return -ENOEXEC;
	}
	return 0;
}
