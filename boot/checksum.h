/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOOT_CHECKSUM_H
#define BOOT_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* The byte that makes the sum of all of them zero: ACPI's tables and the MP table are checked by it. */
static inline uint8_t checksum(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return (uint8_t)-sum;
}

#endif
