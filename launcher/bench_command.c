/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/bench_command.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "core/util.h"
#include "launcher/bench_variants.h"
#include "launcher/install.h"
#include "launcher/plan.h"

/* What libkmod reads of a modules directory. */
static const char *const module_index[] = {
	"modules.dep.bin",     "modules.alias.bin",       "modules.symbols.bin",
	"modules.builtin.bin", "modules.softdep",         "modules.builtin.alias.bin",
	"modules.builtin",     "modules.builtin.modinfo",
};

/* The parts of snug. Another version's are taken to be beside it. */
static const char *const snug_parts[] = {"snug-monitor", "snug-full", "snug-label"};

/* The program that CMD is, if the host's PATH finds it; the guest's is the same. */
static void add_program(struct strlist *argv, const struct caller *caller, const char *command)
{
	const char *dirs = caller_variable(caller, "PATH");
	struct stat st;

	if (strchr(command, '/')) {
		strlist_addf(argv, "--drop=%s", command);
		return;
	}
	while (dirs && *dirs) {
		char path[PATH_MAX];
		const size_t len = strcspn(dirs, ":");
		const int n = snprintf(path, sizeof(path), "%.*s/%s", (int)len, dirs, command);

		if (n < (int)sizeof(path) && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(path, X_OK) == 0) {
			strlist_addf(argv, "--drop=%s", path);
			return;
		}
		dirs += len + (dirs[len] == ':');
	}
}

static void add_parts_beside(struct strlist *argv, const char *snug)
{
	const char *slash = strrchr(snug, '/');
	const int len = slash ? (int)(slash - snug + 1) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(snug_parts); i++)
		strlist_addf(argv, "--drop=%.*s%s", len, snug, snug_parts[i]);
}

/* This snug's parts, where it would find them. */
static void add_own_parts(struct strlist *argv)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(snug_parts); i++) {
		if (install_find(snug_parts[i], R_OK, path) == 0)
			strlist_addf(argv, "--drop=%s", path);
	}
}

static void add_kernel(struct strlist *argv, const struct kernel *kernel)
{
	strlist_addf(argv, "--drop=%s", kernel->path);
	for (size_t i = 0; i < ARRAY_SIZE(module_index); i++)
		strlist_addf(argv, "--drop=%s/%s", kernel->modules_dir, module_index[i]);
	for (size_t i = 0; i < kernel->modules.count; i++)
		strlist_addf(argv, "--drop=%s", kernel->modules.modules[i].path);
}

/* The plan is made to know that there is one, and which files it is made of. */
static int add_variant(struct strlist *argv, const struct variant *variant, const char *self,
		       const struct caller *caller, const struct host *host)
{
	_cleanup_plan_ struct plan plan;
	const char *snug = variant->snug ? variant->snug : self;
	int err = plan_make(&plan, &variant->options, caller, host);

	if (err)
		return err;
	strlist_addf(argv, "--variant=%s", variant->label);
	strlist_addf(argv, "--snug=%s", snug);
	/* Which one another snug takes if it is not told is its own choice. */
	if (!variant->snug || variant->options.kernel)
		strlist_addf(argv, "--kernel=%s", plan.kernel.path);
	for (size_t i = 0; i < variant->words.count; i++)
		strlist_addf(argv, "--option=%s", variant->words.items[i]);
	strlist_addf(argv, "--drop=%s", snug);
	if (variant->snug)
		add_parts_beside(argv, snug);
	else
		add_own_parts(argv);
	add_kernel(argv, &plan.kernel);
	add_program(argv, caller, variant->options.argv[0]);
	return argv->error;
}

static void add_options(struct strlist *argv, const struct bench_options *bench,
			const char *cache_dir)
{
	static const char *const caches[] = BENCH_CACHE_NAMES;

	strlist_addf(argv, "--runs=%u", bench->runs);
	strlist_addf(argv, "--warmup=%u", bench->warmup);
	for (size_t i = 0; i < bench->cache_count; i++)
		strlist_addf(argv, "--cache=%s", caches[bench->caches[i]]);
	if (cache_dir)
		strlist_addf(argv, "--cache-dir=%s", cache_dir);
	if (bench->stages)
		strlist_add(argv, "--stages");
	if (bench->json)
		strlist_addf(argv, "--json=%s", bench->json);
}

static int make_argv(struct strlist *argv, const struct options *options,
		     const struct caller *caller, const struct host *host)
{
	_cleanup_variants_ struct variants variants;
	_cleanup_free_ char *cache_dir = NULL;
	char self[PATH_MAX];
	int err = variants_make(&variants, options);

	if (!err)
		err = cache_path(caller, &cache_dir);
	if (err)
		return err;
	const ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len < 0) {
		err = -errno;
		log_error("/proc/self/exe: %s", strerror(-err));
		return err;
	}
	self[len] = '\0';
	strlist_add(argv, BENCH_PROGRAM);
	strlist_add(argv, "bench");
	add_options(argv, &options->bench, cache_dir);
	for (size_t i = 0; i < variants.count && !err; i++)
		err = add_variant(argv, &variants.items[i], self, caller, host);
	strlist_add(argv, "--");
	for (char *const *word = options->argv; *word; word++)
		strlist_add(argv, *word);
	return err ? err : argv->error;
}

int bench_command(const struct options *options, const struct caller *caller,
		  const struct host *host)
{
	_cleanup_strlist_ struct strlist argv = {0};
	char program[PATH_MAX];
	int err = install_find(BENCH_PROGRAM, X_OK, program);

	if (err) {
		install_missing(BENCH_PROGRAM, err);
		return err;
	}
	err = make_argv(&argv, options, caller, host);
	if (err)
		return err;
	(void)execv(program, argv.items);
	err = -errno;
	log_error("%s cannot be executed: %s", program, strerror(-err));
	return err;
}
