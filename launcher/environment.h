/* SPDX-License-Identifier: Apache-2.0 */
/* The command's environment: a clean subset of the caller's, and what -e adds. */
#ifndef LAUNCHER_ENVIRONMENT_H
#define LAUNCHER_ENVIRONMENT_H

#include <stdbool.h>

#include "launcher/identity.h"
#include "launcher/strlist.h"

/*
 * Fills env, which is empty: the variables of the caller's environment that describe the person and
 * the terminal (the table in environment.c); where they are unset, or another user was asked for
 * (other_user), HOME, USER, LOGNAME and SHELL from identity; SNUG=1; then requested, in order: "K=V"
 * sets, "K" takes the caller's value and removes what the caller does not have. Nothing else: no
 * agent sockets, no session buses, no tokens. 0 or -ENOMEM.
 */
int environment_make(char *const *caller_environ, const struct identity *identity, bool other_user,
		     const struct strlist *requested, struct strlist *env);

#endif
