/* SPDX-License-Identifier: Apache-2.0 */
/* The command's stdin, stdout and stderr: pipes, or a pty. */
#ifndef GUEST_INIT_STREAMS_H
#define GUEST_INIT_STREAMS_H

#include "guest-init/spec.h"

struct streams {
	int command
		[3]; /* what becomes the command's descriptor; -1: closed. May be one for several */
	int ours[3]; /* guest-init's other ends, O_NONBLOCK, each its own; -1: none */
};

/*
 * Makes them, owned by the command's user so that /dev/stdin and the like can be opened again. All
 * are O_CLOEXEC and above 2. 0 or -errno, said. Needs /dev/pts for a pty.
 */
int streams_make(struct streams *streams, const struct spec *spec);

/* Closes the command's ends, which it has by now. */
void streams_close_command(struct streams *streams);

#endif
