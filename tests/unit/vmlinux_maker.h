/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made-up kernels: what the payload of a bzImage unpacks to (an ELF file, then its relocations),
 * valid in every field, for tests to unpack or to spoil; and a bzImage around it.
 */
#ifndef TESTS_UNIT_VMLINUX_MAKER_H
#define TESTS_UNIT_VMLINUX_MAKER_H

#include "tests/unit/packers.h"

#include <elf.h>

#include "core/util.h"
#include "tests/unit/bzimage.h"

#define MAKER_TEXT_VADDR 0xffffffff81000000ULL
#define MAKER_TEXT_GPA   0x1000000ULL
#define MAKER_END_GPA    0x100a000ULL
#define MAKER_IMAGE_SIZE (MAKER_END_GPA - MAKER_TEXT_GPA)
#define MAKER_ENTRY      0x40ULL /* from the text's start */

/* The segments, as Linux has them. Their offsets in the image are those of their addresses. */
enum maker_segment {
	MAKER_TEXT,
	MAKER_DATA,
	MAKER_PERCPU,
	MAKER_INIT, /* with .bss: zeros in the payload, and more in memory */
	MAKER_SEGMENTS,
};

static const struct maker_part {
	uint64_t vaddr, gpa;
	uint64_t offset; /* in the payload */
	uint64_t file_size, memory_size;
	uint64_t zeros; /* of the file's bytes, the last ones */
} maker_parts[MAKER_SEGMENTS] = {
	{MAKER_TEXT_VADDR, MAKER_TEXT_GPA, 0x1000, 0x2345, 0x2345, 0},
	{MAKER_TEXT_VADDR + 0x3000, MAKER_TEXT_GPA + 0x3000, 0x4000, 0x1000, 0x1000, 0x600},
	{0, MAKER_TEXT_GPA + 0x4000, 0x5000, 0x800, 0x800, 0},
	{MAKER_TEXT_VADDR + 0x5000, MAKER_TEXT_GPA + 0x5000, 0x6000, 0x2000, 0x5000, 0x1800},
};

/* Behind the segments' headers, one of a type that nobody loads. */
#define MAKER_HEADERS     (MAKER_SEGMENTS + 1)
#define MAKER_SECTIONS    3
#define MAKER_SECTIONS_AT 0x8000ULL

struct payload {
	_Alignas(8) uint8_t bytes[0x20000];
	size_t size;
};

static inline Elf64_Ehdr *payload_elf(struct payload *payload)
{
	return (Elf64_Ehdr *)payload->bytes;
}

static inline Elf64_Phdr *payload_header(struct payload *payload, unsigned i)
{
	return (Elf64_Phdr *)(payload->bytes + sizeof(Elf64_Ehdr)) + i;
}

/* The ELF file alone, as of a kernel that is not made to be moved. */
static inline void payload_make(struct payload *payload)
{
	memset(payload, 0, sizeof(*payload));
	*payload_elf(payload) = (Elf64_Ehdr){
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = MAKER_TEXT_GPA + MAKER_ENTRY,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_shoff = MAKER_SECTIONS_AT,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = MAKER_HEADERS,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = MAKER_SECTIONS,
	};
	for (unsigned i = 0; i < MAKER_SEGMENTS; i++) {
		const struct maker_part *part = &maker_parts[i];

		*payload_header(payload, i) = (Elf64_Phdr){
			.p_type = PT_LOAD,
			.p_offset = part->offset,
			.p_vaddr = part->vaddr,
			.p_paddr = part->gpa,
			.p_filesz = part->file_size,
			.p_memsz = part->memory_size,
			.p_align = 0x1000,
		};
		for (uint64_t at = 0; at < part->file_size - part->zeros; at++)
			payload->bytes[part->offset + at] = (uint8_t)(1 + (at * 31 + i * 7) % 255);
	}
	*payload_header(payload, MAKER_SEGMENTS) =
		(Elf64_Phdr){.p_type = PT_NOTE, .p_offset = 0x1100, .p_filesz = 0x24};
	payload->size = MAKER_SECTIONS_AT + MAKER_SECTIONS * sizeof(Elf64_Shdr);
}

/* The same without sections: it ends with its last segment. */
static inline void payload_drop_sections(struct payload *payload)
{
	payload_elf(payload)->e_shnum = 0;
	payload_elf(payload)->e_shoff = 0;
	payload->size = maker_parts[MAKER_INIT].offset + maker_parts[MAKER_INIT].file_size;
}

static inline void payload_add_word(struct payload *payload, uint32_t word)
{
	assert_true(payload->size + sizeof(word) <= sizeof(payload->bytes));
	memcpy(payload->bytes + payload->size, &word, sizeof(word));
	payload->size += sizeof(word);
}

/* A table of relocations: a zero, then each location (an offset in the image) by its address. */
static inline void payload_add_table(struct payload *payload, const uint32_t *offsets, size_t count)
{
	payload_add_word(payload, 0);
	for (size_t i = 0; i < count; i++)
		payload_add_word(payload, (uint32_t)(MAKER_TEXT_VADDR + offsets[i]));
}

/* Locations of each kind, aligned and not; none shares a byte with another. */
static const uint32_t maker_relocs_64[] = {0x10, 0x101, 0x3008, 0x5000};
static const uint32_t maker_relocs_32[] = {0x200, 0x303, 0x2341};
static const uint32_t maker_relocs_negative[] = {0x4010, 0x4021};

/* All three tables, as up to Linux 6.14. */
static inline void payload_add_relocs(struct payload *payload)
{
	payload_add_table(payload, maker_relocs_64, ARRAY_SIZE(maker_relocs_64));
	payload_add_table(payload, maker_relocs_negative, ARRAY_SIZE(maker_relocs_negative));
	payload_add_table(payload, maker_relocs_32, ARRAY_SIZE(maker_relocs_32));
}

/* What the image has to be in memory, before it is moved. */
static inline void payload_image(const struct payload *payload, uint8_t image[MAKER_IMAGE_SIZE])
{
	memset(image, 0, MAKER_IMAGE_SIZE);
	for (unsigned i = 0; i < MAKER_SEGMENTS; i++)
		memcpy(image + (maker_parts[i].gpa - MAKER_TEXT_GPA),
		       payload->bytes + maker_parts[i].offset, maker_parts[i].file_size);
}

/* --- a bzImage around it ---------------------------------------------------------------------- */

#define PACKED_AT 0x400 /* in the code */

struct packed_kernel {
	uint8_t bytes[BZIMAGE_SETUP_SIZE + PACKED_AT + 0x40000];
	size_t size;
	size_t payload_size;
};

/* The header in place, as bzimage_header(). */
static inline struct setup_header *packed_header(struct packed_kernel *kernel)
{
	return (struct setup_header *)(kernel->bytes + BZIMAGE_HEADER);
}

static inline uint8_t *packed_payload(struct packed_kernel *kernel)
{
	return kernel->bytes + BZIMAGE_SETUP_SIZE + PACKED_AT;
}

/* Has the header say what is there: size bytes of payload, and code to the end of a paragraph. */
static inline void packed_resize(struct packed_kernel *kernel, size_t size)
{
	const size_t code = (size_t)align_up(PACKED_AT + size, 16);

	kernel->payload_size = size;
	kernel->size = BZIMAGE_SETUP_SIZE + code;
	packed_header(kernel)->payload_length = (uint32_t)size;
	packed_header(kernel)->syssize = (uint32_t)(code / 16);
}

/* The last word of the payload: how large it is unpacked. */
static inline void packed_say_size(struct packed_kernel *kernel, uint32_t size)
{
	memcpy(packed_payload(kernel) + kernel->payload_size - sizeof(size), &size, sizeof(size));
}

/* As arch/x86/boot/compressed/Makefile does: gzip has the size in its own format. */
static inline void packed_make(struct packed_kernel *kernel, pack_fn pack, const void *data,
			       size_t size)
{
	static struct bzimage bz;

	bzimage_make(&bz);
	memset(kernel, 0, sizeof(*kernel));
	memcpy(kernel->bytes, bz.bytes, BZIMAGE_SETUP_SIZE + PACKED_AT);
	const size_t room = sizeof(kernel->bytes) - BZIMAGE_SETUP_SIZE - PACKED_AT - 16;
	const size_t packed = pack(data, size, packed_payload(kernel), room);
	packed_resize(kernel, packed + (pack == pack_gzip ? 0 : sizeof(uint32_t)));
	packed_say_size(kernel, (uint32_t)size);
}

#endif
