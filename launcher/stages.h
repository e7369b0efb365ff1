/* SPDX-License-Identifier: Apache-2.0 */
/* When each of the launcher's stages ended, for the timeline the monitor prints. */
#ifndef LAUNCHER_STAGES_H
#define LAUNCHER_STAGES_H

#include <stdint.h>
#include <time.h>

#define STAGES_MAX 8

struct stages {
	struct stage {
		const char *name;
		uint64_t ns; /* CLOCK_MONOTONIC */
	} items[STAGES_MAX];
	unsigned count;
};

/* The stage called name (a static text) ends now; more than STAGES_MAX are not kept. */
static inline void stage_end(struct stages *stages, const char *name)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (stages->count < STAGES_MAX)
		stages->items[stages->count++] = (struct stage){
			name, (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec};
}

#endif
