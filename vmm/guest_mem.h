/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest RAM, and the one door to it: whatever address the guest names goes through guest_mem_at(),
 * which checks address and length against RAM in one piece, without wrapping.
 *
 * The memory is the guest's to change at any moment. Copy what you check, then check the copy.
 */
#ifndef VMM_GUEST_MEM_H
#define VMM_GUEST_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUEST_MEM_REGIONS_MAX 2

struct guest_mem {
	struct guest_mem_region {
		uint64_t gpa;
		uint64_t size; /* bytes */
		uint8_t *host;
	} regions[GUEST_MEM_REGIONS_MAX];
	unsigned count;
	uint64_t size; /* bytes, all regions; one mapping, in order */
};

/*
 * Maps size bytes (page-aligned) of zeroed memory, laid out as core/layout.h says: from 0 up to the
 * device hole, the rest from 4 GiB. 0, or -errno. guest_mem_unmap() after all its users are gone.
 */
int guest_mem_map(struct guest_mem *mem, uint64_t size);
void guest_mem_unmap(struct guest_mem *mem);

/* The host address of [gpa, gpa+len), or NULL unless all of it is RAM in one region. */
void *guest_mem_at(const struct guest_mem *mem, uint64_t gpa, uint64_t len);

#endif
