/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock (landlock(7), Linux 5.13): which files can be opened, and how. */
#ifndef VMM_CONFINE_LANDLOCK_H
#define VMM_CONFINE_LANDLOCK_H

#include "vmm/config.h"

/*
 * This thread, and those it starts from now on, can open what is beneath the exports of the configuration
 * and nothing else: for reading, or for all that the file server does where an export is writable. What is
 * open stays usable, as does all that goes by a descriptor or a name without opening (stat, chmod, chown):
 * Landlock knows no right for that. As far as the kernel's ABI has it, no TCP, no device ioctl, no abstract
 * socket and no signal that leads out of here.
 *
 * The ABI that is in force, from 1 on; 0 if none is, with *why a static text; -errno. no_new_privs first.
 */
int landlock_restrict(const struct config *config, const char **why);

#endif
