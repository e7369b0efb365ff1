/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/patience.h"

#include <limits.h>

#include "core/util.h"

void patience_begin(struct patience *p, uint64_t timeout, uint64_t now)
{
	*p = (struct patience){.due = timeout ? now + timeout : 0};
}

int patience_left(const struct patience *p, uint64_t now)
{
	if (!p->due)
		return -1;
	return p->due > now ? (int)min_u64(p->due - now, INT_MAX) : 0;
}

enum patience_step patience_look(struct patience *p, uint64_t now)
{
	if (!p->due || now < p->due)
		return PATIENCE_WAIT;
	if (p->timed_out) {
		p->due = 0;
		return PATIENCE_END;
	}
	p->timed_out = true;
	p->due = now + PATIENCE_GRACE_MS;
	return PATIENCE_ASK;
}

enum patience_step patience_asked(struct patience *p, uint64_t now)
{
	if (p->asked && now - p->asked >= PATIENCE_AGAIN_MS)
		return PATIENCE_END;
	if (!p->asked)
		p->asked = now;
	return PATIENCE_ASK;
}
