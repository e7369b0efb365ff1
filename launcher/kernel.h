/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's kernel: which file, which modules belong to it, and whether it can do the job. */
#ifndef LAUNCHER_KERNEL_H
#define LAUNCHER_KERNEL_H

#include <limits.h>
#include <stdbool.h>

#include "boot/initrd_cache.h"
#include "boot/kernel_image.h"
#include "boot/modules.h"
#include "launcher/cache.h"
#include "launcher/host.h"
#include "launcher/strlist.h"

struct kernel {
	int fd;     /* the open file; owned */
	char *path; /* owned, as modules_dir */
	struct kernel_image image;
	char *modules_dir;
	struct module_list modules; /* what the guest has to load, in order */
	/* The initrd of these modules in the cache: owned; -1: it has to be made, under that name. */
	int initrd_fd;
	char initrd_name[INITRD_CACHE_NAME_MAX];
};

/* What a guest needs, in the order in which it is loaded: the bus, the console, the files. */
struct kernel_need {
	const char *module;
	const char *what; /* to a person */
};
extern const struct kernel_need kernel_needs[];
extern const size_t kernel_need_count;

/* The names of the modules alone, with a NULL behind them. */
#define KERNEL_NEEDS_MAX 8
void kernel_need_names(const char *names[KERNEL_NEEDS_MAX]);

/* How a kernel that will do has one of them: "module", or "built in", as what it does not load it has. */
const char *kernel_how(const struct kernel *kernel, const char *module);

#define KERNEL_NONE ((struct kernel){.fd = -1, .initrd_fd = -1})

/* Why a kernel will not do, to complete "FILE ". */
struct kernel_reason {
	char text[2 * PATH_MAX];
};

/*
 * The paths of the kernels that are looked at where none is given, in this order: snug's own, which has
 * all it needs and nothing else; the host's /boot/vmlinuz-*. Newest first. 0 or -ENOMEM.
 */
int kernel_list(const struct host *host, struct strlist *paths);

/* Is it one of the former? */
bool kernel_is_own(const struct host *host, const char *path);

/*
 * Opens file and finds and resolves its modules, as kernel_choose() does; *reason says why it will not
 * do, and nothing is logged.
 */
int kernel_try(struct kernel *kernel, const struct host *host, const struct cache *cache,
	       const char *file, const char *modules_dir, struct kernel_reason *reason);

/*
 * Opens file (NULL: the first of kernel_list() that will do; with modules_dir, of the host's), finds its
 * modules in modules_dir (NULL: the directory that belongs to it, see kernel.c) and resolves those the
 * guest needs. 0, or -errno after having logged what is wrong and what to do (-ENOMEM: not logged).
 * *kernel is KERNEL_NONE before the call, and after an error.
 */
int kernel_choose(struct kernel *kernel, const struct host *host, const struct cache *cache,
		  const char *file, const char *modules_dir);

void kernel_free(struct kernel *kernel);

#endif
