/* SPDX-License-Identifier: Apache-2.0 */
/* The control stream (core/abi.h), put together again from reads that end anywhere. Pure. */
#ifndef GUEST_INIT_CONTROL_H
#define GUEST_INIT_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/abi.h"

struct control_reader {
	unsigned char partial[sizeof(struct snug_control)];
	size_t have; /* bytes of partial */
};

/*
 * Takes bytes from *data (*len of them; both advance) until a message is complete or they are used
 * up. True: *message is the next one, and there may be more in what is left.
 */
bool control_next(struct control_reader *reader, const unsigned char **data, size_t *len,
		  struct snug_control *message);

#endif
