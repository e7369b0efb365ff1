/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/identity.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "launcher/users.h"

static int take_passwd(struct identity *identity, const struct passwd *pw)
{
	identity->name = strdup(pw->pw_name);
	identity->home = strdup(pw->pw_dir);
	identity->shell = strdup(pw->pw_shell);
	return identity->name && identity->home && identity->shell ? 0 : -ENOMEM;
}

static int take_login_groups(struct identity *identity)
{
	int count = 0;

	(void)users_groups(identity->name, identity->gid, NULL, &count);
	identity->groups = calloc((size_t)count + 1, sizeof(*identity->groups));
	if (!identity->groups)
		return -ENOMEM;
	if (users_groups(identity->name, identity->gid, identity->groups, &count) < 0) {
		log_error("--user: the groups of %s changed while they were read; try again",
			  identity->name);
		return -EAGAIN;
	}
	identity->group_count = (size_t)count;
	return 0;
}

int identity_of_caller(const struct caller *caller, struct identity *identity)
{
	const struct passwd *pw = users_by_id(caller->uid);

	*identity = (struct identity){.uid = caller->uid, .gid = caller->gid};
	identity->groups = calloc(caller->group_count + 1, sizeof(*identity->groups));
	if (!identity->groups)
		return -ENOMEM;
	identity->group_count = caller->group_count;
	if (caller->group_count)
		memcpy(identity->groups, caller->groups,
		       caller->group_count * sizeof(*identity->groups));
	return pw ? take_passwd(identity, pw) : 0;
}

/* A decimal id up to the end of text or to ':'. (uid_t)-1 means "no id" to the kernel. */
static bool parse_id(const char *text, unsigned *id, const char **end)
{
	char *stop;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	const unsigned long value = strtoul(text, &stop, 10);
	*id = (unsigned)value;
	*end = stop;
	return !errno && value < (uid_t)-1;
}

static int resolve_name(const char *name, struct identity *identity)
{
	errno = 0;
	const struct passwd *pw = users_by_name(name);

	if (!pw) {
		log_error("--user: this host has no user '%s'", name);
		return -ENOENT;
	}
	identity->uid = pw->pw_uid;
	identity->gid = pw->pw_gid;
	int err = take_passwd(identity, pw);
	return err ? err : take_login_groups(identity);
}

static int resolve_ids(uid_t uid, const gid_t *gid, struct identity *identity)
{
	const struct passwd *pw = users_by_id(uid);
	int err = pw ? take_passwd(identity, pw) : 0;

	if (err)
		return err;
	identity->uid = uid;
	identity->gid = gid ? *gid : pw ? pw->pw_gid : uid;
	return !gid && pw ? take_login_groups(identity) : 0;
}

int identity_resolve(const char *user, struct identity *identity)
{
	unsigned uid, gid;
	const char *end;

	*identity = (struct identity){0};
	if (!parse_id(user, &uid, &end))
		return resolve_name(user, identity);
	if (*end == '\0')
		return resolve_ids(uid, NULL, identity);
	if (*end == ':' && parse_id(end + 1, &gid, &end) && *end == '\0')
		return resolve_ids(uid, &gid, identity);
	log_error("--user: '%s' is not NAME, UID or UID:GID", user);
	return -EINVAL;
}

void identity_free(struct identity *identity)
{
	free(identity->groups);
	free(identity->name);
	free(identity->home);
	free(identity->shell);
	*identity = (struct identity){0};
}
