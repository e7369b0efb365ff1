/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the 9P server by the bytes it is sent and by the scatter lists they come in.
 *
 *   server and flags, then messages: how it is cut[1] how the reply is cut[1] length[2] bytes[length]
 *
 * A length beyond the end means all there is. The bytes are the message, from its size field on. Each
 * piece of a list has poisoned memory around it.
 */
#include <sanitizer/asan_interface.h>
#include <string.h>

#include "core/util.h"
#include "tests/fuzz/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The message's size is what it says; else this program puts the right one there. */
#define FLAG_SIZE_AS_IS 0x80

#define PIECES_MAX 4096
#define BYTES_MAX  70000u

/* As much as the smallest pieces need, which are one byte each. */
struct list {
	struct iovec iov[PIECES_MAX];
	size_t count;
	uint8_t bytes[BYTES_MAX + PIECES_MAX * 32];
	size_t used;
};

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void begin_list(struct list *list)
{
	list->count = 0;
	list->used = 16;
}

static void end_list(struct list *list)
{
	ASAN_UNPOISON_MEMORY_REGION(list->bytes, sizeof(list->bytes));
}

/* Room for len bytes, at an address that is a multiple of 16; only its own bytes may be touched. */
static uint8_t *add_piece(struct list *list, size_t len)
{
	uint8_t *piece = list->bytes + list->used;

	ASAN_POISON_MEMORY_REGION(list->bytes + list->used - 16, len + 48);
	ASAN_UNPOISON_MEMORY_REGION(piece, len);
	list->iov[list->count++] = (struct iovec){len ? piece : NULL, len};
	list->used += (len + 47) & ~(size_t)15;
	return piece;
}

/* How long the next piece is, by what the input chose. */
static size_t piece_size(uint8_t how, size_t nth)
{
	static const size_t sizes[] = {SIZE_MAX, 1, 3, 7, 11, 23, 100, 4096};
	size_t size = sizes[how & 7];

	if ((how & 0x08) && nth % 2) /* empty ones between them */
		return 0;
	if ((how & 0x10) && nth == 0) /* the first one is of another size */
		size = (how >> 5) + 4;
	return size;
}

/* Cuts len bytes; content NULL: there is none yet. */
static void fill_list(struct list *list, uint8_t how, const uint8_t *content, size_t len)
{
	begin_list(list);
	for (size_t at = 0; at < len;) {
		bool last = list->count == PIECES_MAX - 1;
		size_t n = last ? len - at : min_size(piece_size(how, list->count), len - at);
		uint8_t *piece = add_piece(list, n);

		if (content)
			memcpy(piece, content + at, n);
		at += n;
	}
}

static size_t reply_size(uint8_t how)
{
	static const size_t sizes[] = {65536, 4096, 1000, 200, 24, 12, 11, 10};

	return sizes[how >> 5];
}

static void send(uint8_t how, uint8_t reply_how, const uint8_t *bytes, size_t len, bool as_is)
{
	static struct list message, reply;
	static uint8_t copy[BYTES_MAX];

	len = min_size(len, BYTES_MAX);
	memcpy(copy, bytes, len);
	for (size_t i = 0; i < 4 && i < len && !as_is; i++)
		copy[i] = (uint8_t)(len >> (8 * i));
	fill_list(&message, how, copy, len);
	fill_list(&reply, reply_how & 0x1f, NULL, reply_size(reply_how));
	(void)world_serve(message.iov, message.count, reply.iov, reply.count);
	end_list(&message);
	end_list(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t flags = size ? data[0] : 0;

	world_begin(flags & 0x7f);
	for (size_t at = 1; at + 4 < size;) {
		size_t len = min_size(data[at + 2] | (size_t)data[at + 3] << 8, size - at - 4);

		send(data[at], data[at + 1], data + at + 4, len, flags & FLAG_SIZE_AS_IS);
		at += 4 + len;
	}
	world_end();
	return 0;
}
