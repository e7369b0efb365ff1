/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/users.h"

#include <grp.h>

const struct passwd *users_by_id(uid_t uid)
{
	return getpwuid(uid);
}

const struct passwd *users_by_name(const char *name)
{
	return getpwnam(name);
}

int users_groups(const char *name, gid_t gid, gid_t *groups, int *count)
{
	return getgrouplist(name, gid, groups, count);
}
