/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities (capabilities(7)): those of a caller who is root; others have none to begin with. */
#ifndef VMM_CONFINE_CAPS_H
#define VMM_CONFINE_CAPS_H

#include <stdbool.h>

/* What this process has files for. */
struct caps_files {
	bool read;
	bool write;
};

/*
 * Keeps those that a file server of root's needs for such files, drops all others, and from the bounding
 * set too; inheritable and ambient ones go. 0 or -errno.
 */
int caps_keep(const struct caps_files *files);

/* Of this thread, whatever is left. 0 or -errno. */
int caps_drop_all(void);

#endif
