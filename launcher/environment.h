/* SPDX-License-Identifier: Apache-2.0 */
/* The command's environment: a clean subset of the caller's, and what -e adds. */
#ifndef LAUNCHER_ENVIRONMENT_H
#define LAUNCHER_ENVIRONMENT_H

#include <stdbool.h>

#include "launcher/identity.h"
#include "launcher/strlist.h"

/*
 * What is in it before anything is requested: the variables of the caller's environment that describe the
 * person and the terminal (the table in environment.c); where they are unset, or another user was asked for
 * (other_user), HOME, USER, LOGNAME and SHELL from identity; SNUG=1. Nothing else: no agent sockets, no
 * session buses, no tokens. Added to env, which is empty and where errors stick.
 */
void environment_default(char *const *caller_environ, const struct identity *identity,
			 bool other_user, struct strlist *env);

/* The same with nothing of the caller's: a PATH, HOME from identity, SNUG=1. */
void environment_clear(const struct identity *identity, struct strlist *env);

/* In order: "K=V" sets, "K" takes the caller's value and removes what the caller does not have. */
void environment_request(char *const *caller_environ, const struct strlist *requested,
			 struct strlist *env);

#endif
