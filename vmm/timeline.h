/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the time goes: stages, exits to user space, and what guest-init reports, for a record
 * (core/record.h) that is written at the end. Where none is wanted there is no
 * struct timeline: every function takes NULL, and does nothing.
 */
#ifndef VMM_TIMELINE_H
#define VMM_TIMELINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMELINE_POINTS_MAX 64
#define TIMELINE_EXITS_MAX  256 /* different ones; a power of two */
#define TIMELINE_PHASES     8   /* of the guest: between its marks */

enum exit_kind {
	EXIT_PORT = 1,
	EXIT_MMIO,
	EXIT_KVM, /* address: KVM's exit reason */
};

struct timeline {
	int fd; /* of the record */
	pthread_mutex_t lock;
	unsigned count;
	struct timeline_point {
		const char *name; /* a static text */
		uint64_t ns;
		uint64_t faults;
		bool stage; /* it ends one, or is a point within */
	} points[TIMELINE_POINTS_MAX];
	unsigned phase;
	const char *phases[TIMELINE_PHASES]; /* the names of those that ended */
	uint32_t guest_marks;                /* a bit for each that was seen */
	struct timeline_exit {
		enum exit_kind kind; /* 0: free */
		uint64_t address;
		uint32_t counts[TIMELINE_PHASES];
	} exits[TIMELINE_EXITS_MAX];
	char *guest; /* its report */
	size_t guest_size;
};

/* fd: where the record goes; it stays the caller's. NULL: no memory. */
struct timeline *timeline_new(int fd);
void timeline_free(struct timeline *timeline);

/* The stage called name ("group: name", a static text) ends now. Any thread. Those beyond the maximum are dropped. */
void timeline_stage(struct timeline *timeline, const char *name);

/* Something happened, within a stage. */
void timeline_point(struct timeline *timeline, const char *name);

/* An exit to user space. Any thread of a vCPU, as those below until timeline_write(). */
void timeline_exit(struct timeline *timeline, enum exit_kind kind, uint64_t address);

/*
 * The guest wrote to the mark port: value is an enum snug_mark. Nonsense is ignored, and so is a mark
 * that was seen before, lest the guest take all the room.
 */
void timeline_guest_mark(struct timeline *timeline, uint32_t value);

/* The guest's store that ends the VM. */
void timeline_guest_end(struct timeline *timeline);

/*
 * More of guest-init's report: text, up to a NUL if there is one in its len bytes, which the guest may be
 * changing. Beyond RECORD_GUEST_MAX it is dropped.
 */
void timeline_guest_report(struct timeline *timeline, const char *text, size_t len);

/* Writes the record. The vCPU has stopped. An error is nobody's to tell: what is missing will show. */
void timeline_write(struct timeline *timeline);

#endif
