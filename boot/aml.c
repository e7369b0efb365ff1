/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/aml.h"

#include <string.h>

#include "core/util.h"

/* ACPI 6.4, 20.3: byte encodings. */
#define ZERO_OP      0x00
#define ONE_OP       0x01
#define NAME_OP      0x08
#define BYTE_PREFIX  0x0a
#define DWORD_PREFIX 0x0c
#define STRING_OP    0x0d
#define SCOPE_OP     0x10
#define BUFFER_OP    0x11
#define PACKAGE_OP   0x12
#define EXT_OP       0x5b
#define DEVICE_OP    0x82 /* after EXT_OP */
#define ROOT_CHAR    '\\'
#define NAME_LENGTH  4

/* ACPI 6.4, 20.2.4: a package length of one byte holds 6 bits; of 2 to 4 bytes, 4 bits and 8 each. */
#define PKG_ONE_BYTE_MAX 63
#define PKG_BYTES_MAX    4
#define PKG_BODY_LIMIT   ((1U << 28) - PKG_BYTES_MAX)

/* ACPI 6.4, 6.4.3.4 and 6.4.3.6: large resource items, and 6.4.2.9, the end tag. */
#define RESOURCE_MEMORY32_FIXED     0x86
#define RESOURCE_MEMORY32_LENGTH    9
#define MEMORY_READ_WRITE           1
#define RESOURCE_EXTENDED_INTERRUPT 0x89
#define RESOURCE_INTERRUPT_LENGTH   6
#define INTERRUPT_CONSUMER          (1 << 0)
#define INTERRUPT_EDGE              (1 << 1) /* active high and exclusive are zero bits */
#define RESOURCE_END_TAG            0x79

static void put(struct aml *aml, const void *bytes, size_t len)
{
	if (aml->failed || len > aml->size - aml->used) {
		aml->failed = true;
		return;
	}
	memcpy(aml->buf + aml->used, bytes, len);
	aml->used += len;
}

static void put_byte(struct aml *aml, uint8_t byte)
{
	put(aml, &byte, sizeof(byte));
}

static void put_u16(struct aml *aml, uint16_t value)
{
	put(aml, &value, sizeof(value));
}

static void put_u32(struct aml *aml, uint32_t value)
{
	put(aml, &value, sizeof(value));
}

/*
 * The length counts its own bytes as well as the term's, and how many those are depends on it: the
 * body is written first, right after the opening byte, and moved up for the length when it is known.
 */
void aml_close(struct aml *aml, size_t opened)
{
	uint8_t encoded[PKG_BYTES_MAX];
	size_t body = aml->used - opened;
	size_t bytes = 1;
	size_t length;

	if (aml->failed || body >= PKG_BODY_LIMIT) {
		aml->failed = true;
		return;
	}
	if (body + bytes > PKG_ONE_BYTE_MAX)
		for (bytes = 2; body + bytes >= (size_t)1 << (8 * bytes - 4); bytes++)
			;
	length = body + bytes;
	encoded[0] = (uint8_t)length;
	if (bytes > 1) {
		encoded[0] = (uint8_t)((bytes - 1) << 6 | (length & 0xf));
		for (size_t i = 1; i < bytes; i++)
			encoded[i] = (uint8_t)(length >> (8 * i - 4));
	}

	put(aml, encoded, bytes);
	if (aml->failed)
		return;
	memmove(aml->buf + opened + bytes, aml->buf + opened, body);
	memcpy(aml->buf + opened, encoded, bytes);
}

size_t aml_open_scope(struct aml *aml, const char *name)
{
	size_t opened;

	put_byte(aml, SCOPE_OP);
	opened = aml->used;
	put_byte(aml, ROOT_CHAR);
	put(aml, name, NAME_LENGTH);
	return opened;
}

size_t aml_open_device(struct aml *aml, const char *name)
{
	size_t opened;

	put_byte(aml, EXT_OP);
	put_byte(aml, DEVICE_OP);
	opened = aml->used;
	put(aml, name, NAME_LENGTH);
	return opened;
}

void aml_name(struct aml *aml, const char *name)
{
	put_byte(aml, NAME_OP);
	put(aml, name, NAME_LENGTH);
}

size_t aml_open_package(struct aml *aml, uint8_t elements)
{
	size_t opened;

	put_byte(aml, PACKAGE_OP);
	opened = aml->used;
	put_byte(aml, elements);
	return opened;
}

void aml_integer(struct aml *aml, uint32_t value)
{
	if (value <= 1) {
		put_byte(aml, value ? ONE_OP : ZERO_OP);
	} else if (value <= UINT8_MAX) {
		put_byte(aml, BYTE_PREFIX);
		put_byte(aml, (uint8_t)value);
	} else {
		put_byte(aml, DWORD_PREFIX);
		put_u32(aml, value);
	}
}

void aml_string(struct aml *aml, const char *text)
{
	put_byte(aml, STRING_OP);
	put(aml, text, strlen(text) + 1);
}

static void put_memory32_fixed(struct aml *aml, uint32_t base, uint32_t size)
{
	put_byte(aml, RESOURCE_MEMORY32_FIXED);
	put_u16(aml, RESOURCE_MEMORY32_LENGTH);
	put_byte(aml, MEMORY_READ_WRITE);
	put_u32(aml, base);
	put_u32(aml, size);
}

static void put_interrupt(struct aml *aml, uint32_t gsi)
{
	put_byte(aml, RESOURCE_EXTENDED_INTERRUPT);
	put_u16(aml, RESOURCE_INTERRUPT_LENGTH);
	put_byte(aml, INTERRUPT_CONSUMER | INTERRUPT_EDGE);
	put_byte(aml, 1); /* one interrupt follows */
	put_u32(aml, gsi);
}

void aml_mmio_resources(struct aml *aml, uint32_t base, uint32_t size, uint32_t gsi)
{
	/* Large items have three bytes before their length's count; the end tag is two bytes. */
	const uint8_t bytes = 3 + RESOURCE_MEMORY32_LENGTH + 3 + RESOURCE_INTERRUPT_LENGTH + 2;
	size_t opened;

	put_byte(aml, BUFFER_OP);
	opened = aml->used;
	aml_integer(aml, bytes);
	put_memory32_fixed(aml, base, size);
	put_interrupt(aml, gsi);
	put_byte(aml, RESOURCE_END_TAG);
	put_byte(aml, 0); /* 0 instead of a checksum: as if it were right (6.4.2.9) */
	aml_close(aml, opened);
}
