/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "core/abi.h"
#include "core/fds.h"
#include "core/record.h"
#include "core/util.h"

struct timeline *timeline_new(int fd)
{
	struct timeline *timeline = calloc(1, sizeof(*timeline));

	if (!timeline)
		return NULL;
	timeline->fd = fd;
	(void)pthread_mutex_init(&timeline->lock, NULL);
	return timeline;
}

void timeline_free(struct timeline *timeline)
{
	if (timeline)
		free(timeline->guest);
	free(timeline);
}

static struct timeline_point point_now(const char *name, bool stage)
{
	struct timespec now;
	struct rusage usage;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)getrusage(RUSAGE_SELF, &usage);
	return (struct timeline_point){
		.name = name,
		.ns = (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec,
		.faults = (uint64_t)(usage.ru_minflt + usage.ru_majflt),
		.stage = stage,
	};
}

/* With the lock. */
static void add_locked(struct timeline *timeline, const struct timeline_point *point)
{
	if (timeline->count < TIMELINE_POINTS_MAX)
		timeline->points[timeline->count++] = *point;
}

static void add(struct timeline *timeline, const char *name, bool stage)
{
	struct timeline_point point;

	if (!timeline)
		return;
	point = point_now(name, stage);
	(void)pthread_mutex_lock(&timeline->lock);
	add_locked(timeline, &point);
	(void)pthread_mutex_unlock(&timeline->lock);
}

void timeline_stage(struct timeline *timeline, const char *name)
{
	add(timeline, name, true);
}

void timeline_point(struct timeline *timeline, const char *name)
{
	add(timeline, name, false);
}

/* With the lock. */
static void count_exit(struct timeline *timeline, enum exit_kind kind, uint64_t address)
{
	/* Registers and ports are a few bytes apart: the low bits tell them from one another. */
	size_t at = (size_t)(address ^ (address >> 12) ^ ((uint64_t)kind << 6));

	for (unsigned i = 0; i < TIMELINE_EXITS_MAX; i++) {
		struct timeline_exit *exit = &timeline->exits[(at + i) % TIMELINE_EXITS_MAX];

		if (!exit->kind) {
			exit->kind = kind;
			exit->address = address;
		}
		if (exit->kind == kind && exit->address == address) {
			exit->counts[timeline->phase]++;
			return;
		}
	}
}

void timeline_exit(struct timeline *timeline, enum exit_kind kind, uint64_t address)
{
	if (!timeline)
		return;
	(void)pthread_mutex_lock(&timeline->lock);
	count_exit(timeline, kind, address);
	(void)pthread_mutex_unlock(&timeline->lock);
}

/* With the lock. */
static void end_phase(struct timeline *timeline, const char *name)
{
	const struct timeline_point point = point_now(name, true);

	add_locked(timeline, &point);
	timeline->phases[timeline->phase] = name;
	if (timeline->phase < TIMELINE_PHASES - 1)
		timeline->phase++;
}

void timeline_guest_mark(struct timeline *timeline, uint32_t value)
{
	static const char *const stages[] = {
		[SNUG_MARK_INIT] = "guest: kernel",
		[SNUG_MARK_MODULES] = "guest: modules",
		[SNUG_MARK_MOUNTS] = "guest: mounts",
		[SNUG_MARK_EXEC] = "guest: network, streams",
		[SNUG_MARK_EXIT] = "guest: the command",
		[SNUG_MARK_REPORT] = "guest: rest of the output",
	};
	uint32_t bit = value < ARRAY_SIZE(stages) ? 1U << value : 0;

	if (!timeline || !bit || !stages[value])
		return;
	(void)pthread_mutex_lock(&timeline->lock);
	if (!(timeline->guest_marks & bit)) {
		timeline->guest_marks |= bit;
		end_phase(timeline, stages[value]);
	}
	(void)pthread_mutex_unlock(&timeline->lock);
}

void timeline_guest_end(struct timeline *timeline)
{
	if (!timeline)
		return;
	(void)pthread_mutex_lock(&timeline->lock);
	end_phase(timeline, timeline->guest_size ? "guest: report for this timeline"
						 : "guest: rest of the output");
	(void)pthread_mutex_unlock(&timeline->lock);
}

/* With the lock. */
static void add_report(struct timeline *timeline, const char *text, size_t len)
{
	char *guest;

	if (timeline->guest_size + len > RECORD_GUEST_MAX)
		return;
	guest = realloc(timeline->guest, timeline->guest_size + len);
	if (!guest)
		return;
	timeline->guest = guest;
	memcpy(guest + timeline->guest_size, text, len);
	timeline->guest_size += strnlen(guest + timeline->guest_size, len);
}

void timeline_guest_report(struct timeline *timeline, const char *text, size_t len)
{
	if (!timeline)
		return;
	(void)pthread_mutex_lock(&timeline->lock);
	add_report(timeline, text, len);
	(void)pthread_mutex_unlock(&timeline->lock);
}

static void write_exits(const struct timeline *timeline, FILE *out)
{
	static const char *const kinds[] = {
		[EXIT_PORT] = "port",
		[EXIT_MMIO] = "mmio",
		[EXIT_KVM] = "kvm",
	};

	for (unsigned i = 0; i < TIMELINE_EXITS_MAX; i++) {
		const struct timeline_exit *exit = &timeline->exits[i];

		for (unsigned phase = 0; phase < TIMELINE_PHASES; phase++)
			if (exit->counts[phase])
				(void)fprintf(out, "exits %s\t%s %llx %u\n",
					      timeline->phases[phase] ? timeline->phases[phase]
								      : "guest: end",
					      kinds[exit->kind], (unsigned long long)exit->address,
					      exit->counts[phase]);
	}
}

static void write_guest(const struct timeline *timeline, FILE *out)
{
	bool new_line = true;

	for (size_t i = 0; i < timeline->guest_size; i++) {
		const char c = timeline->guest[i];

		if (new_line && c != '\n')
			(void)fputs("guest ", out);
		if (!new_line || c != '\n')
			(void)fputc(c == '\0' ? '?' : c, out);
		new_line = c == '\n';
	}
	if (!new_line)
		(void)fputc('\n', out);
}

static void write_point(const struct timeline_point *point, FILE *out)
{
	if (point->stage)
		(void)fprintf(out, "stage %llu %llu %s\n", (unsigned long long)point->ns,
			      (unsigned long long)point->faults, point->name);
	else
		(void)fprintf(out, "point %llu %s\n", (unsigned long long)point->ns, point->name);
}

void timeline_write(struct timeline *timeline)
{
	struct timeline_point last;
	char *text = NULL;
	size_t size = 0;
	FILE *out;

	if (!timeline)
		return;
	/* Made in memory: a few calls, whatever the guest had to say. */
	out = open_memstream(&text, &size);
	if (!out)
		return;
	for (unsigned i = 0; i < timeline->count; i++)
		write_point(&timeline->points[i], out);
	write_exits(timeline, out);
	write_guest(timeline, out);
	if (fflush(out) == 0)
		(void)fd_write_all(timeline->fd, text, size);
	const size_t written = size;
	last = point_now("end: record for this timeline", true);
	write_point(&last, out);
	if (fclose(out) == 0)
		(void)fd_write_all(timeline->fd, text + written, size - written);
	free(text);
}
