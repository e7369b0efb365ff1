/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels that cannot be unpacked: refused for the right reason, and nothing remains of the attempt. */
#include "tests/unit/kernel_cache_maker.h"

#include <sys/mman.h>

/* Neither way of getting the kernel takes it, for the same reason, and nothing remains. */
static void expect_refused(int err, const char *reason)
{
	write_bzimage();
	assert_int_equal(get(), err);
	assert_non_null(why);
	assert_contains(why, reason);
	assert_nothing_left();
	why = NULL;
	assert_int_equal(kernel_cache_make(file_fd, &image, &kernel, &why), err);
	assert_non_null(why);
	assert_contains(why, reason);
}

static const pack_fn packers[] = {pack_xz, pack_gzip, pack_zstd, pack_lz4};

static void a_stream_that_is_cut_off(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		packed_make(&packed, packers[i], payload.bytes, payload.size);
		packed_resize(&packed, packed.payload_size / 2);
		packed_say_size(&packed, (uint32_t)payload.size);
		expect_refused(-EBADMSG, "is damaged");
	}
}

static void a_stream_that_is_damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) { /* lz4 has no checksum */
		packed_make(&packed, packers[i], payload.bytes, payload.size);
		memset(packed_payload(&packed) + packed.payload_size / 2, 0x55, 64);
		expect_refused(-EBADMSG, "is damaged");
	}
}

static void a_size_that_lies(void **state)
{
	static const int differences[] = {-1, 1, -4096, 4096};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(differences); j++) {
			packed_make(&packed, packers[i], payload.bytes, payload.size);
			packed_say_size(&packed, (uint32_t)((int)payload.size + differences[j]));
			expect_refused(-EBADMSG, "is damaged");
		}
	}
}

static void a_size_above_what_the_header_says(void **state)
{
	(void)state;
	packed_header(&packed)->init_size = (uint32_t)payload.size - 1;
	expect_refused(-EBADMSG, "more than it says it needs");
	packed_header(&packed)->init_size = (uint32_t)payload.size;
	write_bzimage();
	(void)get_good();
}

/* No kernel needs as much, whatever its header says. */
static void a_bomb_that_says_so(void **state)
{
	(void)state;
	packed_header(&packed)->init_size = 0xa0000000;
	packed_say_size(&packed, (uint32_t)GIB(1));
	expect_refused(-EBADMSG, "more than it says it needs");
}

/* 64 MiB of zeros: unpacked no further than to what it says. */
static void a_bomb_that_does_not(void **state)
{
	const size_t big = MIB(64);

	(void)state;
	uint8_t *zeros = mmap(NULL, big, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(zeros, MAP_FAILED);
	packed_make(&packed, pack_zstd, zeros, big);
	assert_int_equal(munmap(zeros, big), 0);
	packed_say_size(&packed, 100000);
	expect_refused(-EBADMSG, "is damaged");
}

static void an_unknown_way_of_packing(void **state)
{
	(void)state;
	packed_payload(&packed)[0] ^= 0xff;
	expect_refused(-ENOEXEC, "compressed in a way that snug does not know");
	assert_string_equal(kernel_cache_format(file_fd, &image), "unknown");
}

static void a_payload_shorter_than_its_size_field(void **state)
{
	(void)state;
	for (size_t size = 0; size < 8; size++) {
		packed_make(&packed, pack_gzip, payload.bytes, payload.size);
		packed_resize(&packed, size);
		write_bzimage();
		const int err = get();
		assert_true(err == -ENOEXEC || (size >= 4 && err == -EBADMSG));
		assert_nothing_left();
	}
}

static void a_payload_that_is_no_kernel(void **state)
{
	(void)state;
	packed_make(&packed, pack_xz, "not an ELF file", 15);
	expect_refused(-ENOEXEC, "too short for a kernel");
	payload_elf(&payload)->e_machine = EM_AARCH64;
	packed_make(&packed, pack_xz, payload.bytes, payload.size);
	expect_refused(-ENOEXEC, "something else than a 64-bit ELF file");
}

static void a_bzimage_that_becomes_shorter(void **state)
{
	(void)state;
	assert_int_equal(truncate(tree_path(&tree, "/bzImage"), 1000), 0);
	assert_int_equal(get(), -ENOEXEC);
	assert_contains(why, "cannot be read");
	assert_nothing_left();
	assert_string_equal(kernel_cache_format(file_fd, &image), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stream_that_is_cut_off),
		TEST(a_stream_that_is_damaged),
		TEST(a_size_that_lies),
		TEST(a_size_above_what_the_header_says),
		TEST(a_bomb_that_says_so),
		TEST(a_bomb_that_does_not),
		TEST(an_unknown_way_of_packing),
		TEST(a_payload_shorter_than_its_size_field),
		TEST(a_payload_that_is_no_kernel),
		TEST(a_bzimage_that_becomes_shorter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
