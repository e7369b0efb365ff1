/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of a file into guest memory, by several threads: for a kernel of 30 MB that is most of what the
 * monitor does before the guest runs, and half of that is the host's kernel making memory.
 */
#ifndef BOOT_PARALLEL_READ_H
#define BOOT_PARALLEL_READ_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#define READ_PARTS_MAX   8
#define READ_HELPERS_MAX 3

struct read_part {
	uint8_t *to;
	uint64_t offset; /* in the file */
	uint64_t size;   /* bytes */
};

/* As many helpers as do good on this host: none where there is one processor. */
unsigned parallel_read_helpers(void);

struct parallel_read {
	int fd;
	struct read_part parts[READ_PARTS_MAX];
	unsigned count;
	_Atomic unsigned next; /* piece */
	_Atomic int error;
	pthread_t helpers[READ_HELPERS_MAX];
	unsigned started;
};

/*
 * Has that many other threads begin to read all parts, at most READ_PARTS_MAX that do not overlap; fewer, if there
 * cannot be as many. reading stays where it is until parallel_read_finish(), which must follow unless
 * the process ends.
 */
void parallel_read_begin(struct parallel_read *reading, int fd, const struct read_part *parts,
			 unsigned count, unsigned helpers);

/*
 * Reads with them what is left. 0, or -errno of the first read that failed (-ENODATA: the file is too
 * short). No thread is left when it returns.
 */
int parallel_read_finish(struct parallel_read *reading);

#endif
