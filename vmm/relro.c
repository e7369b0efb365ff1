/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/relro.h"

#include <errno.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of a static program there is only itself to visit. */
static int protect(struct dl_phdr_info *info, size_t size, void *data)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)data;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		const uintptr_t start = info->dlpi_addr + segment->p_vaddr;
		/* What shares its last page is written to: the linker pads to the end of it. */
		const uintptr_t first = start & ~(page - 1);
		const uintptr_t end = (start + segment->p_memsz) & ~(page - 1);

		if (segment->p_type == PT_GNU_RELRO && end > first &&
		    mprotect((void *)first, end - first, PROT_READ) < 0)
			return -errno;
	}
	return 0;
}

int relro_protect(void)
{
	return dl_iterate_phdr(protect, NULL);
}
