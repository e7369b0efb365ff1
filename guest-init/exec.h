/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_INIT_EXEC_H
#define GUEST_INIT_EXEC_H

/*
 * Replaces the calling process, like execvpe(3) but with the PATH of the new environment: a name with
 * a slash is a path, another is searched for, and a file that is no program in any format the kernel
 * knows is a script for /bin/sh. Needs no memory: argv[-1] must exist and is written to.
 *
 * Returns only on failure: -ENOENT if there is no such command, -EACCES or another reason why one
 * that exists cannot be executed.
 */
int exec_command(char **argv, char **envp);

#endif
