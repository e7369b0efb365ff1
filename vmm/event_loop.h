/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main thread while the guest runs: console streams, signals, and the end. Waits in poll; by the clock
 * only where a guest has masked all its interrupts, as it does before it stops.
 */
#ifndef VMM_EVENT_LOOP_H
#define VMM_EVENT_LOOP_H

#include <stdbool.h>

#include "vmm/machine.h"

/*
 * Blocks the signals that end a run or concern the terminal, and gives a descriptor to read them
 * from; before any thread exists, so that all inherit it. A signal the caller ignores stays ignored.
 * The descriptor or -errno.
 */
int event_loop_signals(bool tty);

/*
 * Until the VM is over and its output written, or a signal says to stop; a second one then ends the process
 * at once. tty_fd: -1 if there is none.
 */
void event_loop_run(struct machine *machine, int signal_fd, int tty_fd);

#endif
