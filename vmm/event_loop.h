/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main thread while the guest runs: console streams, signals, and the end. Waits in poll; by the clock
 * only for a command that has a limited time, and where a guest has masked all its interrupts, as it does before
 * it stops.
 */
#ifndef VMM_EVENT_LOOP_H
#define VMM_EVENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/machine.h"

struct tty;

/*
 * Blocks the signals that ask for the end, are passed on to the command, or concern the terminal, and gives a
 * descriptor to read them from; before any thread exists, so that all inherit it. A signal the caller ignores stays ignored.
 * The descriptor or -errno.
 */
int event_loop_signals(bool tty);

/*
 * Until the VM is over and its output written, or the run is given up: at a signal that asks for the end, where
 * there is no command to pass it on to, or an earlier one has not helped (patience.h); when the command's time is
 * up, and it does not end; a further signal then ends the process at once. tty: NULL if there is none; timeout_ms:
 * 0 if there is none.
 */
void event_loop_run(struct machine *machine, int signal_fd, struct tty *tty, uint32_t timeout_ms);

#endif
