/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run specification (core/abi.h has the format): what the launcher tells guest-init. Records are
 * added in the order guest-init is to see them. The first failure sticks in `error`.
 */
#ifndef BOOT_SPEC_H
#define BOOT_SPEC_H

#include <stddef.h>

struct spec {
	char *data; /* the records; owned: spec_free() */
	size_t size;
	size_t capacity;
	int error; /* -ENOMEM */
};

/* Adds the record "key=value", the value made as printf does. A value may hold anything but NUL. */
void spec_add(struct spec *spec, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Walks the records: NULL starts; returns NULL at the end. */
const char *spec_next(const struct spec *spec, const char *record);

void spec_free(struct spec *spec);
#define _cleanup_spec_ __attribute__((cleanup(spec_free)))

#endif
