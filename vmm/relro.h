/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMM_RELRO_H
#define VMM_RELRO_H

/*
 * Makes read-only what only relocation had to write (PT_GNU_RELRO): tables of functions above all, which
 * somebody who can write to the monitor's memory would like to change. glibc's start does so by itself,
 * musl's of static programs does not. 0, or -errno.
 */
int relro_protect(void);

#endif
