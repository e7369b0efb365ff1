/* SPDX-License-Identifier: Apache-2.0 */
/* Data packed in every way that boot/unpack.h knows. */
#ifndef TESTS_UNIT_PACKERS_H
#define TESTS_UNIT_PACKERS_H

#include "tests/unit/tree.h"

#include <bzlib.h>
#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

/* Packs into out, which has room; returns the length. */
typedef size_t (*pack_fn)(const void *in, size_t in_len, uint8_t *out, size_t room);

static inline size_t pack_xz(const void *in, size_t in_len, uint8_t *out, size_t room)
{
	size_t at = 0;

	assert_int_equal(
		lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, in, in_len, out, &at, room),
		LZMA_OK);
	return at;
}

static inline size_t pack_gzip(const void *in, size_t in_len, uint8_t *out, size_t room)
{
	z_stream z = {0};

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	z.next_in = (Bytef *)(uintptr_t)in;
	z.avail_in = (uInt)in_len;
	z.next_out = out;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&z), Z_OK);
	return room - z.avail_out;
}

static inline size_t pack_lzma(const void *in, size_t in_len, uint8_t *out, size_t room)
{
	lzma_stream lzma = LZMA_STREAM_INIT;
	lzma_options_lzma options;

	assert_false(lzma_lzma_preset(&options, 1));
	assert_int_equal(lzma_alone_encoder(&lzma, &options), LZMA_OK);
	lzma.next_in = in;
	lzma.avail_in = in_len;
	lzma.next_out = out;
	lzma.avail_out = room;
	assert_int_equal(lzma_code(&lzma, LZMA_FINISH), LZMA_STREAM_END);
	lzma_end(&lzma);
	return room - lzma.avail_out;
}

static inline size_t pack_bzip2(const void *in, size_t in_len, uint8_t *out, size_t room)
{
	unsigned out_len = (unsigned)room;

	assert_int_equal(BZ2_bzBuffToBuffCompress((char *)out, &out_len, (char *)(uintptr_t)in,
						  (unsigned)in_len, 1, 0, 0),
			 BZ_OK);
	return out_len;
}

static inline size_t pack_zstd(const void *in, size_t in_len, uint8_t *out, size_t room)
{
	ZSTD_CCtx *ctx = ZSTD_createCCtx();

	(void)ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
	size_t n = ZSTD_compress2(ctx, out, room, in, in_len);
	assert_false(ZSTD_isError(n));
	(void)ZSTD_freeCCtx(ctx);
	return n;
}

/* The legacy frame: its magic number, then the size of a block and the block (here one, if any). */
static inline size_t pack_lz4(const void *in, size_t in_len, uint8_t *out, size_t room)
{
	static const uint8_t magic[] = {0x02, 0x21, 0x4c, 0x18};
	const size_t head = sizeof(magic) + sizeof(uint32_t);

	memcpy(out, magic, sizeof(magic));
	if (!in_len)
		return sizeof(magic);
	const int n = LZ4_compress_default(in, (char *)out + head, (int)in_len, (int)(room - head));
	assert_true(n > 0);
	memcpy(out + sizeof(magic), &(uint32_t){(uint32_t)n}, sizeof(uint32_t));
	return head + (size_t)n;
}

#endif
