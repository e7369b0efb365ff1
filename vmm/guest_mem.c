/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/guest_mem.h"

#include <errno.h>
#include <sys/mman.h>

#include "core/layout.h"
#include "core/util.h"

#define HUGE_PAGE MIB(2)

/*
 * Zeroed memory at a multiple of HUGE_PAGE. KVM maps a huge page for the guest only where its address
 * in the guest and here are the same below that size; a plain mapping has whatever address is free.
 */
static uint8_t *map_aligned(uint64_t size)
{
	/* NORESERVE: the guest uses what it touches, however much it was offered. */
	uint8_t *all = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint64_t before, after;
	uint8_t *host;

	if (all == MAP_FAILED)
		return NULL;
	before = align_up((uintptr_t)all, HUGE_PAGE) - (uintptr_t)all;
	after = HUGE_PAGE - before;
	host = all + before;
	if (after)
		(void)munmap(host + size, after);
	if (before)
		(void)munmap(all, before);
	return host;
}

int guest_mem_map(struct guest_mem *mem, uint64_t size)
{
	uint64_t low = min_u64(size, LAYOUT_LOW_RAM_END);
	uint8_t *host;

	if (size == 0)
		return -EINVAL;
	host = map_aligned(size);
	if (!host)
		return -errno;
	/* Few faults instead of many, and shorter walks for the guest. A host without them: small ones. */
	(void)madvise(host, size, MADV_HUGEPAGE);
	/* What a monitor that crashes leaves behind must not hold the guest's secrets. */
	(void)madvise(host, size, MADV_DONTDUMP);
	/* Nor the terminal's watcher, whose copy would also make every page the guest writes two. */
	(void)madvise(host, size, MADV_DONTFORK);

	*mem = (struct guest_mem){.size = size, .count = 1};
	mem->regions[0] = (struct guest_mem_region){.gpa = 0, .size = low, .host = host};
	if (size > low) {
		mem->regions[1] = (struct guest_mem_region){
			.gpa = LAYOUT_HIGH_RAM_BASE, .size = size - low, .host = host + low};
		mem->count = 2;
	}
	return 0;
}

void guest_mem_unmap(struct guest_mem *mem)
{
	if (mem->count > 0)
		(void)munmap(mem->regions[0].host, mem->size);
	*mem = (struct guest_mem){0};
}

void *guest_mem_at(const struct guest_mem *mem, uint64_t gpa, uint64_t len)
{
	for (unsigned i = 0; i < mem->count; i++) {
		const struct guest_mem_region *r = &mem->regions[i];

		if (range_inside(gpa, len, r->gpa, r->size))
			return r->host + (gpa - r->gpa);
	}
	return NULL;
}
