/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the other parts of snug are: beside this program, as in a build directory, or in ../libexec/snug
 * from there, as installed. Wherever the whole is moved to, it finds itself.
 */
#ifndef LAUNCHER_INSTALL_H
#define LAUNCHER_INSTALL_H

/*
 * path has PATH_MAX bytes. mode: what access(2) is to find possible. 0, or -errno; nothing is logged, as
 * install_missing() does.
 */
int install_find(const char *name, int mode, char *path);
void install_missing(const char *name, int err);

#endif
