/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A KVM virtual machine: memory, register pages, split irqchip, no PIT, no ioeventfd. Linux,
 * Documentation/virt/kvm/api.rst.
 */
#ifndef VMM_VM_H
#define VMM_VM_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/guest_mem.h"
#include "vmm/timeline.h"

struct vm {
	int kvm_fd; /* the caller's */
	int fd;
	size_t vcpu_run_size; /* bytes of a vCPU's kvm_run mapping */
	struct guest_mem mem;
	/*
	 * Pages the guest sees read-only at LAYOUT_VIRTIO_MMIO: a read there is no exit, a write is. NULL if
	 * KVM has no such memory.
	 */
	uint8_t *registers;
	size_t registers_size;
};

/*
 * Makes a VM with memory bytes of RAM and register_pages pages of registers, each step a stage of the
 * timeline, if there is one. 0, or -errno with *what set to the step that failed, a static text.
 */
int vm_create(struct vm *vm, int kvm_fd, uint64_t memory, unsigned int register_pages,
	      struct timeline *timeline, const char **what);

/* Delivers a message-signalled interrupt; for struct ioapic, ctx: struct vm. Any thread. */
void vm_deliver_message(void *ctx, uint64_t address, uint32_t data);

#endif
