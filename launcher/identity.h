/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the command runs as, in the VM. Its files are read with the caller's rights in any case. */
#ifndef LAUNCHER_IDENTITY_H
#define LAUNCHER_IDENTITY_H

#include <sys/types.h>

#include "launcher/caller.h"

struct identity {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* supplementary; owned */
	size_t group_count;
	char *name; /* from the passwd entry, as home and shell; owned; NULL: uid has none */
	char *home;
	char *shell;
};

/* The caller's own ids, with the passwd entry of its uid. 0 or -ENOMEM. */
int identity_of_caller(const struct caller *caller, struct identity *identity);

/*
 * NAME, UID or UID:GID, as --user takes it. NAME, and UID where it has a passwd entry: the groups a
 * login would have. UID without one: a gid of the same number. UID:GID: that group alone. 0, or
 * -errno after having logged what is wrong (-ENOMEM: not logged).
 */
int identity_resolve(const char *user, struct identity *identity);

void identity_free(struct identity *identity);

#endif
