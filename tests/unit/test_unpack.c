/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tree.h"

#include <errno.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "boot/unpack.h"
#include "core/util.h"

#define SIZE  300000
#define LIMIT (SIZE * 2)

static uint8_t plain[SIZE];

/* Half of it compresses well, half does not. */
static int make_plain(void **state)
{
	uint32_t x = 12345;

	(void)state;
	for (size_t i = SIZE / 2; i < SIZE; i++) {
		x = x * 1664525 + 1013904223;
		plain[i] = (uint8_t)(x >> 24);
	}
	return 0;
}

typedef size_t (*pack_fn)(const void *in, size_t in_len, uint8_t *out, size_t room);

static size_t pack_xz(const void *in, size_t in_len, uint8_t *out, size_t room)
{
	size_t at = 0;

	assert_int_equal(
		lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, in, in_len, out, &at, room),
		LZMA_OK);
	return at;
}

static size_t pack_gzip(const void *in, size_t in_len, uint8_t *out, size_t room)
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

static size_t pack_zstd(const void *in, size_t in_len, uint8_t *out, size_t room)
{
	ZSTD_CCtx *ctx = ZSTD_createCCtx();

	(void)ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
	size_t n = ZSTD_compress2(ctx, out, room, in, in_len);
	assert_false(ZSTD_isError(n));
	(void)ZSTD_freeCCtx(ctx);
	return n;
}

static const pack_fn packers[] = {pack_gzip, pack_xz, pack_zstd};
static uint8_t packed[SIZE + 10000];

static void unpacks_what_was_packed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		struct blob blob;
		const char *why;
		size_t len = packers[i](plain, SIZE, packed, sizeof(packed));
		assert_int_equal(unpack(packed, len, LIMIT, &blob, &why), 0);
		assert_int_equal(blob.size, SIZE);
		assert_memory_equal(blob.data, plain, SIZE);
		blob_free(&blob);
	}
}

static void copies_what_is_not_packed(void **state)
{
	struct blob blob;
	const char *why;

	(void)state;
	assert_int_equal(unpack(plain + SIZE / 2, 1000, 1000, &blob, &why), 0);
	assert_int_equal(blob.size, 1000);
	assert_memory_equal(blob.data, plain + SIZE / 2, 1000);
	blob_free(&blob);
	assert_int_equal(unpack("", 0, 1000, &blob, &why), 0);
	assert_int_equal(blob.size, 0);
	blob_free(&blob);
}

static void unpacks_nothing_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		struct blob blob;
		const char *why;
		size_t len = packers[i]("", 0, packed, sizeof(packed));
		assert_int_equal(unpack(packed, len, LIMIT, &blob, &why), 0);
		assert_int_equal(blob.size, 0);
		blob_free(&blob);
	}
}

static void assert_refused(const void *data, size_t len, size_t limit, int err)
{
	struct blob blob;
	const char *why = NULL;

	assert_int_equal(unpack(data, len, limit, &blob, &why), err);
	assert_null(blob.data);
	assert_int_equal(blob.size, 0);
	assert_non_null(why);
}

static void refuses_truncated_data_of_any_length(void **state)
{
	static const size_t magic[] = {2, 6, 4}; /* less is plain data */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		size_t len = packers[i](plain + SIZE / 2 - 200, 400, packed, sizeof(packed));
		for (size_t cut = magic[i]; cut < len; cut++)
			assert_refused(packed, cut, LIMIT, -EBADMSG);
	}
}

static void refuses_damage(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		size_t len = packers[i](plain, SIZE, packed, sizeof(packed));
		packed[len / 2] ^= 0x40;
		assert_refused(packed, len, LIMIT, -EBADMSG);
		memset(packed + 6, 0xa5, 1000);
		assert_refused(packed, 1006, LIMIT, -EBADMSG);
	}
}

static void refuses_what_follows_the_stream(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		size_t len = packers[i](plain, SIZE, packed, sizeof(packed));
		packed[len] = 'x';
		assert_refused(packed, len + 1, LIMIT, -EBADMSG);
	}
}

static void the_limit_is_exact(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		struct blob blob;
		const char *why;
		size_t len = packers[i](plain, SIZE, packed, sizeof(packed));
		assert_int_equal(unpack(packed, len, SIZE, &blob, &why), 0);
		blob_free(&blob);
		assert_refused(packed, len, SIZE - 1, -EFBIG);
	}
	assert_refused("abc", 3, 2, -EFBIG);
}

/* A small file that would become 256 MiB. */
static void a_bomb_costs_no_more_than_the_limit(void **state)
{
	const size_t big = MIB(256);

	(void)state;
	uint8_t *zeros = mmap(NULL, big, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(zeros, MAP_FAILED);
	size_t len = pack_zstd(zeros, big, packed, sizeof(packed));
	assert_refused(packed, len, MIB(1), -EFBIG);
	(void)munmap(zeros, big);
}

static void files(void **state)
{
	struct tree tree;
	struct blob blob;
	const char *why;

	(void)state;
	tree_make(&tree);
	size_t len = pack_xz(plain, SIZE, packed, sizeof(packed));
	tree_write(&tree, "/file", packed, len);
	int fd = open(tree_path(&tree, "/file"), O_RDONLY);
	assert_int_equal(lseek(fd, 7, SEEK_SET), 7);
	assert_int_equal(unpack_file(fd, LIMIT, &blob, &why), 0);
	assert_int_equal(blob.size, SIZE);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 7);
	blob_free(&blob);
	assert_int_equal(unpack_file(fd, len - 1, &blob, &why), -EFBIG);
	(void)close(fd);
	fd = open(tree.root, O_RDONLY);
	assert_int_equal(unpack_file(fd, LIMIT, &blob, &why), -EINVAL);
	(void)close(fd);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unpacks_what_was_packed),
		cmocka_unit_test(copies_what_is_not_packed),
		cmocka_unit_test(unpacks_nothing_at_all),
		cmocka_unit_test(refuses_truncated_data_of_any_length),
		cmocka_unit_test(refuses_damage),
		cmocka_unit_test(refuses_what_follows_the_stream),
		cmocka_unit_test(the_limit_is_exact),
		cmocka_unit_test(a_bomb_costs_no_more_than_the_limit),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, make_plain, NULL);
}
