/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/kaslr.h"

#include "core/util.h"

/* KERNEL_IMAGE_SIZE of kernels with CONFIG_RANDOMIZE_BASE (arch/x86/include/asm/page_64_types.h). */
#define KERNEL_IMAGE_SIZE GIB(1)

/* One of count by 64 random bits; the bias is count in 2^64. */
static uint64_t pick(uint64_t random, uint64_t count)
{
	return (uint64_t)(((unsigned __int128)random * count) >> 64);
}

/* How many aligned places there are for size bytes from start on, one at least, where all end at limit. */
static uint64_t count_slots(uint64_t start, uint64_t size, uint64_t limit, uint64_t alignment)
{
	return limit - start > size ? (limit - start - size) / alignment + 1 : 1;
}

struct kaslr kaslr_none(const struct vmlinux *kernel)
{
	return (struct kaslr){.gpa = kernel->start};
}

struct kaslr kaslr_choose(const struct kernel_image *image, const struct vmlinux *kernel,
			  uint64_t limit, const uint64_t random[2])
{
	const uint64_t alignment = image->header.kernel_alignment;
	const uint64_t size = kernel->end - kernel->start;
	struct kaslr kaslr = kaslr_none(kernel);

	if (!image->header.relocatable_kernel || !vmlinux_has_relocs(kernel))
		return kaslr;
	kaslr.random = true;
	kaslr.gpa +=
		alignment * pick(random[0], count_slots(kernel->start, size, limit, alignment));
	/* The image is linked to its physical address from the start of the gigabyte. */
	if (kernel->end < KERNEL_IMAGE_SIZE)
		kaslr.distance =
			alignment * pick(random[1], count_slots(kernel->start, size,
								KERNEL_IMAGE_SIZE, alignment));
	return kaslr;
}
