/* SPDX-License-Identifier: Apache-2.0 */
/* Was the guest out of memory? Asked only when the command's end looks like that. */
#ifndef GUEST_INIT_OOM_H
#define GUEST_INIT_OOM_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How the command ended, told by its wait status. One that was killed by SIGKILL, or that says so of what
 * it ran (as shells do), ended for want of memory if the kernel has killed anything for that.
 */
uint32_t oom_command_status(int wait_status);

/* Does the text of /proc/vmstat say that the kernel has killed a process for want of memory? Pure. */
bool oom_has_killed(const char *vmstat);

#endif
