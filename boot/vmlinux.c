/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/vmlinux.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/fds.h"
#include "core/layout.h"
#include "core/util.h"

#define PAGE_SIZE 0x1000ULL

/* Words of a table that are read at once. */
#define RELOCS_AT_ONCE 4096

static int damaged(const char **why, const char *text)
{
	*why = text;
	return -ENOEXEC;
}

static bool is_kernel_elf(const Elf64_Ehdr *elf)
{
	return memcmp(elf->e_ident, ELFMAG, SELFMAG) == 0 && elf->e_ident[EI_CLASS] == ELFCLASS64 &&
	       elf->e_ident[EI_DATA] == ELFDATA2LSB && elf->e_type == ET_EXEC &&
	       elf->e_machine == EM_X86_64 && elf->e_phentsize == sizeof(Elf64_Phdr);
}

static int add_segment(struct vmlinux *kernel, const Elf64_Phdr *header, const char **why)
{
	if (header->p_memsz == 0)
		return 0;
	if (kernel->segment_count == VMLINUX_SEGMENTS_MAX)
		return damaged(why, "has too many segments");
	if (header->p_filesz > header->p_memsz)
		return damaged(why, "has a segment that is larger than its memory");
	if (header->p_paddr < LAYOUT_HIMEM ||
	    !range_inside(header->p_paddr, header->p_memsz, 0, LAYOUT_LOW_RAM_END))
		return damaged(why, "has a segment where the machine has no memory");
	if (kernel->segment_count && header->p_paddr < kernel->end)
		return damaged(why, "has segments that overlap or are out of order");
	if (!kernel->segment_count)
		kernel->start = header->p_paddr;
	kernel->end = header->p_paddr + header->p_memsz;
	kernel->segments[kernel->segment_count++] = (struct vmlinux_segment){
		.file = {header->p_offset, header->p_filesz},
		.gpa = header->p_paddr,
	};
	return 0;
}

static int add_header(struct vmlinux *kernel, const Elf64_Phdr *header, uint64_t file_size,
		      const char **why)
{
	const struct vmlinux_part part = {header->p_offset, header->p_filesz};
	const uint32_t kind = header->p_type - VMLINUX_PT_RELOCS;

	if (header->p_type != PT_LOAD && kind >= VMLINUX_RELOC_KINDS &&
	    header->p_type != VMLINUX_PT_INFO)
		return 0;
	if (!range_inside(part.offset, part.size, 0, file_size))
		return damaged(why, "is shorter than its headers say");
	if (header->p_type == PT_LOAD)
		return add_segment(kernel, header, why);
	if (header->p_type == VMLINUX_PT_INFO) {
		kernel->info = part;
		return 0;
	}
	if (part.size % sizeof(uint32_t))
		return damaged(why, "has relocations that are cut off");
	kernel->relocs[kind] = part;
	return 0;
}

static int check_whole(const struct vmlinux *kernel, const char **why)
{
	if (kernel->segment_count == 0)
		return damaged(why, "has nothing to load");
	if (kernel->start % PAGE_SIZE)
		return damaged(why, "does not begin on a page");
	for (unsigned i = 0; i < kernel->segment_count; i++) {
		const struct vmlinux_segment *segment = &kernel->segments[i];

		if (range_inside(kernel->entry, 1, segment->gpa, segment->file.size))
			return 0;
	}
	return damaged(why, "has an entry point outside of its code");
}

static int read_error(int err, const char **why)
{
	*why = err == -ENODATA ? "became shorter while it was read" : "cannot be read";
	return err;
}

int vmlinux_read(int fd, struct vmlinux *kernel, const char **why)
{
	Elf64_Phdr headers[VMLINUX_HEADERS_MAX];
	Elf64_Ehdr elf;
	struct stat st;
	int r;

	*kernel = (struct vmlinux){0};
	if (fstat(fd, &st) < 0)
		return read_error(-errno, why);
	r = fd_pread_all(fd, &elf, sizeof(elf), 0);
	if (r == -ENODATA)
		return damaged(why, "is not a kernel: it is too short");
	if (r < 0)
		return read_error(r, why);
	if (!is_kernel_elf(&elf))
		return damaged(why, "is not a kernel: not an ELF file for x86-64");
	if (elf.e_phnum > VMLINUX_HEADERS_MAX)
		return damaged(why, "has too many segments");
	if (!range_inside(elf.e_phoff, elf.e_phnum * sizeof(*headers), 0, (uint64_t)st.st_size))
		return damaged(why, "is shorter than its headers say");
	r = fd_pread_all(fd, headers, elf.e_phnum * sizeof(*headers), elf.e_phoff);
	if (r < 0)
		return read_error(r, why);

	kernel->entry = elf.e_entry;
	for (unsigned i = 0; i < elf.e_phnum && r == 0; i++)
		r = add_header(kernel, &headers[i], (uint64_t)st.st_size, why);
	return r < 0 ? r : check_whole(kernel, why);
}

bool vmlinux_has_relocs(const struct vmlinux *kernel)
{
	for (unsigned kind = 0; kind < VMLINUX_RELOC_KINDS; kind++) {
		if (kernel->relocs[kind].size)
			return true;
	}
	return false;
}

int vmlinux_load(int fd, const struct vmlinux *kernel, uint8_t *image)
{
	int r = 0;

	for (unsigned i = 0; i < kernel->segment_count && r == 0; i++) {
		const struct vmlinux_segment *segment = &kernel->segments[i];

		r = fd_pread_all(fd, image + (segment->gpa - kernel->start), segment->file.size,
				 segment->file.offset);
	}
	return r;
}

static void add_64(uint8_t *at, uint64_t distance)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	value += distance;
	memcpy(at, &value, sizeof(value));
}

static void add_32(uint8_t *at, uint32_t distance)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	value += distance;
	memcpy(at, &value, sizeof(value));
}

/* Offsets of one kind. size: of the image. */
static int relocate(const uint32_t *offsets, size_t count, enum vmlinux_reloc kind, uint8_t *image,
		    uint64_t size, uint64_t distance)
{
	const uint64_t width = kind == VMLINUX_RELOC_64 ? sizeof(uint64_t) : sizeof(uint32_t);
	const uint32_t low = (uint32_t)distance;

	if (size < width)
		return -ENOEXEC;
	for (size_t i = 0; i < count; i++) {
		if (offsets[i] > size - width)
			return -ENOEXEC;
		if (kind == VMLINUX_RELOC_64)
			add_64(image + offsets[i], distance);
		else
			add_32(image + offsets[i], kind == VMLINUX_RELOC_32 ? low : -low);
	}
	return 0;
}

int vmlinux_relocate(int fd, const struct vmlinux *kernel, uint8_t *image, uint64_t distance)
{
	uint32_t offsets[RELOCS_AT_ONCE];
	int r = 0;

	for (unsigned kind = 0; kind < VMLINUX_RELOC_KINDS; kind++) {
		struct vmlinux_part left = kernel->relocs[kind];

		while (left.size && r == 0) {
			const uint64_t now = min_u64(left.size, sizeof(offsets));

			r = fd_pread_all(fd, offsets, now, left.offset);
			if (r == 0)
				r = relocate(offsets, now / sizeof(*offsets),
					     (enum vmlinux_reloc)kind, image,
					     kernel->end - kernel->start, distance);
			left.offset += now;
			left.size -= now;
		}
	}
	return r;
}
