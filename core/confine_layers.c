/* SPDX-License-Identifier: Apache-2.0 */
#include "core/confine_layers.h"

#include <errno.h>
#include <string.h>

static const char *const names[CONFINE_LAYERS] = {
	[CONFINE_LIMITS] = "limits",
	[CONFINE_CAPS] = "caps",
	[CONFINE_LANDLOCK] = "landlock",
	[CONFINE_SECCOMP] = "seccomp",
};

const char *confine_layer_name(enum confine_layer layer)
{
	return names[layer];
}

/* The bit of a name of len bytes; 0 if it is no layer's. */
static unsigned int bit_of(const char *name, size_t len)
{
	for (unsigned int i = 0; i < CONFINE_LAYERS; i++) {
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return 1U << i;
	}
	return 0;
}

int confine_layers_parse(const char *list, unsigned int *layers)
{
	unsigned int found = 0;

	for (;;) {
		size_t len = strcspn(list, ",");
		unsigned int bit = bit_of(list, len);

		if (!bit)
			return -EINVAL;
		found |= bit;
		if (!list[len])
			break;
		list += len + 1;
	}
	*layers |= found;
	return 0;
}
