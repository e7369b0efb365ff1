/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/kernel_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "boot/kernel_cache.h"
#include "core/cleanup.h"
#include "core/log.h"
#include "core/util.h"
#include "launcher/cache.h"
#include "launcher/kernel.h"

/* One kernel: what it is, and why not where it is none. */
struct found {
	struct kernel kernel;
	struct kernel_reason reason; /* empty: it will do */
	struct kernel_cache_info info;
	bool cached;
};

static int no_cache(const struct cache *cache)
{
	log_error("the kernel cache %s%s%s%s%s", cache->path ? cache->path : "",
		  cache->path ? " " : "", cache->why, cache->dir == -EPERM ? "" : ": ",
		  cache->dir == -EPERM ? "" : strerror(-cache->dir));
	return cache->dir;
}

static bool is_cached(const struct cache *cache, int fd, struct kernel_cache_info *info)
{
	struct vmlinux vmlinux;
	_cleanup_close_ int entry =
		cache->dir < 0 ? -1 : kernel_cache_find(cache->dir, fd, &vmlinux, info);

	return entry >= 0;
}

static int find(struct found *found, const struct host *host, const struct cache *cache,
		const char *file)
{
	*found = (struct found){.kernel = KERNEL_NONE};
	int err = kernel_try(&found->kernel, host, cache, file, NULL, &found->reason);
	if (err == -ENOMEM)
		return err;
	if (!err)
		found->reason.text[0] = '\0';
	if (!err)
		found->cached = is_cached(cache, found->kernel.fd, &found->info);
	return 0;
}

static double mebibytes(uint64_t bytes)
{
	return (double)bytes / (double)MIB(1);
}

static const char *compression_of(const struct found *found)
{
	return kernel_cache_format(found->kernel.fd, &found->kernel.image);
}

/* --- list ------------------------------------------------------------------------------------------- */

static void print_line(const struct found *found, const char *path, bool is_default, bool is_own,
		       FILE *out)
{
	const struct kernel *kernel = &found->kernel;

	(void)fprintf(out, "%c %s%s", is_default ? '*' : ' ', path,
		      is_own ? ", made for snug" : "");
	if (found->reason.text[0]) {
		(void)fprintf(out, "\n    %s\n", found->reason.text);
		return;
	}
	(void)fprintf(out, "\n    %s, %s %.1fM; 9p %s, virtio-mmio %s; ",
		      kernel->image.version[0] ? kernel->image.version : "no version",
		      compression_of(found), mebibytes(kernel->image.file_size),
		      kernel_how(kernel, "9p"), kernel_how(kernel, "virtio_mmio"));
	if (found->cached)
		(void)fprintf(out, "unpacked %.1fM\n", mebibytes(found->info.size));
	else
		(void)fputs("not unpacked\n", out);
}

static int list(const struct cache *cache, const struct host *host, FILE *out)
{
	_cleanup_strlist_ struct strlist paths = {0};
	bool have_default = false;
	int err = kernel_list(host, &paths);

	for (size_t i = 0; i < paths.count && !err; i++) {
		static struct found found; /* reasons are long */
		bool usable;

		err = find(&found, host, cache, paths.items[i]);
		usable = !err && !found.reason.text[0];
		if (!err)
			print_line(&found, paths.items[i], usable && !have_default,
				   kernel_is_own(host, paths.items[i]), out);
		have_default |= usable;
		kernel_free(&found.kernel);
	}
	if (!err && paths.count == 0)
		(void)fprintf(out, "no kernel in %s/boot\n", host->root);
	return err;
}

/* --- info ------------------------------------------------------------------------------------------- */

static void print_info(const struct found *found, const struct cache *cache, FILE *out)
{
	const struct kernel *kernel = &found->kernel;
	const struct setup_header *header = &kernel->image.header;

	(void)fprintf(out, "file         %s\n", kernel->path);
	(void)fprintf(out, "version      %s\n",
		      kernel->image.version[0] ? kernel->image.version : "unknown");
	(void)fprintf(out, "size         %llu bytes\n",
		      (unsigned long long)kernel->image.file_size);
	(void)fprintf(out, "payload      %s, %u bytes\n", compression_of(found),
		      header->payload_length);
	(void)fprintf(out, "memory       %.0fM from %.0fM\n", mebibytes(header->init_size),
		      mebibytes(header->pref_address));
	(void)fprintf(out, "protocol     %u.%u\n", header->version >> 8, header->version & 0xff);
	(void)fprintf(out, "modules      %s, %zu to load\n", kernel->modules_dir,
		      kernel->modules.count);
	for (size_t i = 0; i < kernel_need_count; i++)
		(void)fprintf(out, "             %-14s %s\n", kernel_needs[i].module,
			      kernel_how(kernel, kernel_needs[i].module));
	if (!found->cached)
		(void)fprintf(out, "unpacked     no\n");
	else
		(void)fprintf(out, "unpacked     %llu bytes in %s\n",
			      (unsigned long long)found->info.size, cache->path);
}

static int info(const struct cache *cache, const struct host *host, const char *file, FILE *out)
{
	static struct found found;
	int err = find(&found, host, cache, file);

	if (!err && found.reason.text[0]) {
		log_error("%s %s", file, found.reason.text);
		err = -ENOEXEC;
	} else if (!err) {
		print_info(&found, cache, out);
	}
	kernel_free(&found.kernel);
	return err;
}

/* --- add -------------------------------------------------------------------------------------------- */

static int add_kernel(const struct cache *cache, const struct kernel *kernel, FILE *out)
{
	struct kernel_cache_info info;
	struct vmlinux vmlinux;
	const char *why;
	_cleanup_close_ int fd =
		kernel_cache_get(cache->dir, kernel->fd, &kernel->image, &vmlinux, &why);

	if (fd == -ENOMEM)
		return fd;
	if (fd == -ENOEXEC || fd == -EBADMSG)
		log_error("%s %s", kernel->path, why);
	else if (fd < 0)
		log_error("the kernel cache %s %s: %s", cache->path, why, strerror(-fd));
	if (fd < 0)
		return fd;
	if (is_cached(cache, kernel->fd, &info))
		(void)fprintf(out, "%s: unpacked, %.1fM in %s\n", kernel->path,
			      mebibytes(info.size), cache->path);
	return 0;
}

/* Its modules do not matter here: it may be run with others. */
static int add(const struct cache *cache, const char *file, FILE *out)
{
	_cleanup_close_ int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct kernel kernel = {.fd = fd, .path = (char *)(uintptr_t)file};
	const char *why = "cannot be opened";
	int err = fd < 0 ? -errno : kernel_image_read(fd, &kernel.image, &why);

	if (err == -ENOEXEC || err == -EISDIR || err == -ENODEV)
		log_error("%s %s", file, why);
	else if (err)
		log_error("%s %s: %s", file, why, strerror(-err));
	return err ? err : add_kernel(cache, &kernel, out);
}

/* --- prune ------------------------------------------------------------------------------------------ */

/* Initrds are small, and made again in no time: they all go. */
static int prune_initrds(const struct cache *cache, struct cache_removed *removed)
{
	const struct cache_removal removal = {.named = initrd_cache_is_entry};
	_cleanup_close_ int held = cache_lock(cache->dir);

	return held < 0 ? held : cache_remove(cache->dir, &removal, removed);
}

static int prune_all_but(const struct cache *cache, const struct strlist *paths, FILE *out)
{
	_cleanup_free_ struct cache_identity *stay = calloc(paths->count + 1, sizeof(*stay));
	struct cache_removed removed = {0};
	size_t count = 0;

	if (!stay)
		return -ENOMEM;
	for (size_t i = 0; i < paths->count; i++) {
		struct stat st;
		if (stat(paths->items[i], &st) == 0)
			stay[count++] = cache_identity_of(&st);
	}
	int err = kernel_cache_prune(cache->dir, stay, count, &removed);
	if (!err)
		err = prune_initrds(cache, &removed);
	if (err)
		log_error("the kernel cache %s cannot be pruned: %s", cache->path, strerror(-err));
	else
		(void)fprintf(out, "%u removed, %.1fM\n", removed.files, mebibytes(removed.bytes));
	return err;
}

static int prune(const struct cache *cache, const struct host *host, bool all, FILE *out)
{
	_cleanup_strlist_ struct strlist paths = {0};
	int err = all ? 0 : kernel_list(host, &paths);

	return err ? err : prune_all_but(cache, &paths, out);
}

static int act(const struct options *options, const struct cache *cache, const struct host *host,
	       FILE *out)
{
	int err = 0;

	switch (options->kernel_action) {
	case KERNEL_LIST:
		return list(cache, host, out);
	case KERNEL_PRUNE:
		return prune(cache, host, options->all, out);
	case KERNEL_INFO:
	case KERNEL_ADD:
		for (char *const *file = options->argv; *file && !err; file++)
			err = options->kernel_action == KERNEL_ADD ? add(cache, *file, out)
								   : info(cache, host, *file, out);
		return err;
	}
	return -EINVAL;
}

int kernel_command(const struct options *options, const struct caller *caller,
		   const struct host *host, FILE *out)
{
	const bool needs_cache =
		options->kernel_action == KERNEL_ADD || options->kernel_action == KERNEL_PRUNE;
	_cleanup_cache_ struct cache cache;

	int err = cache_find(&cache, caller);
	if (err)
		return err;
	if (cache.dir < 0 && needs_cache)
		return no_cache(&cache);
	err = act(options, &cache, host, out);
	if (!err && (fflush(out) != 0 || ferror(out))) {
		err = -(errno ? errno : EIO);
		log_error("standard output: %s", strerror(-err));
	}
	return err;
}
