/* SPDX-License-Identifier: Apache-2.0 */
/* From how the VM ended to what the caller sees (core/exit_code.h). */
#ifndef VMM_EXIT_STATUS_H
#define VMM_EXIT_STATUS_H

#include "vmm/klog.h"
#include "vmm/run_end.h"

/*
 * The exit status. Where the command's own is not known, says why and shows the kernel's last lines.
 * memory: the VM's, in bytes, for who had too little.
 */
int exit_status_report(const struct run_end *end, struct klog *klog, uint64_t memory);

/* The same for a program: the line "end" of core/record.h, to fd. */
void exit_status_tell(const struct run_end *end, struct klog *klog, int fd);

#endif
