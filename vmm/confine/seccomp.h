/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp(2): what a thread may ask the kernel for. The lists are filters/table.h, compiled into the
 * monitor as the kernel wants them when it is built (filters/generate.c).
 */
#ifndef VMM_CONFINE_SECCOMP_H
#define VMM_CONFINE_SECCOMP_H

#include <linux/filter.h>

#include "vmm/confine/confine.h"

/*
 * The program for a kind of thread, in which filters/table.h's IS_SELF is this process's id. At most
 * SECCOMP_CODE_MAX instructions, whose number is returned. Here so that tests can read it.
 */
#define SECCOMP_CODE_MAX 512
unsigned short seccomp_code(enum confine_thread thread, struct sock_filter code[SECCOMP_CODE_MAX]);

/*
 * Confines this thread, and those it starts from now on. Needs no_new_privs. 0 or -errno. Not to be called
 * twice: no list has seccomp(2).
 */
int seccomp_enter(enum confine_thread thread);

#endif
