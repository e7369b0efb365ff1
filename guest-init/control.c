/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/control.h"

#include <string.h>

bool control_next(struct control_reader *reader, const unsigned char **data, size_t *len,
		  struct snug_control *message)
{
	size_t n = sizeof(reader->partial) - reader->have;

	if (n > *len)
		n = *len;
	memcpy(reader->partial + reader->have, *data, n);
	reader->have += n;
	*data += n;
	*len -= n;
	if (reader->have < sizeof(reader->partial))
		return false;
	memcpy(message, reader->partial, sizeof(*message));
	reader->have = 0;
	return true;
}
