/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of a run, as --timeline has it made: text in an anonymous file that the launcher opens, the
 * launcher and the monitor write one after the other, and snug-report reads. A line each, times from
 * CLOCK_MONOTONIC:
 *
 *   stage NS FAULTS GROUP: NAME     a stage ended then; the first line is where time starts. FAULTS: page
 *                                   faults of the process so far
 *   point NS NAME                   something happened within a stage
 *   exits STAGE<tab>WHAT ADDRESS COUNT  in the guest's STAGE that many exits to user space, WHAT is
 *                                   "port", "mmio" or "kvm" (a reason of KVM's); ADDRESS in hexadecimal
 *   guest TEXT                      what guest-init reported (core/abi.h, SNUG_PORT_REPORT); not to be
 *                                   trusted
 *   end CAUSE N                     how it ended (docs/snug.1, MACHINE-READABLE STATUS, "cause"); N: of a
 *                                   signal, its number
 *   label=CONTEXT                   the VM's SELinux label, from snug-label
 *   status N                        of the run
 *   usage MAXRSS FAULTS USER SYSTEM of the whole process: KiB, page faults, processor time in us
 *   NAME=VALUE                      a fact about the run: kernel, boot, memory (MiB), command
 */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

/* What no number of exits, marks and guest reports may exceed: bytes that the guest may report. */
#define RECORD_GUEST_MAX (1U << 20)

#endif
