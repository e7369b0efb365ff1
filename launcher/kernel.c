/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/doctor_checks.h"
#include "core/log.h"
#include "core/util.h"
#include "launcher/full.h"

const struct kernel_need kernel_needs[] = {
	{"virtio_mmio", "virtio-mmio devices"}, {"virtio_console", "virtio console"},
	{"9pnet_virtio", "9p file system"},     {"9p", "9p file system"},
	{"overlay", "overlay file system"},
};
const size_t kernel_need_count = ARRAY_SIZE(kernel_needs);

__attribute__((format(printf, 3, 4))) static int because(struct kernel_reason *reason, int err,
							 const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(reason->text, sizeof(reason->text), fmt, ap);
	va_end(ap);
	return err;
}

static int check_directory(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

/* Takes over candidate if it is a directory. */
static bool use_directory(struct kernel *kernel, char *candidate)
{
	if (candidate && check_directory(candidate) == 0) {
		kernel->modules_dir = candidate;
		return true;
	}
	free(candidate);
	return false;
}

__attribute__((format(printf, 1, 2))) static char *text(const char *fmt, ...)
{
	char *made = NULL;
	va_list ap;

	va_start(ap, fmt);
	int len = vasprintf(&made, fmt, ap);
	va_end(ap);
	return len < 0 ? NULL : made;
}

/* Cuts the last component off; what it was, or NULL if there is none. */
static const char *cut(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return NULL;
	*slash = '\0';
	return slash + 1;
}

/* Takes over the directory of that version below tree, if there is one. */
static bool use_tree(struct kernel *kernel, const char *tree)
{
	static const char *const below[] = {"/lib/modules", "/usr/lib/modules"};

	for (size_t i = 0; i < ARRAY_SIZE(below); i++) {
		if (use_directory(kernel, text("%s%s/%s", tree, below[i], kernel->image.version)))
			return true;
	}
	return false;
}

/*
 * Where the modules of a kernel are, in this order: beside it, where it was found in their directory
 * (Fedora's /lib/modules/VERSION/vmlinuz); below the directory it was found in (snug's own); in the
 * tree whose boot directory that is (an unpacked package); in the host's own.
 */
static void find_modules_dir(struct kernel *kernel, const struct host *host)
{
	const char *version = kernel->image.version;
	_cleanup_free_ char *tree = realpath(kernel->path, NULL);
	const char *name;

	if (!version[0])
		return;
	if (tree && cut(tree)) {
		const char *slash = strrchr(tree, '/');
		if (slash && strcmp(slash + 1, version) == 0 && use_directory(kernel, strdup(tree)))
			return;
		if (use_tree(kernel, tree))
			return;
		name = cut(tree);
		if (name && strcmp(name, "boot") == 0 && use_tree(kernel, tree))
			return;
	}
	(void)use_tree(kernel, host->root);
}

static int no_modules_dir(const struct kernel *kernel, struct kernel_reason *reason)
{
	const char *version = kernel->image.version;

	if (!version[0])
		return because(
			reason, -ENOENT,
			"does not say its version; say where its modules are with --modules");
	return because(
		reason, -ENOENT,
		"has no modules: there is no directory /lib/modules/%s; install its package, "
		"or say where they are with --modules",
		version);
}

static int no_index(const char *dir, struct kernel_reason *reason)
{
	char tree[PATH_MAX];

	(void)snprintf(tree, sizeof(tree), "%s", dir);
	const char *version = cut(tree);
	const size_t len = strlen(tree);
	static const char tail[] = "/lib/modules";
	const size_t tail_len = sizeof(tail) - 1;

	if (!version || len < tail_len || strcmp(tree + len - tail_len, tail) != 0)
		return because(
			reason, -ENODATA,
			"cannot be used: its modules in %s have no index (modules.dep.bin); "
			"move them to TREE/lib/modules/VERSION and run 'depmod -b TREE VERSION'",
			dir);
	tree[len - tail_len] = '\0';
	return because(reason, -ENODATA,
		       "cannot be used: its modules in %s have no index (modules.dep.bin); run "
		       "'depmod -b %s %s'",
		       dir, tree[0] ? tree : "/", version);
}

void kernel_need_names(const char *names[KERNEL_NEEDS_MAX])
{
	_Static_assert(ARRAY_SIZE(kernel_needs) < KERNEL_NEEDS_MAX, "and a NULL");
	for (size_t i = 0; i < ARRAY_SIZE(kernel_needs); i++)
		names[i] = kernel_needs[i].module;
	names[ARRAY_SIZE(kernel_needs)] = NULL;
}

/* Is there an initrd of it? Then it is known what modules it needs. */
static int look_in_cache(struct kernel *kernel, const struct cache *cache,
			 const char *const names[])
{
	struct cache_identity full;

	if (cache->dir < 0 || full_identity(&full) < 0 ||
	    initrd_cache_name(kernel->modules_dir, &full, kernel->initrd_name) < 0)
		return -ENOENT;
	const int fd = initrd_cache_get(cache->dir, kernel->initrd_name, names, &kernel->modules);
	kernel->initrd_fd = fd < 0 ? -1 : fd;
	return fd < 0 ? fd : 0;
}

static int resolve_modules(struct kernel *kernel, const struct cache *cache,
			   struct kernel_reason *reason)
{
	const char *names[KERNEL_NEEDS_MAX];
	const char *dir = kernel->modules_dir;
	const char *missing;

	kernel_need_names(names);
	int err = look_in_cache(kernel, cache, names);
	if (err != -ENOENT)
		return err;
	err = modules_resolve(dir, names, &kernel->modules, &missing);
	if (!err)
		return 0;
	if (err == -ENODATA)
		return no_index(dir, reason);
	if (err == -ELIBACC)
		return because(reason, err, "%s", full_failure());
	if (!missing)
		return because(reason, err, "cannot be used: its modules in %s cannot be read: %s",
			       dir, strerror(-err));
	size_t i = 0;
	while (strcmp(kernel_needs[i].module, missing) != 0)
		i++;
	return because(
		reason, err,
		"has no %s (neither built in nor as a module in %s): take another kernel, as "
		"Debian's linux-image-amd64",
		kernel_needs[i].what, dir);
}

static int check(struct kernel *kernel, const struct host *host, const struct cache *cache,
		 const char *modules_dir, struct kernel_reason *reason)
{
	const char *why;
	int err = kernel_image_read(kernel->fd, &kernel->image, &why);

	if (err == -ENOEXEC || err == -EISDIR || err == -ENODEV)
		return because(reason, err, "%s", why);
	if (err)
		return because(reason, err, "%s: %s", why, strerror(-err));
	if (!modules_dir) {
		find_modules_dir(kernel, host);
	} else {
		kernel->modules_dir = strdup(modules_dir);
		err = check_directory(modules_dir);
		if (err)
			return because(reason, err, "cannot be used: --modules: %s: %s",
				       modules_dir, strerror(-err));
	}
	return kernel->modules_dir ? resolve_modules(kernel, cache, reason)
				   : no_modules_dir(kernel, reason);
}

int kernel_try(struct kernel *kernel, const struct host *host, const struct cache *cache,
	       const char *file, const char *modules_dir, struct kernel_reason *reason)
{
	*kernel = KERNEL_NONE;
	kernel->path = strdup(file);
	/* O_NONBLOCK: a FIFO is not to be waited for. */
	kernel->fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int err = kernel->path ? 0 : -ENOMEM;
	if (kernel->fd < 0 && errno == EACCES)
		err = because(reason, -EACCES,
			      "is not readable for you; try 'sudo chmod a+r %s', or give a copy "
			      "with -k",
			      file);
	else if (kernel->fd < 0)
		err = because(reason, -errno, "cannot be opened: %s", strerror(errno));
	if (!err)
		err = check(kernel, host, cache, modules_dir, reason);
	if (err)
		kernel_free(kernel);
	return err;
}

static int is_kernel_name(const struct dirent *entry)
{
	return strncmp(entry->d_name, "vmlinuz-", strlen("vmlinuz-")) == 0;
}

static int newest_first(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*b)->d_name, (*a)->d_name);
}

static void list_directory(const char *dir, struct strlist *paths)
{
	struct dirent **entries = NULL;
	const int count = scandir(dir, &entries, is_kernel_name, newest_first);

	for (int i = 0; i < count; i++) {
		strlist_addf(paths, "%s/%s", dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static int list_boot(const struct host *host, struct strlist *paths)
{
	_cleanup_free_ char *boot = text("%s/boot", host->root);

	if (!boot)
		return -ENOMEM;
	list_directory(boot, paths);
	return paths->error;
}

int kernel_list(const struct host *host, struct strlist *paths)
{
	if (host->own_kernels[0])
		list_directory(host->own_kernels, paths);
	return list_boot(host, paths);
}

bool kernel_is_own(const struct host *host, const char *path)
{
	const size_t len = strlen(host->own_kernels);

	return len && strncmp(path, host->own_kernels, len) == 0 && path[len] == '/';
}

const char *kernel_how(const struct kernel *kernel, const char *module)
{
	for (size_t i = 0; i < kernel->modules.count; i++) {
		if (strcmp(kernel->modules.modules[i].name, module) == 0)
			return "module";
	}
	return "built in";
}

static int choose_of(struct kernel *kernel, const struct host *host, const struct cache *cache,
		     const char *modules_dir, const struct strlist *paths)
{
	_cleanup_free_ char *newest = NULL; /* what is wrong with it */
	int err = -ENOENT;

	for (size_t i = 0; i < paths->count; i++) {
		struct kernel_reason reason;
		err = kernel_try(kernel, host, cache, paths->items[i], modules_dir, &reason);
		/* That one is there to be taken. */
		if (!err && i > 0 && kernel_is_own(host, paths->items[0]))
			log_warning("%s; taking %s instead", newest, paths->items[i]);
		if (!err || err == -ENOMEM)
			return err;
		log_verbose("%s %s", paths->items[i], reason.text);
		if (!newest)
			newest = text("%s %s", paths->items[i], reason.text);
		if (!newest)
			return -ENOMEM;
	}
	if (paths->count == 0)
		log_error("no kernel: %s/boot has no vmlinuz-*; install one (Debian: "
			  "linux-image-amd64), or give one with -k" SEE_DOCTOR("kernel"),
			  host->root);
	else if (paths->count == 1)
		log_error("%s" SEE_DOCTOR("kernel"), newest);
	else
		log_error("none of the %zu kernels in %s%s%s/boot can be used; the newest: "
			  "%s" SEE_DOCTOR("kernel"),
			  paths->count, host->own_kernels, host->own_kernels[0] ? " and " : "",
			  host->root, newest);
	return err;
}

int kernel_choose(struct kernel *kernel, const struct host *host, const struct cache *cache,
		  const char *file, const char *modules_dir)
{
	_cleanup_strlist_ struct strlist paths = {0};
	struct kernel_reason reason;

	if (file) {
		int err = kernel_try(kernel, host, cache, file, modules_dir, &reason);
		if (err && err != -ENOMEM)
			log_error("%s %s", file, reason.text);
		return err;
	}
	/* Modules are for another kernel than one that has none. */
	int err = modules_dir ? list_boot(host, &paths) : kernel_list(host, &paths);
	return err ? err : choose_of(kernel, host, cache, modules_dir, &paths);
}

void kernel_free(struct kernel *kernel)
{
	cleanup_close(&kernel->fd);
	cleanup_close(&kernel->initrd_fd);
	free(kernel->path);
	free(kernel->modules_dir);
	modules_free(&kernel->modules);
	*kernel = KERNEL_NONE;
}
