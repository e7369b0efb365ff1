/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/wire.h"

#include <errno.h>
#include <string.h>

/* The next len bytes, or NULL once the message has ended too early. */
static const uint8_t *take(struct p9_reader *in, size_t len)
{
	const uint8_t *at = in->at;

	if (in->failed || in->left < len) {
		in->failed = true;
		return NULL;
	}
	in->at += len;
	in->left -= len;
	return at;
}

static uint64_t get_le(struct p9_reader *in, unsigned int bytes)
{
	const uint8_t *at = take(in, bytes);
	uint64_t v = 0;

	if (!at)
		return 0;
	for (unsigned int i = bytes; i-- > 0;)
		v = v << 8 | at[i];
	return v;
}

uint8_t p9_get_u8(struct p9_reader *in)
{
	return (uint8_t)get_le(in, 1);
}

uint16_t p9_get_u16(struct p9_reader *in)
{
	return (uint16_t)get_le(in, 2);
}

uint32_t p9_get_u32(struct p9_reader *in)
{
	return (uint32_t)get_le(in, 4);
}

uint64_t p9_get_u64(struct p9_reader *in)
{
	return get_le(in, 8);
}

struct p9_str p9_get_str(struct p9_reader *in)
{
	size_t len = p9_get_u16(in);
	const uint8_t *bytes = take(in, len);

	if (!bytes)
		return (struct p9_str){"", 0};
	return (struct p9_str){(const char *)bytes, len};
}

int p9_get_end(const struct p9_reader *in)
{
	return in->failed || in->left ? -EPROTO : 0;
}

/* Room for len bytes more, or NULL once it has run out. */
static uint8_t *make(struct p9_writer *out, size_t len)
{
	uint8_t *at = out->start + out->len;

	if (out->failed || out->room - out->len < len) {
		out->failed = true;
		return NULL;
	}
	out->len += len;
	return at;
}

static void store_le(uint8_t *at, uint64_t v, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

static void put_le(struct p9_writer *out, uint64_t v, unsigned int bytes)
{
	uint8_t *at = make(out, bytes);

	if (at)
		store_le(at, v, bytes);
}

void p9_put_u8(struct p9_writer *out, uint8_t v)
{
	put_le(out, v, 1);
}

void p9_put_u16(struct p9_writer *out, uint16_t v)
{
	put_le(out, v, 2);
}

void p9_put_u32(struct p9_writer *out, uint32_t v)
{
	put_le(out, v, 4);
}

void p9_put_u64(struct p9_writer *out, uint64_t v)
{
	put_le(out, v, 8);
}

void p9_put_str(struct p9_writer *out, const char *bytes, size_t len)
{
	uint8_t *at;

	if (len > UINT16_MAX) {
		out->failed = true;
		return;
	}
	p9_put_u16(out, (uint16_t)len);
	at = make(out, len);
	if (at)
		memcpy(at, bytes, len);
}

void p9_put_qid(struct p9_writer *out, const struct p9_qid *qid)
{
	p9_put_u8(out, qid->type);
	p9_put_u32(out, qid->version);
	p9_put_u64(out, qid->path);
}

void p9_set_u32(struct p9_writer *out, size_t offset, uint32_t v)
{
	if (out->failed || offset > out->len || out->len - offset < 4) {
		out->failed = true;
		return;
	}
	store_le(out->start + offset, v, 4);
}
