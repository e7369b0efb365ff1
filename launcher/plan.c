/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/plan.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "boot/cmdline.h"
#include "core/abi.h"
#include "core/cleanup.h"
#include "core/log.h"
#include "core/util.h"
#include "launcher/env_file.h"
#include "launcher/environment.h"
#include "launcher/keep.h"
#include "launcher/paths.h"
#include "launcher/users.h"

/* Enough for a compiler; a guest that does less touches less. */
#define DEFAULT_MEMORY MIB(512)

#define DEFAULT_HOSTNAME "snug"

/* Where a throw-away overlay is always wanted. */
static const char *const overlaid[] = {"/tmp", "/home"};

uint64_t plan_default_memory(const struct host *host)
{
	return min_u64(DEFAULT_MEMORY, align_down(host->ram / 2, MIB(1)));
}

static int plan_memory(struct plan *plan, const struct options *options, const struct host *host)
{
	plan->memory = options->memory;
	if (!plan->memory)
		plan->memory = plan_default_memory(host);
	if (plan->memory <= host->ram)
		return 0;
	log_error("--memory: %lluM is more than this host has (%lluM)",
		  (unsigned long long)(plan->memory / MIB(1)),
		  (unsigned long long)(host->ram / MIB(1)));
	return -ERANGE;
}

/* More would be there to be written, and the guest out of memory before it is. */
static int plan_overlay_size(struct plan *plan, const struct options *options)
{
	plan->overlay_size = options->overlay_size;
	if (plan->overlay_size.bytes <= plan->memory)
		return 0;
	log_error("--overlay-size: %lluM is more than the VM has (%lluM); give it more with -m",
		  (unsigned long long)(plan->overlay_size.bytes / MIB(1)),
		  (unsigned long long)(plan->memory / MIB(1)));
	return -ERANGE;
}

/* The kernel's own word for it, which its decompressor heeds, and so does snug in its place. */
#define NO_KASLR "nokaslr"

/* Is it one of the parameters? An item may be several. */
static bool says_no_kaslr(const char *item)
{
	static const char blanks[] = " \t\n";

	for (item += strspn(item, blanks); *item; item += strspn(item, blanks)) {
		const size_t len = strcspn(item, blanks);

		if (len == strlen(NO_KASLR) && strncmp(item, NO_KASLR, len) == 0)
			return true;
		item += len;
	}
	return false;
}

static void plan_kaslr(struct plan *plan, const struct options *options)
{
	plan->kaslr = !options->no_kaslr;
	for (size_t i = 0; i < options->append.count; i++) {
		if (says_no_kaslr(options->append.items[i]))
			plan->kaslr = false;
	}
}

static int plan_cmdline(struct plan *plan, const struct options *options)
{
	const size_t max = plan->kernel.image.header.cmdline_size;

	plan_kaslr(plan, options);
	const struct cmdline_options wanted = {.verbose = options->verbose,
					       .kaslr = plan->kaslr,
					       .initcalls = options->timeline.initcalls};
	plan->cmdline = cmdline_make((const char *const *)options->append.items,
				     options->append.count, &wanted);
	if (!plan->cmdline)
		return -ENOMEM;
	if (!max || strlen(plan->cmdline) <= max)
		return 0;
	log_error("--append: the kernel's command line would be %zu bytes, and %s takes %zu",
		  strlen(plan->cmdline), plan->kernel.path, max);
	return -E2BIG;
}

static int plan_identity(struct plan *plan, const struct options *options,
			 const struct caller *caller)
{
	return options->user ? identity_resolve(options->user, &plan->identity)
			     : identity_of_caller(caller, &plan->identity);
}

/* What is typed wins over what is in files. */
static int plan_environment(struct plan *plan, const struct options *options,
			    const struct caller *caller)
{
	_cleanup_strlist_ struct strlist requested = {0};
	int err = 0;

	if (options->clearenv)
		environment_clear(&plan->identity, &plan->env);
	else
		environment_default(caller->environ, &plan->identity, options->user != NULL,
				    &plan->env);
	for (size_t i = 0; i < options->env_files.count && !err; i++)
		err = env_file_read(options->env_files.items[i], &requested);
	environment_request(caller->environ, &requested, &plan->env);
	environment_request(caller->environ, &options->env, &plan->env);
	return err ? err : plan->env.error;
}

static bool is_executable(const char *path)
{
	struct stat st;

	return path && path[0] == '/' && access(path, X_OK) == 0 && stat(path, &st) == 0 &&
	       S_ISREG(st.st_mode);
}

static const char *choose_shell(const struct plan *plan)
{
	const char *shell = strlist_getenv(&plan->env, "SHELL");

	if (is_executable(shell))
		return shell;
	return is_executable(plan->identity.shell) ? plan->identity.shell : "/bin/sh";
}

static int plan_argv(struct plan *plan, const struct options *options)
{
	for (char *const *arg = options->argv; *arg; arg++)
		strlist_add(&plan->argv, *arg);
	if (!plan->argv.count)
		strlist_add(&plan->argv, choose_shell(plan));
	return plan->argv.error;
}

static bool is_overlaid(const struct plan *plan, const char *dir)
{
	for (size_t i = 0; i < plan->overlays.count; i++) {
		if (path_below(dir, plan->overlays.items[i]))
			return true;
	}
	return false;
}

/* What the user mounts there comes in its place, or would be on top of it. */
static void add_overlay(struct plan *plan, const char *dir)
{
	if (!is_overlaid(plan, dir) && !mounts_cover(&plan->mounts, dir, true))
		strlist_add(&plan->overlays, dir);
}

/* The directory itself and not a link to it: what is mounted over a link is not below the link. */
static void overlay_home(struct plan *plan, const char *home)
{
	_cleanup_free_ char *dir = home && home[0] == '/' ? realpath(home, NULL) : NULL;

	if (dir && strcmp(dir, "/") != 0)
		add_overlay(plan, dir);
}

static int plan_overlays(struct plan *plan, const struct caller *caller)
{
	for (size_t i = 0; i < ARRAY_SIZE(overlaid); i++)
		add_overlay(plan, overlaid[i]);
	overlay_home(plan, caller_variable(caller, "HOME"));
	overlay_home(plan, strlist_getenv(&plan->env, "HOME"));
	return plan->overlays.error;
}

/* Is dir where the host's files are not what the guest will see? */
static bool is_elsewhere(const struct plan *plan, const char *dir)
{
	_cleanup_free_ char *real = NULL;

	return path_fresh(dir) || (plan->mounts.count && path_resolve(dir, NULL, &real) == 0 &&
				   mounts_cover(&plan->mounts, real, false));
}

static int check_workdir(const struct plan *plan, const char *dir)
{
	struct stat st;

	if (is_elsewhere(plan, dir))
		return 0;
	int err = stat(dir, &st) < 0 ? -errno : S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	if (err == 0 || err == -EACCES)
		return 0; /* another user may be allowed what the caller is not: the guest finds out */
	log_error("--workdir: %s: %s", dir, strerror(-err));
	return err;
}

static int plan_cwd(struct plan *plan, const struct options *options, const struct caller *caller)
{
	const char *dir = options->workdir;

	if ((!dir || dir[0] != '/') && !caller->cwd) {
		log_error("the current directory cannot be determined (was it removed?); give one "
			  "with -w DIR, as in -w /");
		return -ENOENT;
	}
	if (!dir)
		plan->cwd = strdup(caller->cwd);
	else if (dir[0] == '/')
		plan->cwd = strdup(dir);
	else if (asprintf(&plan->cwd, "%s/%s", strcmp(caller->cwd, "/") ? caller->cwd : "", dir) <
		 0)
		plan->cwd = NULL;
	if (!plan->cwd)
		return -ENOMEM;
	return dir ? check_workdir(plan, plan->cwd) : 0;
}

/* The homes of the caller, by its environment and by its passwd entry, and of whom the command is. */
static int plan_default_hides(struct plan *plan, const struct options *options,
			      const struct caller *caller)
{
	const struct passwd *pw = options->user ? users_by_id(caller->uid) : NULL;
	const char *const homes[] = {caller_variable(caller, "HOME"), pw ? pw->pw_dir : NULL,
				     plan->identity.home};

	return hides_add_default(&plan->hides, caller, homes, ARRAY_SIZE(homes));
}

static int plan_hides(struct plan *plan, const struct options *options, const struct caller *caller)
{
	int err = options->no_default_hide ? 0 : plan_default_hides(plan, options, caller);

	for (size_t i = 0; !err && i < options->hide.count; i++)
		err = hides_add_path(&plan->hides, options->hide.items[i]);
	return err;
}

static int plan_security(struct plan *plan, const struct options *options)
{
	bool relabels = false;

	for (size_t i = 0; i < options->mounts.count; i++)
		relabels |= options->mounts.items[i].relabel != RELABEL_NONE;
	return security_plan(&options->security, relabels, &plan->security);
}

static int fill(struct plan *plan, const struct options *options, const struct caller *caller,
		const struct host *host)
{
	plan->cpus = options->cpus ? options->cpus : 1;
	int err = plan_security(plan, options);

	if (!err)
		err = plan_memory(plan, options, host);
	if (!err)
		err = plan_overlay_size(plan, options);
	if (!err)
		err = plan_identity(plan, options, caller);
	if (!err)
		err = plan_environment(plan, options, caller);
	if (!err)
		err = plan_argv(plan, options);
	if (!err)
		err = mounts_plan(&plan->mounts, &options->mounts, caller->cwd);
	if (!err && options->keep_overlay)
		err = keep_plan(plan, options->keep_overlay);
	if (!err)
		err = plan_hides(plan, options, caller);
	if (!err)
		err = plan_cwd(plan, options, caller);
	if (!err)
		err = plan_overlays(plan, caller);
	if (!err)
		err = cache_find(&plan->cache, caller);
	if (!err)
		err = kernel_choose(&plan->kernel, host, &plan->cache, options->kernel,
				    options->modules);
	if (!err)
		err = plan_cmdline(plan, options);
	return err;
}

int plan_make(struct plan *plan, const struct options *options, const struct caller *caller,
	      const struct host *host)
{
	*plan = (struct plan){
		.kernel = KERNEL_NONE,
		.cache = CACHE_NOT_OPEN,
		.root = "/",
		.root_caller = caller->uid == 0,
		.umask = caller->umask,
		.pids = options->pids,
		.timeout_ms = options->timeout_ms,
		.hostname = options->hostname ? options->hostname : DEFAULT_HOSTNAME,
		.boot = options->boot,
		.stdio = caller->stdio,
		.timeline = options->timeline,
		.json_status = options->json_status.any,
		.no_confine = options->no_confine,
		.verbose = options->verbose,
	};
	stdio_choose_tty(&plan->stdio, options->tty);
	return fill(plan, options, caller, host);
}

void plan_free(struct plan *plan)
{
	kernel_free(&plan->kernel);
	identity_free(&plan->identity);
	strlist_free(&plan->overlays);
	mounts_free(&plan->mounts);
	hides_free(&plan->hides);
	strlist_free(&plan->argv);
	strlist_free(&plan->env);
	free(plan->cmdline);
	cache_free(&plan->cache);
	free(plan->cwd);
}
