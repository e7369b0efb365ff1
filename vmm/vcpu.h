/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual processor and its thread: KVM_RUN, and each exit to the bus. A register write of a device
 * that ends the VM is seen after the exit that carried it.
 */
#ifndef VMM_VCPU_H
#define VMM_VCPU_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "boot/load.h"
#include "vmm/bus.h"
#include "vmm/cpuid.h"
#include "vmm/deferred.h"
#include "vmm/run_end.h"
#include "vmm/timeline.h"
#include "vmm/vm.h"

struct confine;

struct vcpu {
	unsigned id; /* its local APIC's; 0 boots, the others wait for it to start them */
	int fd;
	struct kvm_run *run;
	size_t run_size;
	const struct bus *mmio;
	const struct bus *ports;
	struct deferred *deferred; /* writes that wait; NULL: none does */
	struct run_end *end;
	struct timeline *timeline; /* NULL: none */
	struct confine *confine;   /* of this thread, before the guest runs */
	pthread_t thread;
	pid_t tid; /* its own, for signals */
	bool started;
	atomic_bool stopped; /* its thread will not touch the guest or its devices any more */
};

/* id, mmio, ports, end and timeline are the caller's to set. 0, or -errno with *what set to the step that failed. */
int vcpu_create(struct vcpu *vcpu, const struct vm *vm, const union cpuid *cpuid,
		const char **what);

/* The first processor: ready to enter the kernel in long mode (boot/entry.h). */
int vcpu_set_entry(struct vcpu *vcpu, const struct boot_entry *entry, const char **what);

/* Runs it on a thread of its own until the VM is over. 0 or -errno. */
int vcpu_start(struct vcpu *vcpu);

/* Makes it come out of KVM_RUN, now or when it next enters. run_end_set() first. */
void vcpu_kick(struct vcpu *vcpu);

/*
 * Has its thread look at it: the first processor, halted with interrupts off, for which there is nothing that
 * could wake it, has ended the VM. That is how a kernel stops that knows no way to power off, when the others
 * have halted already. (A thread that is not in KVM_RUN does not notice.)
 */
void vcpu_look(struct vcpu *vcpu);

/*
 * Returns when the guest runs no more on it. Its thread is left to the end of the process if it stopped by
 * itself, as it has when it was what ended the run.
 */
void vcpu_join(struct vcpu *vcpu);

/* Serves the exit that vcpu->run describes. The thread's own; here so that tests can feed it exits. */
void vcpu_handle_exit(struct vcpu *vcpu);

#endif
