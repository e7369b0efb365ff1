/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the file that boot/vmlinux.h reads of what a bzImage's payload unpacks to: an ELF executable,
 * followed by its relocation table if it has one (Linux, arch/x86/tools/relocs.c, emit_relocs()).
 * Trailing zeros of a segment (.bss, which the payload holds) and the sections are left out.
 */
#ifndef BOOT_VMLINUX_MAKE_H
#define BOOT_VMLINUX_MAKE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes to fd, from its start, what size bytes at payload are; info (info_size bytes) becomes its
 * VMLINUX_PT_INFO part. 0, or -errno with *why set to a static text that completes "FILE ..." (-ENOEXEC:
 * not a kernel that snug can place; anything else: fd could not be written).
 */
int vmlinux_make(const uint8_t *payload, size_t size, const void *info, size_t info_size, int fd,
		 const char **why);

#endif
