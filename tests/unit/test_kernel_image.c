/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/kernel_image.h"
#include "core/cleanup.h"
#include "core/layout.h"
#include "core/util.h"
#include "tests/unit/bzimage.h"

/* What the header boot/kernel_image.h promises of an accepted image. */
static void check_promises(const struct kernel_image *image)
{
	const struct setup_header *h = &image->header;
	uint64_t alignment = h->kernel_alignment;

	assert_true(h->version >= 0x020c);
	assert_true(h->loadflags & LOADED_HIGH);
	assert_true(h->xloadflags & XLF_KERNEL_64);
	assert_true(image->code_size > 0x200);
	assert_true(image->setup_size + image->code_size <= image->file_size);
	assert_true((uint64_t)h->payload_offset + h->payload_length <= image->code_size);
	assert_true(alignment != 0 && (alignment & (alignment - 1)) == 0);
	assert_int_equal(h->pref_address % alignment, 0);
	assert_true(h->pref_address >= LAYOUT_HIMEM);
	assert_true(h->pref_address <= LAYOUT_LOW_RAM_END);
	assert_true(h->init_size <= LAYOUT_LOW_RAM_END - h->pref_address);
	assert_true(h->init_size >= image->code_size);
	assert_non_null(memchr(image->version, 0, sizeof(image->version)));
	assert_null(strchr(image->version, '/'));
	assert_int_not_equal(image->version[0], '.');
}

static int read_image(const struct bzimage *bz, size_t len, struct kernel_image *image,
		      const char **why)
{
	_cleanup_close_ int fd = bzimage_file(bz, len);

	assert_true(fd >= 0);
	*why = NULL;
	return kernel_image_read(fd, image, why);
}

static void expect_accepted(const struct bzimage *bz, struct kernel_image *image)
{
	const char *why;
	int r = read_image(bz, sizeof(bz->bytes), image, &why);

	if (r != 0)
		print_message("refused: %s\n", why);
	assert_int_equal(r, 0);
	check_promises(image);
}

static void expect_refused(const struct bzimage *bz, size_t len, const char *reason)
{
	struct kernel_image image;
	const char *why;

	assert_int_equal(read_image(bz, len, &image, &why), -ENOEXEC);
	assert_non_null(why);
	if (!strstr(why, reason))
		fail_msg("\"%s\" does not say \"%s\"", why, reason);
}

static void test_valid(void **state)
{
	struct bzimage bz;
	struct kernel_image image;

	(void)state;
	bzimage_make(&bz);
	expect_accepted(&bz, &image);
	assert_int_equal(image.file_size, BZIMAGE_SIZE);
	assert_int_equal(image.setup_size, BZIMAGE_SETUP_SIZE);
	assert_int_equal(image.code_size, BZIMAGE_CODE_SIZE);
	assert_string_equal(image.version, "6.1.0-test");
	assert_memory_equal(&image.header, bz.bytes + BZIMAGE_HEADER, sizeof(image.header));
}

static void test_setup_sects_zero_means_four(void **state)
{
	struct bzimage bz;
	struct kernel_image image;

	(void)state;
	bzimage_make(&bz);
	bzimage_header(&bz)->setup_sects = 0;
	bzimage_header(&bz)->syssize = (BZIMAGE_CODE_SIZE - 512) / 16;
	bzimage_header(&bz)->payload_length = 0x200;
	expect_accepted(&bz, &image);
	assert_int_equal(image.setup_size, 5 * 512);
}

/* A signature for Secure Boot follows what syssize covers. */
static void test_signed_file_is_longer(void **state)
{
	struct bzimage bz;
	struct kernel_image image;

	(void)state;
	bzimage_make(&bz);
	bzimage_header(&bz)->syssize -= 3;
	expect_accepted(&bz, &image);
	assert_int_equal(image.file_size, BZIMAGE_SIZE);
	assert_int_equal(image.code_size, BZIMAGE_CODE_SIZE - 3 * 16);
}

/* Protocol 2.12's header ends before kernel_info_offset: what is there is code, not a field. */
static void test_header_ends_where_the_jump_says(void **state)
{
	struct bzimage bz;
	struct kernel_image image;

	(void)state;
	bzimage_make(&bz);
	bzimage_header(&bz)->jump = 0x66eb;
	expect_accepted(&bz, &image);
	assert_int_equal(image.header.handover_offset, 0x10);
	assert_int_equal(image.header.kernel_info_offset, 0);

	/* A later protocol's longer header is cut to what is known. */
	bzimage_make(&bz);
	bzimage_header(&bz)->jump = 0xffeb;
	expect_accepted(&bz, &image);
	assert_int_equal(image.header.kernel_info_offset, 0x20);

	bzimage_header(&bz)->jump = 0x65eb;
	expect_refused(&bz, BZIMAGE_SIZE, "impossible length");
	bzimage_header(&bz)->jump = 0x6ae9;
	expect_refused(&bz, BZIMAGE_SIZE, "impossible length");
}

static void test_truncated_at_every_byte(void **state)
{
	struct bzimage bz;

	(void)state;
	bzimage_make(&bz);
	expect_refused(&bz, 0, "empty file");
	for (size_t len = 1; len < 0x200; len++)
		expect_refused(&bz, len, "not a Linux kernel image");
	for (size_t len = 0x200; len < BZIMAGE_SIZE; len++)
		expect_refused(&bz, len, "truncated");
}

static void test_other_formats(void **state)
{
	struct bzimage bz;

	(void)state;
	memset(&bz, 0, sizeof(bz));
	memcpy(bz.bytes, "\177ELF\2\1\1", 7);
	expect_refused(&bz, BZIMAGE_SIZE, "an ELF file, not a bzImage");
	expect_refused(&bz, 4, "an ELF file, not a bzImage");
	memset(&bz, 0, sizeof(bz));
	memcpy(bz.bytes, "\x1f\x8b\x08", 3);
	expect_refused(&bz, BZIMAGE_SIZE, "gzip");
	memset(&bz, 0, sizeof(bz));
	memcpy(bz.bytes, "MZ", 2);
	memcpy(bz.bytes + 56, "ARM\x64", 4);
	expect_refused(&bz, BZIMAGE_SIZE, "ARM");
	memset(bz.bytes, '#', sizeof(bz.bytes));
	expect_refused(&bz, BZIMAGE_SIZE, "not a Linux kernel image (no boot sector signature)");

	/* A boot sector, but no kernel's. */
	memset(&bz, 0, sizeof(bz));
	bzimage_header(&bz)->boot_flag = 0xaa55;
	expect_refused(&bz, BZIMAGE_SIZE, "no setup header");
}

#define HEADER_CASE(field_, value_, reason_)                                           \
	{                                                                              \
		.offset = offsetof(struct setup_header, field_),                       \
		.size = sizeof(((struct setup_header *)0)->field_), .value = (value_), \
		.reason = (reason_)                                                    \
	}

static const struct header_case {
	size_t offset;
	size_t size;
	uint64_t value;
	const char *reason; /* NULL: accepted */
} header_cases[] = {
	HEADER_CASE(boot_flag, 0, "no boot sector signature"),
	HEADER_CASE(header, 0, "no setup header"),
	HEADER_CASE(version, 0x020b, "too old"),
	HEADER_CASE(version, 0, "too old"),
	HEADER_CASE(version, 0x020c, NULL),
	HEADER_CASE(version, 0xffff, NULL),
	HEADER_CASE(setup_sects, 0xff, "truncated"),
	HEADER_CASE(setup_sects, BZIMAGE_SETUP_SECTS + 1, "truncated"),
	HEADER_CASE(syssize, BZIMAGE_CODE_SIZE / 16 + 1, "truncated"),
	HEADER_CASE(syssize, UINT32_MAX, "truncated"),
	HEADER_CASE(syssize, 0x10000000, "truncated"), /* times 16: 2^32 */
	HEADER_CASE(syssize, 0, "no room"),
	HEADER_CASE(syssize, 0x20, "no room"),
	HEADER_CASE(payload_offset, BZIMAGE_CODE_SIZE - 0x2ff, "payload"),
	HEADER_CASE(payload_offset, UINT32_MAX, "payload"),
	HEADER_CASE(payload_length, BZIMAGE_CODE_SIZE - 0x3ff, "payload"),
	HEADER_CASE(payload_length, UINT32_MAX, "payload"),
	HEADER_CASE(payload_length, BZIMAGE_CODE_SIZE - 0x400, NULL),
	HEADER_CASE(loadflags, 0, "zImage"),
	HEADER_CASE(xloadflags, 0, "32-bit kernel"),
	HEADER_CASE(xloadflags, 0xfffe, "32-bit kernel"),
	HEADER_CASE(kernel_alignment, 0, "alignment"),
	HEADER_CASE(kernel_alignment, 3, "alignment"),
	HEADER_CASE(kernel_alignment, UINT32_MAX, "alignment"),
	HEADER_CASE(kernel_alignment, 0x80000000, "address"), /* and pref_address not aligned */
	HEADER_CASE(init_size, 0, "less memory"),
	HEADER_CASE(init_size, BZIMAGE_CODE_SIZE - 1, "less memory"),
	HEADER_CASE(init_size, BZIMAGE_CODE_SIZE, NULL),
	HEADER_CASE(init_size, UINT32_MAX, "address"),
	HEADER_CASE(init_size, LAYOUT_LOW_RAM_END - 0x1000000, NULL),
	HEADER_CASE(init_size, LAYOUT_LOW_RAM_END - 0x1000000 + 1, "address"),
	HEADER_CASE(pref_address, 0, "address"),
	HEADER_CASE(pref_address, 0x1000001, "address"),
	HEADER_CASE(pref_address, LAYOUT_LOW_RAM_END, "address"),
	HEADER_CASE(pref_address, UINT64_MAX, "address"),
	HEADER_CASE(pref_address, -0x200000ULL, "address"), /* wraps with init_size */
	HEADER_CASE(pref_address, 0x100000000ULL, "address"),
	HEADER_CASE(kernel_version, BZIMAGE_SETUP_SIZE - 0x200, "version lies outside"),
	HEADER_CASE(kernel_version, UINT16_MAX, "version lies outside"),
	HEADER_CASE(kernel_version, 0, NULL),
};

static void test_every_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(header_cases); i++) {
		const struct header_case *c = &header_cases[i];
		struct bzimage bz;
		struct kernel_image image;

		bzimage_make(&bz);
		memcpy(bz.bytes + BZIMAGE_HEADER + c->offset, &c->value, c->size);
		if (c->reason)
			expect_refused(&bz, BZIMAGE_SIZE, c->reason);
		else
			expect_accepted(&bz, &image);
	}
}

static void expect_version(const char *text, size_t len, const char *version)
{
	struct bzimage bz;
	struct kernel_image image;

	bzimage_make(&bz);
	memcpy(bz.bytes + BZIMAGE_VERSION_AT, text, len);
	if (version) {
		expect_accepted(&bz, &image);
		assert_string_equal(image.version, version);
	} else {
		expect_refused(&bz, BZIMAGE_SIZE, "version");
	}
}

static void test_version_string(void **state)
{
	char longest[200];
	struct bzimage bz;
	struct kernel_image image;

	(void)state;
	expect_version("6.12.0+ x", 10, "6.12.0+");
	expect_version("alone", 6, "alone");
	expect_version("", 1, "");
	expect_version(" 6.1", 5, "");
	expect_version("../../etc ", 10, NULL);
	expect_version("..", 3, NULL);
	expect_version("a/b ", 4, NULL);
	expect_version("6.1\x1b[2J ", 8, NULL);
	expect_version("6.1\n", 5, NULL);
	expect_version("6.1\xff ", 5, NULL);

	memset(longest, 'v', sizeof(longest));
	expect_version(longest, sizeof(longest), NULL);
	longest[sizeof(image.version)] = '\0';
	expect_version(longest, sizeof(longest), NULL);
	longest[sizeof(image.version) - 1] = '\0';
	expect_version(longest, sizeof(longest), longest);

	/* The setup part ends before the string does; code follows. */
	bzimage_make(&bz);
	bzimage_header(&bz)->kernel_version = BZIMAGE_SETUP_SIZE - 4 - 0x200;
	memset(bz.bytes + BZIMAGE_SETUP_SIZE - 4, 'v', 4);
	expect_refused(&bz, BZIMAGE_SIZE, "version");
	bz.bytes[BZIMAGE_SETUP_SIZE - 1] = '\0';
	expect_accepted(&bz, &image);
	assert_string_equal(image.version, "vvv");
}

static void expect_unreadable(int fd, int error, const char *reason)
{
	struct kernel_image image;
	const char *why = NULL;

	assert_int_equal(kernel_image_read(fd, &image, &why), error);
	assert_non_null(why);
	assert_non_null(strstr(why, reason));
}

static void test_not_a_file(void **state)
{
	_cleanup_close_ int dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int path = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	int pipe_fds[2];

	(void)state;
	expect_unreadable(dir, -EISDIR, "directory");
	expect_unreadable(null, -ENODEV, "regular file");
	expect_unreadable(path, -EBADF, "cannot be read");
	expect_unreadable(-1, -EBADF, "cannot be read");
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	expect_unreadable(pipe_fds[0], -ENODEV, "regular file");
	(void)close(pipe_fds[0]);
	(void)close(pipe_fds[1]);
}

static void test_offset_is_kept(void **state)
{
	struct bzimage bz;
	struct kernel_image image;
	const char *why;

	(void)state;
	bzimage_make(&bz);
	{
		_cleanup_close_ int fd = bzimage_file(&bz, BZIMAGE_SIZE);

		assert_int_equal(lseek(fd, 17, SEEK_SET), 17);
		assert_int_equal(kernel_image_read(fd, &image, &why), 0);
		assert_int_equal(lseek(fd, 0, SEEK_CUR), 17);
	}
}

/* A fixed sequence: a failure comes back. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t hostile_value(uint64_t *random)
{
	static const uint64_t values[] = {
		0,
		1,
		0x7f,
		0x80,
		0xff,
		0x7fff,
		0x8000,
		0xffff,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		LAYOUT_LOW_RAM_END,
		LAYOUT_HIMEM,
		0x100000000ULL,
		INT64_MAX,
		UINT64_MAX,
		UINT64_MAX - 0xfff,
		BZIMAGE_SIZE,
		BZIMAGE_CODE_SIZE / 16,
	};
	uint64_t r = next_random(random);

	return r & 1 ? values[(r >> 8) % ARRAY_SIZE(values)] : next_random(random);
}

static void test_hostile_headers(void **state)
{
	uint64_t random = 0x736e7567;
	unsigned accepted = 0, refused = 0;
	struct bzimage bz;

	(void)state;
	bzimage_make(&bz);
	{
		_cleanup_close_ int fd = bzimage_file(&bz, BZIMAGE_SIZE);

		for (unsigned i = 0; i < 100000; i++) {
			struct kernel_image image;
			const char *why = NULL;
			int r;

			bzimage_make(&bz);
			for (uint64_t n = 1 + next_random(&random) % 3; n > 0; n--) {
				size_t size = (size_t)1 << next_random(&random) % 4;
				size_t at = next_random(&random) %
					    (sizeof(struct setup_header) - size + 1);
				uint64_t value = hostile_value(&random);

				memcpy(bz.bytes + BZIMAGE_HEADER + at, &value, size);
			}
			assert_int_equal(pwrite(fd, bz.bytes, 0x300, 0), 0x300);
			r = kernel_image_read(fd, &image, &why);
			if (r == 0) {
				check_promises(&image);
				accepted++;
			} else {
				assert_int_equal(r, -ENOEXEC);
				assert_non_null(why);
				refused++;
			}
		}
	}
	/* Both happen, or the promises were never put to the test. */
	assert_true(accepted > 1000);
	assert_true(refused > 1000);
}

static void test_real_kernel(void **state)
{
	const char *path = getenv("SNUG_TEST_KERNEL");
	struct kernel_image image;
	const char *why = NULL;

	(void)state;
	if (!path) {
		print_message("skipped: SNUG_TEST_KERNEL names no kernel\n");
		skip();
	}
	{
		_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

		assert_true(fd >= 0);
		assert_int_equal(kernel_image_read(fd, &image, &why), 0);
	}
	check_promises(&image);
	assert_true(image.version[0] >= '0' && image.version[0] <= '9');
	assert_true(image.header.payload_length > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_setup_sects_zero_means_four),
		cmocka_unit_test(test_signed_file_is_longer),
		cmocka_unit_test(test_header_ends_where_the_jump_says),
		cmocka_unit_test(test_truncated_at_every_byte),
		cmocka_unit_test(test_other_formats),
		cmocka_unit_test(test_every_field),
		cmocka_unit_test(test_version_string),
		cmocka_unit_test(test_not_a_file),
		cmocka_unit_test(test_offset_is_kept),
		cmocka_unit_test(test_hostile_headers),
		cmocka_unit_test(test_real_kernel),
	};

	return cmocka_run_group_tests_name("kernel_image", tests, NULL, NULL);
}
