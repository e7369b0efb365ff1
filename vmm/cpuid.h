/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guest's CPUID says: all that KVM supports on this host, with the topology of this machine.
 */
#ifndef VMM_CPUID_H
#define VMM_CPUID_H

#include <linux/kvm.h>

#define CPUID_ENTRIES_MAX 256

/* KVM's struct with room for its entries. */
union cpuid {
	struct kvm_cpuid2 kvm;
	unsigned char room[sizeof(struct kvm_cpuid2) +
			   CPUID_ENTRIES_MAX * sizeof(struct kvm_cpuid_entry2)];
};

/* Asks KVM, once for all vCPUs (it takes 0.4 ms). 0 or -errno. */
int cpuid_get_supported(union cpuid *cpuid, int kvm_fd);

/* Adapts it to one vCPU of `cpus`, all of them cores of one package. */
void cpuid_for_vcpu(union cpuid *cpuid, unsigned id, unsigned cpus);

#endif
