/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What snug leaves to snug-full, under the same names and as the headers have it. A function here returns
 * only if there is no snug-full. Tests link the real ones instead of this file.
 */
#include <errno.h>
#include <grp.h>

#include "boot/initrd_cache.h"
#include "boot/kernel_cache.h"
#include "boot/modules.h"
#include "core/log.h"
#include "launcher/bench_command.h"
#include "launcher/doctor.h"
#include "launcher/full.h"
#include "launcher/keep_command.h"
#include "launcher/kernel_command.h"
#include "launcher/users.h"

static int become_for(const char **why)
{
	const int err = full_become();

	*why = full_failure();
	return err;
}

int modules_resolve(const char *dir, const char *const names[], struct module_list *list,
		    const char **missing)
{
	(void)dir;
	(void)names;
	*list = (struct module_list){0};
	*missing = NULL;
	return full_become();
}

int kernel_cache_add(int dir, int fd, const struct kernel_image *image, struct vmlinux *kernel,
		     const char **why)
{
	(void)dir;
	(void)fd;
	(void)image;
	(void)kernel;
	(void)become_for(why);
	return -ENOEXEC;
}

int kernel_cache_make(int fd, const struct kernel_image *image, struct vmlinux *kernel,
		      const char **why)
{
	return kernel_cache_add(-1, fd, image, kernel, why);
}

int initrd_cache_add(int dir, const char *name, const char *const needs[],
		     const struct module_list *list, const char **file, const char **why)
{
	(void)dir;
	(void)name;
	(void)needs;
	(void)list;
	*file = NULL;
	return become_for(why);
}

/* The name service: a user that /etc/passwd has not, another user's groups. */
const struct passwd *users_by_id(uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);

	if (!pw)
		(void)full_become();
	return pw;
}

const struct passwd *users_by_name(const char *name)
{
	(void)full_become();
	return getpwnam(name);
}

int users_groups(const char *name, gid_t gid, gid_t *groups, int *count)
{
	(void)full_become();
	return getgrouplist(name, gid, groups, count);
}

static int become_for_command(const char *command)
{
	const int err = full_become();

	log_error("%s %s", command, full_failure());
	return err;
}

int kernel_command(const struct options *options, const struct caller *caller,
		   const struct host *host, FILE *out)
{
	(void)options;
	(void)caller;
	(void)host;
	(void)out;
	return become_for_command("snug kernel");
}

int doctor_command(const struct options *options, const struct caller *caller,
		   const struct host *host, FILE *out, int *status)
{
	(void)options;
	(void)caller;
	(void)host;
	(void)out;
	(void)status;
	return become_for_command("snug doctor");
}

int bench_command(const struct options *options, const struct caller *caller,
		  const struct host *host)
{
	(void)options;
	(void)caller;
	(void)host;
	return become_for_command("snug bench");
}

int keep_command(const struct options *options, FILE *out)
{
	(void)out;
	return become_for_command(options->command == COMMAND_DIFF ? "snug diff" : "snug apply");
}
