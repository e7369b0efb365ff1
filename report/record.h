/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run's record (core/record.h), read. Times are nanoseconds since the launcher's first stage. What the
 * guest said of itself is not to be trusted: a time outside of the guest's is left out, and a text has no
 * control characters left.
 */
#ifndef REPORT_RECORD_H
#define REPORT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct record_stage {
	char *group; /* "launcher", "monitor", "kernel", "guest", "end" */
	char *name;
	uint64_t start, end;
	uint64_t faults; /* of the monitor, in this stage */
};

/* Something that began and ended within stages: a module's loading, a mount, the initrd's unpacking. */
struct record_detail {
	char *what; /* "module", "mount", "kernel" */
	char *name;
	uint64_t start, end;
};

struct record_point {
	char *name;
	uint64_t at;
};

struct record_exits {
	char *stage; /* its name */
	char *what;  /* "port", "mmio", "kvm" */
	uint64_t address;
	uint64_t count;
};

struct record_initcall {
	char *name;
	uint64_t end, ns;
};

struct record {
	struct record_stage *stages; /* in order, one begins where the other ends */
	size_t stage_count;
	struct record_detail *details;
	size_t detail_count;
	struct record_point *points;
	size_t point_count;
	struct record_exits *exits;
	size_t exits_count;
	struct record_initcall *initcalls; /* in order of their end */
	size_t initcall_count;
	uint64_t total;
	char *kernel, *boot, *command, *memory; /* NULL: not told */
	int status;                             /* of the run; -1: not told */
	uint64_t max_rss;                       /* KiB, of the process and its guest */
	uint64_t faults;
	uint64_t user_us, system_us;
	uint64_t guest_total, guest_free; /* KiB; 0: not told */
};

/* Reads all of it. 0; -ENODATA: no stage; -ENOMEM. record_free() in any case. */
int record_read(struct record *record, FILE *in);

void record_free(struct record *record);
#define _cleanup_record_ __attribute__((cleanup(record_free)))

/* The stage of that name (and group, if not NULL), or NULL. */
const struct record_stage *record_stage(const struct record *record, const char *group,
					const char *name);

/* What is at an address that the guest got out of KVM with; buf is used for what has no name. */
const char *record_exit_name(const struct record_exits *exits, char *buf, size_t size);

/* Is it a request to a 9P server? */
bool record_exit_is_9p(const struct record_exits *exits);
/* Is there no such exit without a timeline? */
bool record_exit_is_timelines(const struct record_exits *exits);

/* When the guest's first instruction was, its command's exec and end, its last store; 0: not known. */
struct record_marks {
	uint64_t entry;
	uint64_t init;
	uint64_t exec;
	uint64_t command_end;
	uint64_t store;
	uint64_t status;
};
struct record_marks record_marks(const struct record *record);

#endif
