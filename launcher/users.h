/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's users and their groups, as its name service has them (nsswitch.conf(5)). Its modules are
 * libraries: snug itself reads /etc/passwd alone, and becomes snug-full for all else (full_calls.c).
 */
#ifndef LAUNCHER_USERS_H
#define LAUNCHER_USERS_H

#include <pwd.h>
#include <sys/types.h>

/* NULL: there is none. Valid until the next call of either. */
const struct passwd *users_by_id(uid_t uid);
const struct passwd *users_by_name(const char *name);

/* As getgrouplist(3). */
int users_groups(const char *name, gid_t gid, gid_t *groups, int *count);

#endif
