/* SPDX-License-Identifier: Apache-2.0 */
/* While the command runs: one loop over its streams, the ports, the control stream and signals. */
#ifndef GUEST_INIT_RUN_H
#define GUEST_INIT_RUN_H

#include <stdint.h>
#include <sys/types.h>

#include "guest-init/console.h"
#include "guest-init/spec.h"
#include "guest-init/streams.h"

/* Blocks the signals that the loop takes. Before the command starts, or its end may be missed. */
void run_block_signals(void);

/*
 * Returns when the command has ended and all of its output is with the ports: its SNUG_STATUS().
 * Processes that it leaves behind are not waited for. Takes our ends of the streams over.
 */
uint32_t run_command(const struct spec *spec, const struct console *console,
		     const struct streams *streams, pid_t command);

#endif
