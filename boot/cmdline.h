/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel command line of a stock kernel in snug's machine. */
#ifndef BOOT_CMDLINE_H
#define BOOT_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

struct cmdline_options {
	bool verbose;   /* the kernel says all it has to say */
	bool kaslr;     /* unless it is not to be at random addresses */
	bool initcalls; /* the kernel logs how long each of its initcalls takes */
};

/*
 * The items this machine needs, then the caller's own (count strings), which so have the last word,
 * separated by single spaces. Returns a string to be freed, or NULL for lack of memory.
 */
char *cmdline_make(const char *const *append, size_t count, const struct cmdline_options *options);

#endif
