/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/vmlinux_make.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "boot/vmlinux.h"
#include "core/cleanup.h"
#include "core/fds.h"
#include "core/util.h"

#define PAGE_SIZE 0x1000ULL

/* The tables in the payload, each after a zero. Linux 6.15 and newer have no negative ones. */
static const enum vmlinux_reloc three_tables[] = {VMLINUX_RELOC_64, VMLINUX_RELOC_32_NEGATIVE,
						  VMLINUX_RELOC_32};
static const enum vmlinux_reloc two_tables[] = {VMLINUX_RELOC_64, VMLINUX_RELOC_32};

struct making {
	const uint8_t *payload;
	size_t size;
	Elf64_Ehdr elf;
	Elf64_Phdr loads[VMLINUX_SEGMENTS_MAX];
	unsigned load_count;
	uint64_t end; /* of the ELF file in the payload */
	uint64_t text_vaddr;
	uint64_t image_size;                    /* in memory */
	uint32_t *offsets[VMLINUX_RELOC_KINDS]; /* owned */
	size_t counts[VMLINUX_RELOC_KINDS];
	/* The file. */
	Elf64_Phdr headers[VMLINUX_HEADERS_MAX];
	unsigned header_count;
	uint64_t written;
	int fd;
};

static int not_understood(const char **why, const char *text)
{
	*why = text;
	return -ENOEXEC;
}

static void grow_end(struct making *m, uint64_t offset, uint64_t size)
{
	if (offset + size > m->end)
		m->end = offset + size;
}

static int read_elf(struct making *m, const char **why)
{
	if (m->size < sizeof(m->elf))
		return not_understood(why, "unpacks to something too short for a kernel");
	memcpy(&m->elf, m->payload, sizeof(m->elf));
	if (memcmp(m->elf.e_ident, ELFMAG, SELFMAG) != 0 ||
	    m->elf.e_ident[EI_CLASS] != ELFCLASS64 || m->elf.e_machine != EM_X86_64)
		return not_understood(why, "unpacks to something else than a 64-bit ELF file");
	const uint64_t phdrs = (uint64_t)m->elf.e_phnum * sizeof(Elf64_Phdr);
	const uint64_t sections = (uint64_t)m->elf.e_shnum * m->elf.e_shentsize;
	if (m->elf.e_phentsize != sizeof(Elf64_Phdr) ||
	    !range_inside(m->elf.e_phoff, phdrs, 0, m->size) ||
	    (sections && !range_inside(m->elf.e_shoff, sections, 0, m->size)))
		return not_understood(why, "unpacks to a damaged ELF file");
	grow_end(m, m->elf.e_phoff, phdrs);
	if (sections)
		grow_end(m, m->elf.e_shoff, sections);
	return 0;
}

static int read_loads(struct making *m, const char **why)
{
	for (unsigned i = 0; i < m->elf.e_phnum; i++) {
		Elf64_Phdr header;

		memcpy(&header, m->payload + m->elf.e_phoff + i * sizeof(header), sizeof(header));
		if (header.p_type != PT_LOAD || header.p_memsz == 0)
			continue;
		if (m->load_count == VMLINUX_SEGMENTS_MAX)
			return not_understood(why, "unpacks to an ELF file with too many segments");
		if (!range_inside(header.p_offset, header.p_filesz, 0, m->size) ||
		    header.p_paddr % PAGE_SIZE)
			return not_understood(why, "unpacks to a damaged ELF file");
		grow_end(m, header.p_offset, header.p_filesz);
		m->loads[m->load_count++] = header;
	}
	if (m->load_count == 0)
		return not_understood(why, "unpacks to an ELF file with nothing to load");
	const Elf64_Phdr *first = &m->loads[0], *last = &m->loads[m->load_count - 1];
	m->text_vaddr = first->p_vaddr;
	/* Whatever this is if they are out of order: vmlinux_read() will refuse it then. */
	m->image_size = last->p_paddr + last->p_memsz - first->p_paddr;
	return 0;
}

static uint32_t table_word(const struct making *m, size_t i)
{
	uint32_t word;

	memcpy(&word, m->payload + m->end + i * sizeof(word), sizeof(word));
	return word;
}

/* Words are the locations' virtual addresses, sign-extended. */
static int take_table(struct making *m, enum vmlinux_reloc kind, size_t first, size_t count,
		      const char **why)
{
	const uint64_t width = kind == VMLINUX_RELOC_64 ? sizeof(uint64_t) : sizeof(uint32_t);
	uint32_t *offsets = malloc(count ? count * sizeof(*offsets) : 1);

	if (!offsets) {
		*why = "cannot be unpacked";
		return -ENOMEM;
	}
	m->offsets[kind] = offsets;
	m->counts[kind] = count;
	for (size_t i = 0; i < count; i++) {
		const uint64_t at = (uint64_t)(int64_t)(int32_t)table_word(m, first + i);
		const uint64_t offset = at - m->text_vaddr; /* huge if it is below */

		if (offset > UINT32_MAX || !range_inside(offset, width, 0, m->image_size))
			return not_understood(why, "has a relocation outside of the kernel");
		offsets[i] = (uint32_t)offset;
	}
	return 0;
}

/* What follows the ELF file. */
static int read_relocs(struct making *m, const char **why)
{
	const size_t words = (m->size - m->end) / sizeof(uint32_t);
	const enum vmlinux_reloc *kinds = two_tables;
	size_t zeros = 0, next = 0;
	int err = 0;

	if (m->size == m->end)
		return 0; /* a kernel that is not made to be moved */
	for (size_t i = 0; i < words; i++)
		zeros += table_word(m, i) == 0;
	if (zeros == ARRAY_SIZE(three_tables))
		kinds = three_tables;
	else if (zeros != ARRAY_SIZE(two_tables))
		return not_understood(why, "has relocations of an unknown form");
	if ((m->size - m->end) % sizeof(uint32_t) || table_word(m, 0) != 0)
		return not_understood(why, "has relocations of an unknown form");
	for (size_t table = 0; table < zeros && !err; table++) {
		const size_t first = next + 1;

		for (next = first; next < words && table_word(m, next) != 0; next++)
			;
		err = take_table(m, kinds[table], first, next - first, why);
	}
	return err;
}

static int write_part(struct making *m, const void *data, size_t size, uint64_t alignment)
{
	/* Nothing has no place: where it would be on its page, there may be no file any more. */
	if (!size)
		return 0;
	m->written = align_up(m->written, alignment);
	int err = fd_pwrite_all(m->fd, data, size, m->written);
	m->written += size;
	return err;
}

static Elf64_Phdr *add_header(struct making *m, uint32_t type, uint64_t size)
{
	Elf64_Phdr *header = &m->headers[m->header_count++];

	header->p_type = type;
	header->p_filesz = size;
	header->p_offset = m->written - size;
	return header;
}

static uint64_t without_trailing_zeros(const uint8_t *data, uint64_t size)
{
	while (size && data[size - 1] == 0)
		size--;
	return size;
}

/* Segments begin on pages, as they do in memory: so they can be mapped there. */
static int write_loads(struct making *m)
{
	int err = 0;

	for (unsigned i = 0; i < m->load_count && !err; i++) {
		const Elf64_Phdr *load = &m->loads[i];
		const uint8_t *data = m->payload + load->p_offset;
		const uint64_t size = without_trailing_zeros(data, load->p_filesz);

		err = write_part(m, data, size, PAGE_SIZE);
		Elf64_Phdr *header = add_header(m, PT_LOAD, size);
		header->p_vaddr = load->p_vaddr;
		header->p_paddr = load->p_paddr;
		header->p_memsz = load->p_memsz;
		header->p_flags = load->p_flags;
		header->p_align = PAGE_SIZE;
	}
	return err;
}

static int write_file(struct making *m, const void *info, size_t info_size)
{
	Elf64_Ehdr elf = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = m->elf.e_entry,
		.e_phoff = sizeof(elf),
		.e_ehsize = sizeof(elf),
		.e_phentsize = sizeof(Elf64_Phdr),
	};

	m->written = PAGE_SIZE;
	int err = write_loads(m);
	for (unsigned kind = 0; kind < VMLINUX_RELOC_KINDS && !err; kind++) {
		const size_t size = m->counts[kind] * sizeof(uint32_t);

		if (!size)
			continue;
		err = write_part(m, m->offsets[kind], size, PAGE_SIZE);
		(void)add_header(m, VMLINUX_PT_RELOCS + kind, size);
	}
	if (!err) {
		err = write_part(m, info, info_size, PAGE_SIZE);
		(void)add_header(m, VMLINUX_PT_INFO, info_size);
	}
	elf.e_phnum = (uint16_t)m->header_count;
	if (!err)
		err = fd_pwrite_all(m->fd, m->headers, m->header_count * sizeof(*m->headers),
				    sizeof(elf));
	if (!err)
		err = fd_pwrite_all(m->fd, &elf, sizeof(elf), 0);
	return err;
}

int vmlinux_make(const uint8_t *payload, size_t size, const void *info, size_t info_size, int fd,
		 const char **why)
{
	struct making m = {.payload = payload, .size = size, .fd = fd};
	struct vmlinux made;
	int err = read_elf(&m, why);

	if (!err)
		err = read_loads(&m, why);
	if (!err)
		err = read_relocs(&m, why);
	if (!err) {
		*why = "cannot be written unpacked";
		err = write_file(&m, info, info_size);
	}
	for (unsigned kind = 0; kind < VMLINUX_RELOC_KINDS; kind++)
		free(m.offsets[kind]);
	/* What the monitor will refuse is refused now, while there is another way. */
	return err ? err : vmlinux_read(fd, &made, why);
}
