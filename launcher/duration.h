/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCHER_DURATION_H
#define LAUNCHER_DURATION_H

#include <stdint.h>

/*
 * "30s", "1.5m", "2h", "1d", "250ms"; seconds without a unit; as timeout(1) and sleep(1) have them -> ms. 0, or
 * -EINVAL: no such thing; -ERANGE: less than a millisecond, or more than 32 bits hold (49 days).
 */
int duration_parse(const char *text, uint32_t *ms);

#endif
