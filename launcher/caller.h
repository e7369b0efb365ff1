/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who calls: everything about this process that the command in the VM is to inherit, read once, so
 * that planning is a function of data.
 */
#ifndef LAUNCHER_CALLER_H
#define LAUNCHER_CALLER_H

#include <sys/types.h>

#include "launcher/stdio.h"

struct caller {
	uid_t uid; /* effective ids: the rights this process has */
	gid_t gid;
	gid_t *groups; /* supplementary; owned */
	size_t group_count;
	mode_t umask;
	char *cwd; /* absolute, owned; NULL: it cannot be determined */
	char *const *environ;
	struct stdio stdio;
};

/* Fills *caller; stdio comes from stdio_begin(). 0 or -ENOMEM. */
int caller_read(struct caller *caller, const struct stdio *stdio);

/* A variable of the caller's environment, or NULL. */
const char *caller_variable(const struct caller *caller, const char *name);

void caller_free(struct caller *caller);
#define _cleanup_caller_ __attribute__((cleanup(caller_free)))

#endif
