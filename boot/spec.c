/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/spec.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

#define FIRST_CAPACITY 4096

static char *reserve(struct spec *spec, size_t len)
{
	size_t capacity = spec->capacity ? spec->capacity : FIRST_CAPACITY;

	while (capacity - spec->size < len)
		capacity *= 2;
	if (capacity != spec->capacity) {
		char *data = realloc(spec->data, capacity);
		if (!data)
			return NULL;
		spec->data = data;
		spec->capacity = capacity;
	}
	return spec->data + spec->size;
}

void spec_add(struct spec *spec, const char *key, const char *fmt, ...)
{
	_cleanup_free_ char *value = NULL;
	va_list ap;

	if (spec->error)
		return;
	va_start(ap, fmt);
	int value_len = vasprintf(&value, fmt, ap);
	va_end(ap);
	if (value_len < 0) {
		value = NULL;
		spec->error = -ENOMEM;
		return;
	}
	const size_t key_len = strlen(key);
	char *record = reserve(spec, key_len + 1 + (size_t)value_len + 1);
	if (!record) {
		spec->error = -ENOMEM;
		return;
	}
	memcpy(record, key, key_len);
	record[key_len] = '=';
	memcpy(record + key_len + 1, value, (size_t)value_len + 1);
	spec->size += key_len + 1 + (size_t)value_len + 1;
}

const char *spec_next(const struct spec *spec, const char *record)
{
	const char *next = record ? record + strlen(record) + 1 : spec->data;

	return next && next < spec->data + spec->size ? next : NULL;
}

void spec_free(struct spec *spec)
{
	free(spec->data);
	*spec = (struct spec){0};
}
