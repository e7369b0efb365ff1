/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's I/O ports (core/abi.h) as the guest uses them: timeline marks, the early console, the
 * status that ends the VM. Where the kernel refuses port access (no CONFIG_X86_IOPL_IOPERM, lockdown)
 * marks are dropped and the status is lost: machine_end() then only powers off.
 */
#ifndef GUEST_INIT_MACHINE_H
#define GUEST_INIT_MACHINE_H

#include <stdint.h>
#include <stdnoreturn.h>

#include "core/abi.h"

/* Gains access to the port block. 0 or -errno. Call first. */
int machine_open(void);

/* Gives the access up again: it survives fork and exec, and is not the command's. */
void machine_drop(void);

/* Points of the timeline: each is an exit, and dropped unless somebody wants one. */
void machine_enable_marks(void);
void machine_mark(enum snug_mark mark);

/* A page of the report for the timeline, by its frame number. */
void machine_report(uint32_t frame);

/* Writes to the early console. 0, or -errno if it is out of reach. */
int machine_early_console(const char *text);

/* Ends the VM with SNUG_STATUS(). */
noreturn void machine_end(uint32_t status);

/* Ends the VM as the kernel does it: reboot(2) with RB_POWER_OFF or RB_AUTOBOOT. */
noreturn void machine_reboot(int how);

#endif
