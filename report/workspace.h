/* SPDX-License-Identifier: Apache-2.0 */
/* A temporary directory of the benchmark's own, and what it takes to leave nothing behind. */
#ifndef REPORT_WORKSPACE_H
#define REPORT_WORKSPACE_H

#include <limits.h>

struct workspace {
	char path[PATH_MAX]; /* empty: there is none */
};

/* Makes it in dir, which is absolute; NULL: /tmp. 0, or -errno after having logged. */
int workspace_make(struct workspace *workspace, const char *dir);

/* Removes path and all below it, without following links. 0 or -errno; what is not there is no error. */
int remove_tree(const char *path);

/* Removes it; that it cannot be is a warning. */
void workspace_remove(struct workspace *workspace);
#define _cleanup_workspace_ __attribute__((cleanup(workspace_remove)))

#endif
