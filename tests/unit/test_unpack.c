/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/packers.h"

#include <errno.h>

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

static const pack_fn packers[] = {pack_gzip, pack_xz, pack_zstd, pack_bzip2, pack_lz4, pack_lzma};
#define PACKERS_WITH_CHECKSUM 4 /* the first ones */
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
	/* Less is plain data; and lz4 has no end, so that its magic number alone is whole. */
	static const size_t shortest[] = {2, 6, 4, 3, 5, 3};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		size_t len = packers[i](plain + SIZE / 2 - 200, 400, packed, sizeof(packed));
		for (size_t cut = shortest[i]; cut < len; cut++)
			assert_refused(packed, cut, LIMIT, -EBADMSG);
	}
}

static void refuses_damage(void **state)
{
	(void)state;
	for (size_t i = 0; i < PACKERS_WITH_CHECKSUM; i++) {
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

static void formats_are_told_by_their_magic(void **state)
{
	static const char *const names[] = {"gzip",  "xz",  "zstd",
					    "bzip2", "lz4", "lzma"}; /* as packers[] */
	static const size_t magic[] = {2, 6, 4, 3, 4, 3};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		size_t len = packers[i](plain, SIZE, packed, sizeof(packed));
		assert_string_equal(unpack_format(packed, len), names[i]);
		assert_string_equal(unpack_format(packed, magic[i]), names[i]);
		assert_null(unpack_format(packed, magic[i] - 1));
		assert_null(unpack_format(packed + 1, len - 1));
	}
	assert_null(unpack_format(plain, SIZE));
	assert_null(unpack_format("", 0));
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
		cmocka_unit_test(formats_are_told_by_their_magic),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, make_plain, NULL);
}
