/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cursors over the bytes of a message. A failure sticks: after a read past the end or a write past
 * the room, everything read is zero or empty and nothing more is written, so that a caller decodes a
 * whole message and asks once.
 */
#ifndef VIRTIO_P9_WIRE_H
#define VIRTIO_P9_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/p9/proto.h"

struct p9_reader {
	const uint8_t *at;
	size_t left;
	bool failed;
};

/* Bytes of the message itself: not terminated, and valid as long as the message is. */
struct p9_str {
	const char *bytes;
	size_t len;
};

uint8_t p9_get_u8(struct p9_reader *in);
uint16_t p9_get_u16(struct p9_reader *in);
uint32_t p9_get_u32(struct p9_reader *in);
uint64_t p9_get_u64(struct p9_reader *in);
struct p9_str p9_get_str(struct p9_reader *in);

/* 0 if everything was there and nothing is left over; -EPROTO otherwise. */
int p9_get_end(const struct p9_reader *in);

struct p9_writer {
	uint8_t *start;
	size_t len; /* written */
	size_t room;
	bool failed;
};

void p9_put_u8(struct p9_writer *out, uint8_t v);
void p9_put_u16(struct p9_writer *out, uint16_t v);
void p9_put_u32(struct p9_writer *out, uint32_t v);
void p9_put_u64(struct p9_writer *out, uint64_t v);
/* Fails for a string of 64 KiB or more. */
void p9_put_str(struct p9_writer *out, const char *bytes, size_t len);
void p9_put_qid(struct p9_writer *out, const struct p9_qid *qid);

/* Overwrites four bytes already written, at offset: a count known only at the end. */
void p9_set_u32(struct p9_writer *out, size_t offset, uint32_t v);

#endif
