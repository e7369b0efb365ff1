/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/unpack.h"

#include <bzlib.h>
#include <endian.h>
#include <errno.h>
#include <lz4.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#define ZLIB_CONST /* next_in points to const */
#include <zlib.h>
#include <zstd.h>

#include "core/cleanup.h"
#include "core/fds.h"
#include "core/util.h"

#define FIRST_GUESS KIB(256)

/* liblzma's own memory: a dictionary of 64 MiB (xz -9) and a little, more than any module uses. */
#define XZ_MEMORY_MAX MIB(80)
/* The same for zstd: 2^27 bytes of window is what the kernel itself can unpack at most. */
#define ZSTD_WINDOW_LOG_MAX 27

#define LZ4_LEGACY_BLOCK      ((int)MIB(8)) /* unpacked, at most */
#define LZ4_LEGACY_MAGIC_SIZE 4

static const char damaged[] = "is damaged or truncated (the compressed data cannot be unpacked)";
static const char too_big[] = "is too big";
static const char no_memory[] = "cannot be unpacked: out of memory";

void blob_free(struct blob *blob)
{
	free(blob->data);
	*blob = (struct blob){0};
}

/* One decompressor's state, and the step all of them have: input and output windows that move. */
struct stream {
	const uint8_t *in;
	size_t in_left;
	uint8_t *out;
	size_t out_left;
	bool finished; /* the end of the compressed data was seen and verified */
	union {
		lzma_stream xz;
		z_stream gzip;
		bz_stream bzip2;
		ZSTD_DStream *zstd;
		struct {
			char *block; /* one, unpacked; owned */
			size_t size; /* of what is in it */
			size_t given;
			bool begun;
		} lz4;
	} u;
};

struct codec {
	const char *name;
	uint8_t magic[6];
	size_t magic_len;
	int (*start)(struct stream *s);
	int (*step)(struct stream *s);
	void (*end)(struct stream *s);
};

static int xz_start(struct stream *s)
{
	s->u.xz = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_stream_decoder(&s->u.xz, XZ_MEMORY_MAX, 0) == LZMA_OK ? 0 : -ENOMEM;
}

static int xz_step(struct stream *s)
{
	lzma_stream *xz = &s->u.xz;

	xz->next_in = s->in;
	xz->avail_in = s->in_left;
	xz->next_out = s->out;
	xz->avail_out = s->out_left;
	lzma_ret ret = lzma_code(xz, LZMA_FINISH);
	s->in = xz->next_in;
	s->in_left = xz->avail_in;
	s->out = xz->next_out;
	s->out_left = xz->avail_out;
	s->finished = ret == LZMA_STREAM_END;
	if (ret == LZMA_MEM_ERROR || ret == LZMA_MEMLIMIT_ERROR)
		return -ENOMEM;
	return ret == LZMA_OK || ret == LZMA_STREAM_END ? 0 : -EBADMSG;
}

/* The format before xz: lzma_code() and the rest are the same. */
static int lzma_start(struct stream *s)
{
	s->u.xz = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_alone_decoder(&s->u.xz, XZ_MEMORY_MAX) == LZMA_OK ? 0 : -ENOMEM;
}

static void xz_end(struct stream *s)
{
	lzma_end(&s->u.xz);
}

static int gzip_start(struct stream *s)
{
	s->u.gzip = (z_stream){0};
	return inflateInit2(&s->u.gzip, 16 + MAX_WBITS) == Z_OK ? 0 : -ENOMEM;
}

static int gzip_step(struct stream *s)
{
	z_stream *z = &s->u.gzip;
	const uInt in_now = (uInt)min_u64(s->in_left, UINT32_MAX);
	const uInt out_now = (uInt)min_u64(s->out_left, UINT32_MAX);

	z->next_in = s->in;
	z->avail_in = in_now;
	z->next_out = s->out;
	z->avail_out = out_now;
	int ret = inflate(z, Z_NO_FLUSH);
	s->in += in_now - z->avail_in;
	s->in_left -= in_now - z->avail_in;
	s->out += out_now - z->avail_out;
	s->out_left -= out_now - z->avail_out;
	s->finished = ret == Z_STREAM_END;
	if (ret == Z_MEM_ERROR)
		return -ENOMEM;
	return ret == Z_OK || ret == Z_STREAM_END ? 0 : -EBADMSG;
}

static void gzip_end(struct stream *s)
{
	(void)inflateEnd(&s->u.gzip);
}

static int bzip2_start(struct stream *s)
{
	s->u.bzip2 = (bz_stream){0};
	return BZ2_bzDecompressInit(&s->u.bzip2, 0, 0) == BZ_OK ? 0 : -ENOMEM;
}

static int bzip2_step(struct stream *s)
{
	bz_stream *bz = &s->u.bzip2;
	const unsigned in_now = (unsigned)min_u64(s->in_left, UINT32_MAX);
	const unsigned out_now = (unsigned)min_u64(s->out_left, UINT32_MAX);

	bz->next_in = (char *)(uintptr_t)s->in; /* which it only reads */
	bz->avail_in = in_now;
	bz->next_out = (char *)s->out;
	bz->avail_out = out_now;
	int ret = BZ2_bzDecompress(bz);
	s->in += in_now - bz->avail_in;
	s->in_left -= in_now - bz->avail_in;
	s->out += out_now - bz->avail_out;
	s->out_left -= out_now - bz->avail_out;
	s->finished = ret == BZ_STREAM_END;
	if (ret == BZ_MEM_ERROR)
		return -ENOMEM;
	return ret == BZ_OK || ret == BZ_STREAM_END ? 0 : -EBADMSG;
}

static void bzip2_end(struct stream *s)
{
	(void)BZ2_bzDecompressEnd(&s->u.bzip2);
}

static int zstd_start(struct stream *s)
{
	s->u.zstd = ZSTD_createDStream();
	if (!s->u.zstd)
		return -ENOMEM;
	(void)ZSTD_DCtx_setParameter(s->u.zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
	return 0;
}

static int zstd_step(struct stream *s)
{
	ZSTD_inBuffer in = {.src = s->in, .size = s->in_left};
	ZSTD_outBuffer out = {.dst = s->out, .size = s->out_left};
	size_t ret = ZSTD_decompressStream(s->u.zstd, &out, &in);

	if (ZSTD_isError(ret))
		return -EBADMSG;
	s->in += in.pos;
	s->in_left -= in.pos;
	s->out += out.pos;
	s->out_left -= out.pos;
	s->finished = ret == 0;
	return 0;
}

static void zstd_end(struct stream *s)
{
	(void)ZSTD_freeDStream(s->u.zstd);
}

/*
 * The legacy frame, the only one the kernel knows (lz4 -l; doc/lz4_Frame_format.md of lz4): a magic
 * number, then blocks, each with its packed size before it, to the end of the data.
 */
static int lz4_start(struct stream *s)
{
	memset(&s->u.lz4, 0, sizeof(s->u.lz4));
	s->u.lz4.block = malloc(LZ4_LEGACY_BLOCK);
	return s->u.lz4.block ? 0 : -ENOMEM;
}

static int lz4_next_block(struct stream *s)
{
	uint32_t packed;

	if (s->in_left < sizeof(packed))
		return -EBADMSG;
	memcpy(&packed, s->in, sizeof(packed));
	packed = le32toh(packed);
	s->in += sizeof(packed);
	s->in_left -= sizeof(packed);
	if (packed > s->in_left || packed > INT32_MAX)
		return -EBADMSG;
	const int n = LZ4_decompress_safe((const char *)s->in, s->u.lz4.block, (int)packed,
					  LZ4_LEGACY_BLOCK);
	if (n < 0)
		return -EBADMSG;
	s->in += packed;
	s->in_left -= packed;
	s->u.lz4.size = (size_t)n;
	s->u.lz4.given = 0;
	return 0;
}

static int lz4_step(struct stream *s)
{
	int err = 0;

	if (!s->u.lz4.begun) {
		s->u.lz4.begun = true;
		s->in += LZ4_LEGACY_MAGIC_SIZE;
		s->in_left -= LZ4_LEGACY_MAGIC_SIZE;
	}
	if (s->u.lz4.given == s->u.lz4.size && s->in_left)
		err = lz4_next_block(s);
	if (err)
		return err;
	const size_t n = min_u64(s->u.lz4.size - s->u.lz4.given, s->out_left);
	memcpy(s->out, s->u.lz4.block + s->u.lz4.given, n);
	s->u.lz4.given += n;
	s->out += n;
	s->out_left -= n;
	s->finished = s->in_left == 0 && s->u.lz4.given == s->u.lz4.size;
	return 0;
}

static void lz4_end(struct stream *s)
{
	free(s->u.lz4.block);
}

static const struct codec codecs[] = {
	{"gzip", {0x1f, 0x8b}, 2, gzip_start, gzip_step, gzip_end},
	{"xz", {0xfd, '7', 'z', 'X', 'Z', 0x00}, 6, xz_start, xz_step, xz_end},
	{"lzma", {0x5d, 0x00, 0x00}, 3, lzma_start, xz_step, xz_end},
	{"bzip2", {'B', 'Z', 'h'}, 3, bzip2_start, bzip2_step, bzip2_end},
	{"lz4", {0x02, 0x21, 0x4c, 0x18}, LZ4_LEGACY_MAGIC_SIZE, lz4_start, lz4_step, lz4_end},
	{"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, zstd_start, zstd_step, zstd_end},
};

/* Room for more output: twice as much, up to one byte over the limit, by which "too big" is told. */
static int grow(struct blob *out, size_t *capacity, size_t limit)
{
	size_t bigger = *capacity ? *capacity * 2 : FIRST_GUESS;

	if (bigger > limit)
		bigger = limit + 1;
	if (bigger <= *capacity)
		return -EFBIG;
	uint8_t *data = realloc(out->data, bigger);
	if (!data)
		return -ENOMEM;
	out->data = data;
	*capacity = bigger;
	return 0;
}

static int run(const struct codec *codec, struct stream *s, size_t limit, struct blob *out)
{
	size_t capacity = 0;

	while (!s->finished) {
		int err = out->size == capacity ? grow(out, &capacity, limit) : 0;
		if (err)
			return err;
		s->out = out->data + out->size;
		s->out_left = capacity - out->size;
		const size_t in_before = s->in_left;
		err = codec->step(s);
		if (err)
			return err;
		const size_t size = (size_t)(s->out - out->data);
		/* No progress with room to write: it wants input that does not exist. */
		if (!s->finished && size == out->size && s->in_left == in_before)
			return -EBADMSG;
		out->size = size;
		if (out->size > limit)
			return -EFBIG;
	}
	return s->in_left ? -EBADMSG : 0;
}

static int unpack_with(const struct codec *codec, const void *data, size_t len, size_t limit,
		       struct blob *out)
{
	struct stream s = {.in = data, .in_left = len};
	int err = codec->start(&s);

	if (err)
		return err;
	err = run(codec, &s, limit, out);
	codec->end(&s);
	return err;
}

static int copy(const void *data, size_t len, size_t limit, struct blob *out)
{
	if (len > limit)
		return -EFBIG;
	out->data = malloc(len ? len : 1);
	if (!out->data)
		return -ENOMEM;
	memcpy(out->data, data, len);
	out->size = len;
	return 0;
}

static const struct codec *codec_of(const void *data, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
		if (len >= codecs[i].magic_len &&
		    memcmp(data, codecs[i].magic, codecs[i].magic_len) == 0)
			return &codecs[i];
	}
	return NULL;
}

const char *unpack_format(const void *data, size_t len)
{
	const struct codec *codec = codec_of(data, len);

	return codec ? codec->name : NULL;
}

int unpack(const void *data, size_t len, size_t limit, struct blob *out, const char **why)
{
	const struct codec *codec = codec_of(data, len);

	*out = (struct blob){0};
	int err = codec ? unpack_with(codec, data, len, limit, out) : copy(data, len, limit, out);
	if (err) {
		blob_free(out);
		*why = err == -EFBIG ? too_big : err == -ENOMEM ? no_memory : damaged;
	}
	return err;
}

int unpack_file(int fd, size_t limit, struct blob *out, const char **why)
{
	_cleanup_blob_ struct blob file = {0};
	struct stat st;

	*out = (struct blob){0};
	*why = "cannot be read";
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode)) {
		*why = "is not a regular file";
		return -EINVAL;
	}
	if ((uint64_t)st.st_size > limit) {
		*why = too_big;
		return -EFBIG;
	}
	file.size = (size_t)st.st_size;
	file.data = malloc(file.size ? file.size : 1);
	if (!file.data) {
		*why = no_memory;
		return -ENOMEM;
	}
	int err = fd_pread_all(fd, file.data, file.size, 0);
	if (err)
		return err;
	if (!codec_of(file.data, file.size)) {
		*out = file;
		file = (struct blob){0};
		return 0;
	}
	return unpack(file.data, file.size, limit, out, why);
}
