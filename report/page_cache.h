/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are not to be in memory when a run starts. */
#ifndef REPORT_PAGE_CACHE_H
#define REPORT_PAGE_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "launcher/strlist.h"

/* What was done; for the report. */
struct page_cache_drop {
	size_t files; /* whose pages the kernel was asked to drop (posix_fadvise), after fdatasync */
	bool all;     /* it dropped all it could, directories as well (drop_caches) */
};

/*
 * The files, and those in dir (NULL: none), by posix_fadvise; and by /proc/sys/vm/drop_caches, where this
 * process may write there. What is not there, or not readable, is left out.
 */
void page_cache_drop(const struct strlist *files, const char *dir, struct page_cache_drop *drop);

#endif
