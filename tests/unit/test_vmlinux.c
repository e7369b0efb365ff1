/* SPDX-License-Identifier: Apache-2.0 */
/* A payload -> the unpacked kernel's file -> its image in memory, at another virtual address. */
#include "tests/unit/vmlinux_maker.h"

#include <errno.h>

#include "boot/vmlinux.h"
#include "boot/vmlinux_make.h"
#include "core/cleanup.h"
#include "core/fds.h"
#include "core/layout.h"

static const char info[] = "what the cache knows";

static struct payload payload;
static struct vmlinux kernel;
static const char *why;
static uint8_t image[MAKER_IMAGE_SIZE], expected[MAKER_IMAGE_SIZE];

/* --- making and reading ----------------------------------------------------------------------- */

/* The payload as a file: a descriptor, or -errno. */
static int make(void)
{
	_cleanup_close_ int fd = memfd_create("vmlinux", MFD_CLOEXEC);

	assert_true(fd >= 0);
	why = NULL;
	int err = vmlinux_make(payload.bytes, payload.size, info, sizeof(info), fd, &why);
	if (err)
		assert_non_null(why);
	return err ? err : steal_fd(&fd);
}

static int make_good(void)
{
	int fd = make();

	if (fd < 0)
		fail_msg("refused: %s", why);
	assert_int_equal(vmlinux_read(fd, &kernel, &why), 0);
	return fd;
}

/* The usual payload, with all relocations or none. */
static void make_payload(bool relocs)
{
	payload_make(&payload);
	if (relocs)
		payload_add_relocs(&payload);
	payload_image(&payload, expected);
}

static void load(int fd)
{
	memset(image, 0, sizeof(image));
	assert_int_equal(vmlinux_load(fd, &kernel, image), 0);
}

static void every_byte_gets_to_its_place(void **state)
{
	(void)state;
	for (unsigned relocs = 0; relocs < 2; relocs++) {
		make_payload(relocs);
		_cleanup_close_ int fd = make_good();
		assert_int_equal(kernel.segment_count, MAKER_SEGMENTS);
		assert_int_equal(kernel.start, MAKER_TEXT_GPA);
		assert_int_equal(kernel.end, MAKER_END_GPA);
		assert_int_equal(kernel.entry, MAKER_TEXT_GPA + MAKER_ENTRY);
		assert_int_equal(vmlinux_has_relocs(&kernel), relocs);
		load(fd);
		assert_memory_equal(image, expected, sizeof(image));
	}
}

static void without_sections_it_is_the_same(void **state)
{
	(void)state;
	payload_make(&payload);
	payload_drop_sections(&payload);
	payload_image(&payload, expected);
	payload_add_relocs(&payload);
	_cleanup_close_ int fd = make_good();
	assert_int_equal(kernel.relocs[VMLINUX_RELOC_64].size, sizeof(maker_relocs_64));
	load(fd);
	assert_memory_equal(image, expected, sizeof(image));
}

static void trailing_zeros_are_not_in_the_file(void **state)
{
	(void)state;
	make_payload(false);
	(void)close(make_good());
	for (unsigned i = 0; i < MAKER_SEGMENTS; i++) {
		const struct vmlinux_segment *segment = &kernel.segments[i];

		assert_int_equal(segment->gpa, maker_parts[i].gpa);
		assert_int_equal(segment->file.size,
				 maker_parts[i].file_size - maker_parts[i].zeros);
		assert_int_equal(segment->file.offset % 0x1000, 0);
	}
}

/* A segment of nothing but zeros, wherever it is, is in memory alone. */
static void a_segment_may_be_all_zeros(void **state)
{
	(void)state;
	for (unsigned i = MAKER_DATA; i < MAKER_SEGMENTS; i++) {
		make_payload(false);
		memset(payload.bytes + maker_parts[i].offset, 0, maker_parts[i].file_size);
		payload_image(&payload, expected);
		_cleanup_close_ int fd = make_good();
		assert_int_equal(kernel.segments[i].file.size, 0);
		load(fd);
		assert_memory_equal(image, expected, sizeof(image));
	}
}

static void info_is_kept(void **state)
{
	char kept[sizeof(info)];

	(void)state;
	make_payload(true);
	_cleanup_close_ int fd = make_good();
	assert_int_equal(kernel.info.size, sizeof(info));
	assert_int_equal(fd_pread_all(fd, kept, sizeof(kept), kernel.info.offset), 0);
	assert_memory_equal(kept, info, sizeof(info));
}

static void no_info_is_no_error(void **state)
{
	(void)state;
	for (unsigned relocs = 0; relocs < 2; relocs++) {
		_cleanup_close_ int fd = memfd_create("vmlinux", MFD_CLOEXEC);

		make_payload(relocs);
		memset(payload.bytes + maker_parts[MAKER_INIT].offset, 0, 0x2000);
		assert_int_equal(vmlinux_make(payload.bytes, payload.size, NULL, 0, fd, &why), 0);
		assert_int_equal(vmlinux_read(fd, &kernel, &why), 0);
		assert_int_equal(kernel.info.size, 0);
	}
}

static void the_offset_is_kept(void **state)
{
	(void)state;
	make_payload(true);
	_cleanup_close_ int fd = make_good();
	assert_int_equal(lseek(fd, 17, SEEK_SET), 17);
	assert_int_equal(vmlinux_read(fd, &kernel, &why), 0);
	load(fd);
	assert_int_equal(vmlinux_relocate(fd, &kernel, image, MIB(2)), 0);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 17);
}

/* --- moving ----------------------------------------------------------------------------------- */

static void move_64(uint32_t offset, uint64_t distance)
{
	uint64_t value;

	memcpy(&value, expected + offset, sizeof(value));
	value += distance;
	memcpy(expected + offset, &value, sizeof(value));
}

static void move_32(uint32_t offset, uint32_t distance)
{
	uint32_t value;

	memcpy(&value, expected + offset, sizeof(value));
	value += distance;
	memcpy(expected + offset, &value, sizeof(value));
}

static void expect_moved(uint64_t distance, bool negative)
{
	for (size_t i = 0; i < ARRAY_SIZE(maker_relocs_64); i++)
		move_64(maker_relocs_64[i], distance);
	for (size_t i = 0; i < ARRAY_SIZE(maker_relocs_32); i++)
		move_32(maker_relocs_32[i], (uint32_t)distance);
	for (size_t i = 0; negative && i < ARRAY_SIZE(maker_relocs_negative); i++)
		move_32(maker_relocs_negative[i], -(uint32_t)distance);
}

static void check_moved(uint64_t distance, bool negative)
{
	_cleanup_close_ int fd = make_good();

	payload_image(&payload, expected);
	expect_moved(distance, negative);
	load(fd);
	assert_int_equal(vmlinux_relocate(fd, &kernel, image, distance), 0);
	assert_memory_equal(image, expected, sizeof(image));
}

/* The bytes at the locations are anything: many of these sums wrap. */
static void all_three_kinds_are_moved(void **state)
{
	static const uint64_t distances[] = {MIB(2), 0x3fe00000, 0x80000000, 0xffe00000,
					     0x123456700000};

	(void)state;
	make_payload(true);
	for (size_t i = 0; i < ARRAY_SIZE(distances); i++)
		check_moved(distances[i], true);
}

static void put_32(uint32_t offset, uint32_t value)
{
	memcpy(payload.bytes + maker_parts[MAKER_TEXT].offset + offset, &value, sizeof(value));
}

static uint32_t image_32(uint32_t offset)
{
	uint32_t value;

	memcpy(&value, image + offset, sizeof(value));
	return value;
}

/* In numbers, so that not one mistake twice makes it right. */
static void words_wrap_alone(void **state)
{
	static const uint32_t negative[] = {0x400}, positive[] = {0x500}, wide[] = {0x600};

	(void)state;
	payload_make(&payload);
	put_32(0x400, 0x00100000);
	put_32(0x404, 0x11111111);
	put_32(0x500, 0xfff00000);
	put_32(0x504, 0x22222222);
	put_32(0x600, 0xfff00000);
	put_32(0x604, 0xfffffffe);
	payload_add_table(&payload, wide, 1);
	payload_add_table(&payload, negative, 1);
	payload_add_table(&payload, positive, 1);
	_cleanup_close_ int fd = make_good();
	load(fd);
	assert_int_equal(vmlinux_relocate(fd, &kernel, image, 0x200000), 0);
	assert_int_equal(image_32(0x400), 0xfff00000);
	assert_int_equal(image_32(0x404), 0x11111111);
	assert_int_equal(image_32(0x500), 0x00100000);
	assert_int_equal(image_32(0x504), 0x22222222);
	assert_int_equal(image_32(0x600), 0x00100000);
	assert_int_equal(image_32(0x604), 0xffffffff);
}

/* Linux 6.15 and newer. */
static void two_tables_have_no_negative_ones(void **state)
{
	(void)state;
	payload_make(&payload);
	payload_add_table(&payload, maker_relocs_64, ARRAY_SIZE(maker_relocs_64));
	payload_add_table(&payload, maker_relocs_32, ARRAY_SIZE(maker_relocs_32));
	check_moved(0x3fe00000, false);
	assert_int_equal(kernel.relocs[VMLINUX_RELOC_32_NEGATIVE].size, 0);
}

static void tables_may_be_empty(void **state)
{
	(void)state;
	payload_make(&payload);
	payload_add_table(&payload, NULL, 0);
	payload_add_table(&payload, NULL, 0);
	payload_add_table(&payload, maker_relocs_32, 1);
	(void)close(make_good());
	assert_true(vmlinux_has_relocs(&kernel));
	assert_int_equal(kernel.relocs[VMLINUX_RELOC_32].size, sizeof(uint32_t));
	assert_int_equal(kernel.relocs[VMLINUX_RELOC_64].size, 0);
}

static void without_tables_nothing_is_moved(void **state)
{
	(void)state;
	make_payload(false);
	_cleanup_close_ int fd = make_good();
	load(fd);
	assert_int_equal(vmlinux_relocate(fd, &kernel, image, MIB(2)), 0);
	assert_memory_equal(image, expected, sizeof(image));
}

/* How far the word at this offset of the text was moved. */
static uint64_t moved_by(uint32_t offset)
{
	uint64_t before, after;

	memcpy(&before, expected + offset, sizeof(before));
	memcpy(&after, image + offset, sizeof(after));
	return after - before;
}

/*
 * One location so often that the table is read in many pieces, and another one in the last of them,
 * which is short: that each piece is read once shows in how often each location was moved.
 */
static void long_tables_are_read_whole(void **state)
{
	const uint64_t many = 3ULL * 4096, few = 5;

	(void)state;
	make_payload(false);
	payload_add_word(&payload, 0);
	for (uint64_t i = 0; i < many + few; i++)
		payload_add_word(&payload,
				 (uint32_t)(MAKER_TEXT_VADDR + (i < many ? 0x800 : 0x900)));
	payload_add_table(&payload, maker_relocs_32, 1);
	_cleanup_close_ int fd = make_good();
	load(fd);
	assert_int_equal(vmlinux_relocate(fd, &kernel, image, MIB(2)), 0);
	assert_int_equal(moved_by(0x800), many * MIB(2));
	assert_int_equal(moved_by(0x900), few * MIB(2));
}

/* Relocates an image of this size by a file that has one location, of this kind. */
static int relocate_at(uint32_t offset, enum vmlinux_reloc kind, size_t size)
{
	_cleanup_close_ int fd = memfd_create("relocs", MFD_CLOEXEC);
	_cleanup_free_ uint8_t *small = calloc(1, size); /* exactly: the sanitizer sees more */
	struct vmlinux one = {.start = MAKER_TEXT_GPA, .end = MAKER_TEXT_GPA + size};

	assert_non_null(small);
	one.relocs[kind].size = sizeof(offset);
	assert_int_equal(fd_pwrite_all(fd, &offset, sizeof(offset), 0), 0);
	return vmlinux_relocate(fd, &one, small, MIB(2));
}

static void no_location_is_outside_of_the_image(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < VMLINUX_RELOC_KINDS; kind++) {
		const uint32_t width = kind == VMLINUX_RELOC_64 ? 8 : 4;

		assert_int_equal(relocate_at(100 - width, kind, 100), 0);
		for (uint32_t offset = 100 - width + 1; offset < 110; offset++)
			assert_int_equal(relocate_at(offset, kind, 100), -ENOEXEC);
		assert_int_equal(relocate_at(UINT32_MAX, kind, 100), -ENOEXEC);
		/* Not even the first one has room. */
		assert_int_equal(relocate_at(0, kind, width), 0);
		assert_int_equal(relocate_at(0, kind, width - 1), -ENOEXEC);
	}
}

static void a_file_that_becomes_shorter(void **state)
{
	(void)state;
	make_payload(true);
	_cleanup_close_ int fd = make_good();
	load(fd);
	assert_int_equal(ftruncate(fd, (off_t)kernel.relocs[VMLINUX_RELOC_64].offset + 4), 0);
	load(fd);
	assert_int_equal(vmlinux_relocate(fd, &kernel, image, MIB(2)), -ENODATA);
	assert_int_equal(ftruncate(fd, (off_t)kernel.segments[MAKER_INIT].file.offset + 1), 0);
	assert_int_equal(vmlinux_load(fd, &kernel, image), -ENODATA);
	assert_int_equal(vmlinux_load(-1, &kernel, image), -EBADF);
}

/* --- what is refused -------------------------------------------------------------------------- */

static void assert_says(const char *reason)
{
	assert_non_null(why);
	assert_contains(why, reason);
}

static void expect_read_refused(int fd, const char *reason)
{
	why = NULL;
	assert_int_equal(vmlinux_read(fd, &kernel, &why), -ENOEXEC);
	assert_says(reason);
}

/* A field of the file: of the ELF header, or of program header N. */
struct spoiled {
	size_t at;
	size_t size;
	uint64_t value;
	const char *reason; /* NULL: accepted */
};

#define ELF_CASE(field_, value_, reason_)                                                      \
	{                                                                                      \
		.at = offsetof(Elf64_Ehdr, field_), .size = sizeof(((Elf64_Ehdr *)0)->field_), \
		.value = (value_), .reason = (reason_)                                         \
	}
#define HEADER_CASE(n_, field_, value_, reason_)                                                  \
	{                                                                                         \
		.at = sizeof(Elf64_Ehdr) + (n_) * sizeof(Elf64_Phdr) +                            \
		      offsetof(Elf64_Phdr, field_),                                               \
		.size = sizeof(((Elf64_Phdr *)0)->field_), .value = (value_), .reason = (reason_) \
	}
/* Program headers of the file behind those of the segments. */
#define RELOCS_64 MAKER_SEGMENTS
#define INFO      (MAKER_SEGMENTS + VMLINUX_RELOC_KINDS)

static const char no_memory[] = "where the machine has no memory";
static const char overlap[] = "overlap or are out of order";
static const char shorter[] = "shorter than its headers say";
static const char entry[] = "entry point outside of its code";

static const struct spoiled file_cases[] = {
	ELF_CASE(e_ident[0], 0, "not an ELF file for x86-64"),
	ELF_CASE(e_ident[EI_CLASS], ELFCLASS32, "not an ELF file for x86-64"),
	ELF_CASE(e_ident[EI_DATA], ELFDATA2MSB, "not an ELF file for x86-64"),
	ELF_CASE(e_type, ET_DYN, "not an ELF file for x86-64"),
	ELF_CASE(e_machine, EM_386, "not an ELF file for x86-64"),
	ELF_CASE(e_phentsize, sizeof(Elf64_Phdr) + 8, "not an ELF file for x86-64"),
	ELF_CASE(e_phnum, VMLINUX_HEADERS_MAX + 1, "too many segments"),
	ELF_CASE(e_phnum, UINT16_MAX, "too many segments"),
	ELF_CASE(e_phnum, VMLINUX_HEADERS_MAX, NULL), /* the rest of the page is zeros */
	ELF_CASE(e_phnum, 0, "nothing to load"),
	ELF_CASE(e_phoff, MIB(1), shorter),
	ELF_CASE(e_phoff, UINT64_MAX - 100, shorter),
	ELF_CASE(e_entry, MAKER_TEXT_GPA, NULL),
	ELF_CASE(e_entry, MAKER_TEXT_GPA - 1, entry),
	ELF_CASE(e_entry, MAKER_TEXT_GPA + 0x2344, NULL), /* the last byte */
	ELF_CASE(e_entry, MAKER_TEXT_GPA + 0x2345, entry),
	ELF_CASE(e_entry, MAKER_END_GPA - 1, entry), /* in what is not in the file */
	ELF_CASE(e_entry, MAKER_END_GPA, entry),
	ELF_CASE(e_entry, 0, entry),
	ELF_CASE(e_entry, UINT64_MAX, entry),
	ELF_CASE(e_entry, MAKER_TEXT_VADDR, entry),
	HEADER_CASE(MAKER_TEXT, p_offset, MIB(1), shorter),
	HEADER_CASE(MAKER_TEXT, p_offset, UINT64_MAX - 0x1000, shorter),
	HEADER_CASE(MAKER_TEXT, p_filesz, MIB(1), shorter),
	HEADER_CASE(MAKER_TEXT, p_filesz, UINT64_MAX, shorter),
	HEADER_CASE(MAKER_TEXT, p_filesz, 0x2346, "larger than its memory"),
	HEADER_CASE(MAKER_TEXT, p_memsz, 0x2344, "larger than its memory"),
	HEADER_CASE(MAKER_TEXT, p_memsz, 0x3000, NULL),
	HEADER_CASE(MAKER_TEXT, p_memsz, 0x3001, overlap),
	HEADER_CASE(MAKER_TEXT, p_memsz, UINT64_MAX, no_memory),
	HEADER_CASE(MAKER_TEXT, p_memsz, UINT64_MAX - MAKER_TEXT_GPA + 1, no_memory), /* wraps */
	HEADER_CASE(MAKER_TEXT, p_paddr, LAYOUT_HIMEM - 0x1000, no_memory),
	HEADER_CASE(MAKER_TEXT, p_paddr, 0, no_memory),
	HEADER_CASE(MAKER_TEXT, p_paddr, MAKER_TEXT_GPA + 1, "not begin on a page"),
	HEADER_CASE(MAKER_TEXT, p_paddr, MAKER_END_GPA, overlap),
	HEADER_CASE(MAKER_DATA, p_paddr, MAKER_TEXT_GPA, overlap),
	HEADER_CASE(MAKER_DATA, p_paddr, MAKER_TEXT_GPA + 0x2344, overlap),
	HEADER_CASE(MAKER_DATA, p_paddr, MAKER_TEXT_GPA + 0x2345, NULL),
	HEADER_CASE(MAKER_DATA, p_paddr, MAKER_END_GPA, overlap),
	HEADER_CASE(MAKER_INIT, p_paddr, LAYOUT_LOW_RAM_END - 0x5000, NULL),
	HEADER_CASE(MAKER_INIT, p_paddr, LAYOUT_LOW_RAM_END - 0x4fff, no_memory),
	HEADER_CASE(MAKER_INIT, p_paddr, LAYOUT_LOW_RAM_END, no_memory),
	HEADER_CASE(MAKER_INIT, p_paddr, UINT64_MAX - 0xfff, no_memory),
	HEADER_CASE(MAKER_INIT, p_memsz, LAYOUT_LOW_RAM_END - MAKER_TEXT_GPA - 0x5000, NULL),
	HEADER_CASE(MAKER_INIT, p_memsz, LAYOUT_LOW_RAM_END - MAKER_TEXT_GPA - 0x4fff, no_memory),
	HEADER_CASE(MAKER_INIT, p_type, PT_NOTE, NULL),
	HEADER_CASE(RELOCS_64, p_filesz, sizeof(maker_relocs_64) - 1, "cut off"),
	HEADER_CASE(RELOCS_64, p_filesz, sizeof(maker_relocs_64) - 2, "cut off"),
	HEADER_CASE(RELOCS_64, p_filesz, sizeof(maker_relocs_64) - 4, NULL),
	HEADER_CASE(RELOCS_64, p_filesz, MIB(1), shorter),
	HEADER_CASE(RELOCS_64, p_offset, UINT64_MAX, shorter),
	HEADER_CASE(RELOCS_64, p_type, VMLINUX_PT_RELOCS + VMLINUX_RELOC_KINDS, NULL),
	HEADER_CASE(INFO, p_filesz, sizeof(info) + 1, shorter),
	HEADER_CASE(INFO, p_offset, UINT64_MAX, shorter),
};

static void read_checks_every_field(void **state)
{
	(void)state;
	make_payload(true);
	for (size_t i = 0; i < ARRAY_SIZE(file_cases); i++) {
		const struct spoiled *c = &file_cases[i];
		_cleanup_close_ int fd = make_good();

		assert_int_equal(fd_pwrite_all(fd, &c->value, c->size, c->at), 0);
		if (c->reason)
			expect_read_refused(fd, c->reason);
		else
			assert_int_equal(vmlinux_read(fd, &kernel, &why), 0);
	}
}

static void read_checks_the_length(void **state)
{
	struct stat st;

	(void)state;
	make_payload(true);
	_cleanup_close_ int fd = make_good();
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(ftruncate(fd, st.st_size - 1), 0);
	expect_read_refused(fd, shorter);
	assert_int_equal(ftruncate(fd, sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr)), 0);
	expect_read_refused(fd, shorter);
	assert_int_equal(ftruncate(fd, sizeof(Elf64_Ehdr) - 1), 0);
	expect_read_refused(fd, "too short");
	assert_int_equal(ftruncate(fd, 0), 0);
	expect_read_refused(fd, "too short");
}

static void read_tells_what_cannot_be_read(void **state)
{
	_cleanup_close_ int path = open("/proc/self/exe", O_PATH | O_CLOEXEC);

	(void)state;
	assert_int_equal(vmlinux_read(-1, &kernel, &why), -EBADF);
	assert_says("cannot be read");
	assert_int_equal(vmlinux_read(path, &kernel, &why), -EBADF);
	assert_says("cannot be read");
}

/* As many segments of a page each, ascending, as the file's headers have room for. */
static void write_segments(int fd, unsigned count)
{
	Elf64_Phdr headers[VMLINUX_HEADERS_MAX] = {0};
	Elf64_Ehdr elf;

	for (unsigned i = 0; i < count; i++)
		headers[i] = (Elf64_Phdr){.p_type = PT_LOAD,
					  .p_paddr = MAKER_TEXT_GPA + i * 0x1000,
					  .p_filesz = 0x1000,
					  .p_memsz = 0x1000};
	memcpy(&elf, payload.bytes, sizeof(elf));
	elf.e_phnum = (uint16_t)count;
	assert_int_equal(fd_pwrite_all(fd, &elf, sizeof(elf), 0), 0);
	assert_int_equal(fd_pwrite_all(fd, headers, sizeof(headers), sizeof(elf)), 0);
	assert_int_equal(ftruncate(fd, 0x1000), 0);
}

static void segments_are_as_many_as_fit(void **state)
{
	_cleanup_close_ int fd = memfd_create("vmlinux", MFD_CLOEXEC);

	(void)state;
	payload_make(&payload);
	write_segments(fd, VMLINUX_SEGMENTS_MAX);
	assert_int_equal(vmlinux_read(fd, &kernel, &why), 0);
	assert_int_equal(kernel.segment_count, VMLINUX_SEGMENTS_MAX);
	write_segments(fd, VMLINUX_SEGMENTS_MAX + 1);
	expect_read_refused(fd, "too many segments");
}

static void expect_make_refused(const char *reason)
{
	assert_int_equal(make(), -ENOEXEC);
	assert_says(reason);
}

static const struct spoiled payload_cases[] = {
	ELF_CASE(e_ident[3], 0, "something else than a 64-bit ELF file"),
	ELF_CASE(e_ident[EI_CLASS], ELFCLASS32, "something else than a 64-bit ELF file"),
	ELF_CASE(e_machine, EM_AARCH64, "something else than a 64-bit ELF file"),
	ELF_CASE(e_phentsize, 32, "damaged ELF file"),
	ELF_CASE(e_phnum, UINT16_MAX, "damaged ELF file"),
	ELF_CASE(e_phnum, 0, "nothing to load"),
	ELF_CASE(e_phoff, MIB(1), "damaged ELF file"),
	ELF_CASE(e_phoff, UINT64_MAX - 8, "damaged ELF file"),
	ELF_CASE(e_shoff, MIB(1), "damaged ELF file"),
	ELF_CASE(e_shoff, UINT64_MAX - 8, "damaged ELF file"),
	ELF_CASE(e_shnum, UINT16_MAX, "damaged ELF file"),
	ELF_CASE(e_shentsize, UINT16_MAX, "damaged ELF file"),
	HEADER_CASE(MAKER_DATA, p_offset, UINT64_MAX - 8, "damaged ELF file"),
	HEADER_CASE(MAKER_DATA, p_offset, MIB(1), "damaged ELF file"),
	HEADER_CASE(MAKER_DATA, p_filesz, UINT64_MAX, "damaged ELF file"),
	HEADER_CASE(MAKER_DATA, p_paddr, MAKER_TEXT_GPA + 0x3008, "damaged ELF file"),
	/* What vmlinux_read() refuses. */
	HEADER_CASE(MAKER_DATA, p_memsz, 0x10, "larger than its memory"),
	HEADER_CASE(MAKER_DATA, p_paddr, MAKER_TEXT_GPA, overlap),
	HEADER_CASE(MAKER_TEXT, p_paddr, 0, no_memory),
	HEADER_CASE(MAKER_INIT, p_paddr, UINT64_MAX - 0xfff, no_memory),
	ELF_CASE(e_entry, MAKER_TEXT_VADDR, entry),
	/* No part of the file has to be in memory, nor has every header to be of one. */
	HEADER_CASE(MAKER_PERCPU, p_memsz, 0, NULL),
	HEADER_CASE(MAKER_PERCPU, p_type, PT_NOTE, NULL),
	HEADER_CASE(MAKER_SEGMENTS, p_offset, UINT64_MAX, NULL),
};

static void make_checks_every_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(payload_cases); i++) {
		const struct spoiled *c = &payload_cases[i];

		make_payload(false);
		memcpy(payload.bytes + c->at, &c->value, c->size);
		if (c->reason) {
			expect_make_refused(c->reason);
		} else {
			_cleanup_close_ int fd = make_good();
			assert_true(fd >= 0);
		}
	}
}

static void make_checks_the_length(void **state)
{
	static const size_t sizes[] = {0, 1, sizeof(Elf64_Ehdr) - 1};

	(void)state;
	payload_make(&payload);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		payload.size = sizes[i];
		expect_make_refused("too short for a kernel");
	}
	payload.size = sizeof(Elf64_Ehdr);
	expect_make_refused("damaged ELF file");
	payload.size = MAKER_SECTIONS_AT;
	expect_make_refused("damaged ELF file");
}

static void make_takes_as_many_segments_as_fit(void **state)
{
	(void)state;
	for (unsigned count = VMLINUX_SEGMENTS_MAX; count <= VMLINUX_SEGMENTS_MAX + 1; count++) {
		payload_make(&payload);
		payload_elf(&payload)->e_phnum = (uint16_t)count;
		for (unsigned i = 0; i < count; i++)
			*payload_header(&payload, i) =
				(Elf64_Phdr){.p_type = PT_LOAD,
					     .p_offset = 0x1000,
					     .p_vaddr = MAKER_TEXT_VADDR + i * 0x1000,
					     .p_paddr = MAKER_TEXT_GPA + i * 0x1000,
					     .p_filesz = 0x1000,
					     .p_memsz = 0x1000};
		if (count > VMLINUX_SEGMENTS_MAX)
			return expect_make_refused("too many segments");
		payload_add_relocs(&payload); /* and all other headers the file can have */
		(void)close(make_good());
		assert_int_equal(kernel.segment_count, count);
		assert_int_equal(kernel.info.size, sizeof(info));
	}
}

static void tables_of_an_unknown_number(void **state)
{
	(void)state;
	for (unsigned count = 1; count < 6; count++) {
		payload_make(&payload);
		for (unsigned i = 0; i < count; i++)
			payload_add_table(&payload, maker_relocs_64, 2);
		if (count == 2 || count == 3) {
			(void)close(make_good());
			assert_true(vmlinux_has_relocs(&kernel));
		} else {
			expect_make_refused("relocations of an unknown form");
		}
	}
}

static void tables_that_are_none(void **state)
{
	(void)state;
	/* Something before the first. */
	payload_make(&payload);
	payload_add_word(&payload, 0x81000010);
	payload_add_relocs(&payload);
	expect_make_refused("relocations of an unknown form");
	/* No zero at all. */
	payload_make(&payload);
	payload_add_word(&payload, 0x81000010);
	expect_make_refused("relocations of an unknown form");
	/* Not whole words. */
	for (size_t more = 1; more < 4; more++) {
		make_payload(true);
		payload.bytes[payload.size] = 1;
		payload.size += more;
		expect_make_refused("relocations of an unknown form");
	}
	/* Less than one word. */
	make_payload(false);
	payload.size += 3;
	expect_make_refused("relocations of an unknown form");
}

/* The usual tables with one more location: of the last kind, or of the first. */
static int make_with_reloc(uint32_t at, bool wide)
{
	payload_make(&payload);
	payload_add_word(&payload, 0);
	payload_add_word(&payload, wide ? at : 0x81000010);
	payload_add_table(&payload, maker_relocs_negative, 1);
	payload_add_word(&payload, 0);
	payload_add_word(&payload, wide ? 0x81000010 : at);
	return make();
}

static void locations_outside_of_the_kernel(void **state)
{
	static const uint32_t outside[] = {0x80ffffff, 0x80000000, 0x81000000 + MAKER_IMAGE_SIZE,
					   0xffffffff, 0x00000004, 0x7fffffff};
	const uint32_t end = (uint32_t)(MAKER_TEXT_VADDR + MAKER_IMAGE_SIZE);

	(void)state;
	for (unsigned wide = 0; wide < 2; wide++) {
		const uint32_t width = wide ? 8 : 4;

		for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
			assert_int_equal(make_with_reloc(outside[i], wide), -ENOEXEC);
			assert_says("has a relocation outside of the kernel");
		}
		assert_int_equal(make_with_reloc(end - width + 1, wide), -ENOEXEC);
		_cleanup_close_ int fd = make_with_reloc(end - width, wide);
		assert_true(fd >= 0);
	}
}

static void a_file_that_cannot_be_written(void **state)
{
	_cleanup_close_ int full = open("/dev/full", O_RDWR | O_CLOEXEC);
	_cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	make_payload(true);
	assert_int_equal(vmlinux_make(payload.bytes, payload.size, info, sizeof(info), full, &why),
			 -ENOSPC);
	assert_says("cannot be written");
	assert_int_equal(vmlinux_make(payload.bytes, payload.size, info, sizeof(info), null, &why),
			 -EBADF);
	assert_says("cannot be written");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_gets_to_its_place),
		cmocka_unit_test(without_sections_it_is_the_same),
		cmocka_unit_test(trailing_zeros_are_not_in_the_file),
		cmocka_unit_test(a_segment_may_be_all_zeros),
		cmocka_unit_test(info_is_kept),
		cmocka_unit_test(no_info_is_no_error),
		cmocka_unit_test(the_offset_is_kept),
		cmocka_unit_test(all_three_kinds_are_moved),
		cmocka_unit_test(words_wrap_alone),
		cmocka_unit_test(two_tables_have_no_negative_ones),
		cmocka_unit_test(tables_may_be_empty),
		cmocka_unit_test(without_tables_nothing_is_moved),
		cmocka_unit_test(long_tables_are_read_whole),
		cmocka_unit_test(no_location_is_outside_of_the_image),
		cmocka_unit_test(a_file_that_becomes_shorter),
		cmocka_unit_test(read_checks_every_field),
		cmocka_unit_test(read_checks_the_length),
		cmocka_unit_test(read_tells_what_cannot_be_read),
		cmocka_unit_test(segments_are_as_many_as_fit),
		cmocka_unit_test(make_checks_every_field),
		cmocka_unit_test(make_checks_the_length),
		cmocka_unit_test(make_takes_as_many_segments_as_fit),
		cmocka_unit_test(tables_of_an_unknown_number),
		cmocka_unit_test(tables_that_are_none),
		cmocka_unit_test(locations_outside_of_the_kernel),
		cmocka_unit_test(a_file_that_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
