/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "launcher/install.h"

#define LIBRARY_NAME "snug-kernels.so"

int library_identity(struct cache_identity *identity)
{
	char path[PATH_MAX];
	struct stat st;
	int err = install_find(LIBRARY_NAME, R_OK, path);

	if (err)
		return err;
	if (stat(path, &st) < 0)
		return -errno;
	*identity = cache_identity_of(&st);
	return 0;
}

static char failure[2 * PATH_MAX];

static void fail(const char *reason)
{
	(void)snprintf(failure, sizeof(failure),
		       "cannot be read without " LIBRARY_NAME ": %s; "
		       "install snug again",
		       reason ? reason : "unknown error");
}

const char *library_failure(void)
{
	return failure;
}

void *library_function(const char *name)
{
	static void *library;
	char path[PATH_MAX];

	if (!library) {
		int err = install_find(LIBRARY_NAME, R_OK, path);
		if (err) {
			fail(strerror(-err));
			return NULL;
		}
		library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	}
	void *function = library ? dlsym(library, name) : NULL;
	if (!function)
		fail(dlerror());
	return function;
}
