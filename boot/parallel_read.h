/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of a file into guest memory, by several threads: for a kernel of 30 MB that is most of what the
 * monitor does before the guest runs, and half of that is the host's kernel making memory.
 */
#ifndef BOOT_PARALLEL_READ_H
#define BOOT_PARALLEL_READ_H

#include <stdint.h>

struct read_part {
	uint8_t *to;
	uint64_t offset; /* in the file */
	uint64_t size;   /* bytes */
};

/* As many helpers as do good on this host: none where there is one processor. */
unsigned parallel_read_helpers(void);

/*
 * Reads all parts, which do not overlap, with that many threads beside this one (fewer, if there cannot be
 * as many). 0, or -errno of the first read that failed (-ENODATA: the file is too short). No thread is
 * left when it returns.
 */
int parallel_read(int fd, const struct read_part *parts, unsigned count, unsigned helpers);

#endif
