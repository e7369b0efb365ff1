/* SPDX-License-Identifier: Apache-2.0 */
/* What the lists of system calls (table.h) and the monitor have to agree on. */
#ifndef VMM_CONFINE_FILTERS_AGREED_H
#define VMM_CONFINE_FILTERS_AGREED_H

/* Stands in a filter for the process's own id, which is known when it is installed. More than any id. */
#define FILTER_SELF 0x7e57ab1eU

/* Wakes a vCPU's thread out of KVM_RUN: a real-time signal that no libc uses for itself. */
#define KICK_SIGNAL 40

#endif
