/* SPDX-License-Identifier: Apache-2.0 */
/* --pids, --overlay-size and --hostname, checked as far as the words go. Part of struct options. */
#ifndef LAUNCHER_LIMIT_OPTIONS_H
#define LAUNCHER_LIMIT_OPTIONS_H

#include <stdint.h>

/* How much may be written to each throw-away place; at most one is not 0, and if both are: the kernel's own. */
struct overlay_size {
	uint64_t bytes;
	unsigned percent; /* of the VM's memory */
};

/* Each: 0, or -EINVAL after having logged one line. */
int pids_option_parse(const char *value, unsigned *pids);
int overlay_size_option_parse(const char *value, struct overlay_size *size);
int hostname_option_check(const char *value);

#endif
