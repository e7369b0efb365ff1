/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/timeline.h"

#include <stdio.h>
#include <time.h>

#include "core/abi.h"
#include "core/util.h"

void timeline_init(struct timeline *timeline)
{
	(void)pthread_mutex_init(&timeline->lock, NULL);
	timeline->count = 0;
	timeline->guest_marks = 0;
}

void timeline_mark_at(struct timeline *timeline, const char *stage, uint64_t ns)
{
	(void)pthread_mutex_lock(&timeline->lock);
	if (timeline->count < TIMELINE_POINTS_MAX)
		timeline->points[timeline->count++] =
			(struct timeline_point){.stage = stage, .ns = ns};
	(void)pthread_mutex_unlock(&timeline->lock);
}

void timeline_mark(struct timeline *timeline, const char *stage)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	timeline_mark_at(timeline, stage,
			 (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec);
}

void timeline_guest_mark(struct timeline *timeline, uint32_t value)
{
	static const char *const stages[] = {
		[SNUG_MARK_INIT] = "guest: kernel",      [SNUG_MARK_MODULES] = "guest: modules",
		[SNUG_MARK_MOUNTS] = "guest: mounts",    [SNUG_MARK_EXEC] = "guest: console, user",
		[SNUG_MARK_EXIT] = "guest: the command",
	};

	uint32_t bit = value < ARRAY_SIZE(stages) ? 1U << value : 0;

	/* One guest with several processors may mark twice at once: it spends a point of its own. */
	if (!bit || !stages[value] || (timeline->guest_marks & bit))
		return;
	timeline->guest_marks |= bit;
	timeline_mark(timeline, stages[value]);
}

void timeline_print(struct timeline *timeline, const struct exit_counts *exits, int fd)
{
	uint64_t start, before;

	(void)pthread_mutex_lock(&timeline->lock);
	if (timeline->count > 0) {
		start = before = timeline->points[0].ns;
		(void)dprintf(fd, "%10s %10s  stage\n", "end ms", "ms");
		for (unsigned i = 1; i < timeline->count; i++) {
			const struct timeline_point *p = &timeline->points[i];

			(void)dprintf(fd, "%10.3f %10.3f  %s\n", (double)(p->ns - start) / 1e6,
				      (double)(p->ns - before) / 1e6, p->stage);
			before = p->ns;
		}
	}
	(void)pthread_mutex_unlock(&timeline->lock);
	(void)dprintf(fd, "exits to user space: %llu memory-mapped, %llu ports, %llu other\n",
		      (unsigned long long)exits->mmio, (unsigned long long)exits->ports,
		      (unsigned long long)exits->other);
}
