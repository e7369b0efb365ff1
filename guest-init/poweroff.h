/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How programs ask PID 1 to power off or reboot: signals (busybox, systemd's systemctl kill and
 * containers' tools) and requests in the FIFO /run/initctl (sysvinit's commands, and systemd's where
 * its manager does not answer). Each of them ends the VM. The names, not the numbers, are the ABI:
 * busybox init/init.c and init/halt.c; systemd(1), "Signals"; sysvinit's initreq.h.
 */
#ifndef GUEST_INIT_POWEROFF_H
#define GUEST_INIT_POWEROFF_H

#include <signal.h>
#include <stddef.h>

/* Adds the signals to the set. */
void poweroff_add_signals(sigset_t *set);

/* What the signal asks for: an argument of reboot(2), or -1. */
int poweroff_signal_meaning(int signal);

/* What the bytes read from the FIFO ask for: an argument of reboot(2), or -1. */
int poweroff_request_meaning(const void *request, size_t len);

/* Makes the FIFO and opens it for reading, O_NONBLOCK and O_CLOEXEC. A descriptor or -errno. */
int poweroff_open_fifo(void);

/* struct init_request is that long, whatever it asks for. */
#define POWEROFF_REQUEST_SIZE 384

#endif
