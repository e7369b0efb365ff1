/* SPDX-License-Identifier: Apache-2.0 */
/* Where the other parts of snug are: beside this program (a build directory), or where they are installed. */
#ifndef LAUNCHER_INSTALL_H
#define LAUNCHER_INSTALL_H

/*
 * path has PATH_MAX bytes. mode: what access(2) is to find possible. 0, or -errno; nothing is logged, as
 * install_missing() does.
 */
int install_find(const char *name, int mode, char *path);
void install_missing(const char *name, int err);

#endif
