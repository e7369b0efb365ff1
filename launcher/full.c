/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/full.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "launcher/install.h"

#define FULL_NAME "snug-full"

static char *const *arguments;
static const struct stdio *streams;
static char failure[2 * PATH_MAX];

int full_identity(struct cache_identity *identity)
{
	char path[PATH_MAX];
	struct stat st;
	int err = install_find(FULL_NAME, R_OK, path);

	if (err)
		return err;
	if (stat(path, &st) < 0)
		return -errno;
	*identity = cache_identity_of(&st);
	return 0;
}

void full_remember(char *const argv[], const struct stdio *stdio)
{
	arguments = argv;
	streams = stdio;
}

int full_become(void)
{
	char path[PATH_MAX];
	int err = install_find(FULL_NAME, X_OK, path);

	if (!err) {
		stdio_undo(streams);
		(void)execv(path, arguments);
		err = -errno;
	}
	(void)snprintf(failure, sizeof(failure),
		       "cannot be used without " FULL_NAME ": %s; install snug again",
		       strerror(-err));
	return -ELIBACC;
}

const char *full_failure(void)
{
	return failure;
}
