/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exit statuses of snug that are not the command's own. They follow what shells, env(1) and
 * timeout(1) use, so that scripts need no special case.
 */
#ifndef CORE_EXIT_CODE_H
#define CORE_EXIT_CODE_H

enum {
	EXIT_TIMED_OUT = 124,      /* the command's time (--timeout) was up */
	EXIT_SNUG_FAILED = 125,    /* snug or the VM failed; the command's status is not known */
	EXIT_NOT_EXECUTABLE = 126, /* the command was found and could not be executed */
	EXIT_NOT_FOUND = 127,      /* the command was not found */
	EXIT_SIGNAL_BASE = 128,    /* 128+N: the command was killed by signal N */
};

#endif
