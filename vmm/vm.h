/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A KVM virtual machine: memory, split irqchip, no PIT, no ioeventfd. Linux,
 * Documentation/virt/kvm/api.rst.
 */
#ifndef VMM_VM_H
#define VMM_VM_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/guest_mem.h"

struct vm {
	int kvm_fd; /* the caller's */
	int fd;
	size_t vcpu_run_size; /* bytes of a vCPU's kvm_run mapping */
	struct guest_mem mem;
};

/*
 * Makes a VM with memory bytes of RAM. 0, or -errno with *what set to the step that failed, a static
 * text. vm_destroy() needs the vCPUs closed.
 */
int vm_create(struct vm *vm, int kvm_fd, uint64_t memory, const char **what);
void vm_destroy(struct vm *vm);

/* Delivers a message-signalled interrupt; for struct ioapic, ctx: struct vm. Any thread. */
void vm_deliver_message(void *ctx, uint64_t address, uint32_t data);

#endif
