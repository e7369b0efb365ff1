/* SPDX-License-Identifier: Apache-2.0 */
#include "report/workspace.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"

/* Descriptors for nftw(): what it holds open at once. */
#define DEPTH 16

int workspace_make(struct workspace *workspace, const char *dir)
{
	char path[PATH_MAX];
	int err = 0;

	workspace->path[0] = '\0';
	if (!dir || !dir[0])
		dir = "/tmp";
	if (dir[0] != '/')
		err = -EINVAL; /* as a cache has to have an absolute path */
	else if (snprintf(path, sizeof(path), "%s/snug-bench.XXXXXX", dir) >= (int)sizeof(path))
		err = -ENAMETOOLONG;
	else if (!mkdtemp(path))
		err = -errno;
	if (err) {
		log_error("no temporary directory can be made in %s: %s; set TMPDIR to another",
			  dir, strerror(-err));
		return err;
	}
	memcpy(workspace->path, path, sizeof(path));
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

int remove_tree(const char *path)
{
	if (nftw(path, remove_one, DEPTH, FTW_DEPTH | FTW_PHYS) == 0)
		return 0;
	return errno == ENOENT ? 0 : -errno;
}

void workspace_remove(struct workspace *workspace)
{
	if (!workspace->path[0])
		return;
	int err = remove_tree(workspace->path);
	if (err)
		log_warning("the temporary directory %s cannot be removed: %s", workspace->path,
			    strerror(-err));
	workspace->path[0] = '\0';
}
