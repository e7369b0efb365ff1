/* SPDX-License-Identifier: Apache-2.0 */
/* What finding an entry of the initrd cache and making one share: the form of its list. */
#ifndef BOOT_INITRD_LIST_H
#define BOOT_INITRD_LIST_H

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define INITRD_LIST          "snug.modules" /* without the slash, as archives have it */
#define INITRD_LIST_MAX      0x10000
#define INITRD_LIST_HEAD_MAX 512

/*
 * The first line: size and time of change of the entry, in as many digits whatever they are, so that
 * they can be filled in last, and what was needed. 0 or -ENAMETOOLONG.
 */
static inline int initrd_list_head(char head[INITRD_LIST_HEAD_MAX], const char *const needs[],
				   const struct stat *st)
{
	int n = snprintf(head, INITRD_LIST_HEAD_MAX, "snug-initrd-1 %020lld %020lld.%09ld",
			 (long long)st->st_size, (long long)st->st_mtim.tv_sec,
			 st->st_mtim.tv_nsec);

	for (; *needs && n < INITRD_LIST_HEAD_MAX; needs++)
		n += snprintf(head + n, INITRD_LIST_HEAD_MAX - (size_t)n, " %s", *needs);
	if (n < INITRD_LIST_HEAD_MAX)
		n += snprintf(head + n, INITRD_LIST_HEAD_MAX - (size_t)n, "\n");
	return n < INITRD_LIST_HEAD_MAX ? 0 : -ENAMETOOLONG;
}

#endif
