/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the time goes: points in time (CLOCK_MONOTONIC, ns) in the order they are passed, each the end
 * of the stage it names. The launcher's come in by --stage, the guest's through the mark port.
 */
#ifndef VMM_TIMELINE_H
#define VMM_TIMELINE_H

#include <pthread.h>
#include <stdint.h>

#define TIMELINE_POINTS_MAX 32

struct timeline {
	pthread_mutex_t lock;
	unsigned count;
	uint32_t guest_marks; /* a bit for each that was seen */
	struct timeline_point {
		const char *stage; /* a static text, or part of argv */
		uint64_t ns;
	} points[TIMELINE_POINTS_MAX];
};

void timeline_init(struct timeline *timeline);

/* The stage ends now. Points beyond the maximum are dropped. Any thread. */
void timeline_mark(struct timeline *timeline, const char *stage);
void timeline_mark_at(struct timeline *timeline, const char *stage, uint64_t ns);

/*
 * The guest wrote to the mark port: value is an enum snug_mark. Nonsense is ignored, and so is a mark
 * that was seen before, lest the guest take all the points.
 */
void timeline_guest_mark(struct timeline *timeline, uint32_t value);

/* Exits to user space, by reason. */
struct exit_counts {
	uint64_t mmio;
	uint64_t ports;
	uint64_t other;
};

/* A table on fd: milliseconds since the first point, of the stage, and the stage; and the exits. */
void timeline_print(struct timeline *timeline, const struct exit_counts *exits, int fd);

#endif
