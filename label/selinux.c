/* SPDX-License-Identifier: Apache-2.0 */
#include "label/selinux.h"

#include <errno.h>
#include <fcntl.h>
#include <selinux/selinux.h>
#include <stdio.h>
#include <string.h>

/* libselinux's contexts are freed by freecon(), which is free(): selinux(8) promises it since 1.0. */

static int result(int r)
{
	return r < 0 ? -errno : 0;
}

static enum selinux_mode mode(void)
{
	if (is_selinux_enabled() <= 0)
		return SELINUX_DISABLED;
	return security_getenforce() == 0 ? SELINUX_PERMISSIVE : SELINUX_ENFORCING;
}

static int own(char **context)
{
	return result(getcon_raw(context));
}

static int check(const char *context)
{
	return result(security_check_context_raw(context));
}

/* By the name it has in /proc: extended attributes are not to be had of O_PATH descriptors. */
static int of_fd(int fd, char **context)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return result(getfilecon_raw(name, context));
}

static int allowed(const char *source, const char *target, const char *class_name,
		   const char *permission)
{
	struct av_decision decision;
	const security_class_t class = string_to_security_class(class_name);
	const access_vector_t wanted = class ? string_to_av_perm(class, permission) : 0;

	if (!wanted)
		return -EOPNOTSUPP;
	if (security_compute_av_flags_raw(source, target, class, wanted, &decision) < 0)
		return -errno;
	return (decision.allowed & wanted) == wanted ||
	       (decision.flags & SELINUX_AVD_FLAGS_PERMISSIVE);
}

static int label_fd(int fd, const char *context)
{
	return result(fsetfilecon_raw(fd, context));
}

static int set_exec(const char *context)
{
	return result(setexeccon_raw(context));
}

static int set_socket(const char *context)
{
	return result(setsockcreatecon_raw(context));
}

const struct selinux real_selinux = {
	.mode = mode,
	.own = own,
	.check = check,
	.of_fd = of_fd,
	.allowed = allowed,
	.label_fd = label_fd,
	.set_exec = set_exec,
	.set_socket = set_socket,
};
