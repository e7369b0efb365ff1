/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guest-init reported (core/abi.h, SNUG_PORT_REPORT): its own steps, and the kernel's log, from
 * which the kernel's stages are read. The guest's clocks are brought to the record's by what they showed
 * at SNUG_MARK_REPORT.
 */
#ifndef REPORT_GUEST_LOG_H
#define REPORT_GUEST_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct record;

/* The kernel's stage that ends with guest-init's first instruction. */
#define GUEST_LOG_LAST_STAGE "exec of /init"

struct guest_log {
	struct guest_line {
		uint64_t time; /* of the guest's clock: ns */
		char *text;
	} * notes, *kernel;
	size_t note_count, kernel_count;
	uint64_t clock;      /* CLOCK_MONOTONIC at the mark; 0: not told */
	uint64_t kernel_now; /* the kernel's clock at the mark */
	bool has_kernel_now;
	/*
	 * Between its start and its first timer interrupts the kernel's clock stands still; once it knows how
	 * long that was it says so ("sched_clock: Marking stable"), but never makes up for it.
	 */
	uint64_t kernel_lost;
	uint64_t memory_total, memory_free; /* KiB */
};

/* A line of the report. 0 or -ENOMEM; nonsense is left out. */
int guest_log_add(struct guest_log *log, const char *line);

/* Puts what it has into the record: stages of the kernel in place of one, details, initcalls. 0 or -ENOMEM. */
int guest_log_apply(struct guest_log *log, struct record *record);

void guest_log_free(struct guest_log *log);

#endif
