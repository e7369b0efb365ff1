/* SPDX-License-Identifier: Apache-2.0 */
/* Placing an unpacked kernel: the monitor's half of boot/vmlinux.h. */
#include <errno.h>
#include <string.h>

#include "boot/parallel_read.h"
#include "boot/vmlinux.h"
#include "core/fds.h"
#include "core/util.h"

/* Words of a table that are read at once. */
#define RELOCS_AT_ONCE 4096

void vmlinux_load_begin(struct parallel_read *reading, int fd, const struct vmlinux *kernel,
			uint8_t *image)
{
	struct read_part parts[VMLINUX_SEGMENTS_MAX];

	for (unsigned i = 0; i < kernel->segment_count; i++) {
		const struct vmlinux_segment *segment = &kernel->segments[i];

		parts[i] = (struct read_part){
			.to = image + (segment->gpa - kernel->start),
			.offset = segment->file.offset,
			.size = segment->file.size,
		};
	}
	parallel_read_begin(reading, fd, parts, kernel->segment_count, parallel_read_helpers());
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
