/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vm.h"

#include <errno.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/layout.h"
#include "vmm/ioapic.h"

static int check_api(struct vm *vm, const char **what)
{
	int version = ioctl(vm->kvm_fd, KVM_GET_API_VERSION, 0);
	int run_size;

	*what = "not a KVM device (KVM_GET_API_VERSION)";
	if (version < 0)
		return -ENODEV; /* ENOTTY would read as a KVM that lacks something */
	if (version != KVM_API_VERSION)
		return -EPROTO;
	*what = "KVM_GET_VCPU_MMAP_SIZE";
	run_size = ioctl(vm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (run_size < (int)sizeof(struct kvm_run))
		return run_size < 0 ? -errno : -EPROTO;
	vm->vcpu_run_size = (size_t)run_size;
	return 0;
}

static int register_memory(struct vm *vm)
{
	for (unsigned i = 0; i < vm->mem.count; i++) {
		const struct guest_mem_region *r = &vm->mem.regions[i];
		struct kvm_userspace_memory_region slot = {
			.slot = i,
			.guest_phys_addr = r->gpa,
			.memory_size = r->size,
			.userspace_addr = (uint64_t)(uintptr_t)r->host,
		};

		if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &slot) < 0)
			return -errno;
	}
	return 0;
}

/* A slot behind those of RAM. */
static int register_registers(struct vm *vm)
{
	struct kvm_userspace_memory_region slot = {
		.slot = vm->mem.count,
		.flags = KVM_MEM_READONLY,
		.guest_phys_addr = LAYOUT_VIRTIO_MMIO,
		.memory_size = vm->registers_size,
	};
	void *pages = mmap(NULL, vm->registers_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return -errno;
	slot.userspace_addr = (uint64_t)(uintptr_t)pages;
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &slot) == 0) {
		vm->registers = pages;
		return 0;
	}
	(void)munmap(pages, vm->registers_size);
	/* KVM_CAP_READONLY_MEM is not asked for first: the call that fails says the same. */
	return errno == EINVAL ? 0 : -errno;
}

static int set_up(struct vm *vm, uint64_t memory, struct timeline *timeline, const char **what)
{
	/* The local APIC in KVM, the I/O APIC here; no reserved routes, as edges go by KVM_SIGNAL_MSI. */
	struct kvm_enable_cap split = {.cap = KVM_CAP_SPLIT_IRQCHIP, .args = {0}};
	int r;

	*what = "guest memory";
	r = guest_mem_map(&vm->mem, memory);
	if (r < 0)
		return r;
	timeline_stage(timeline, "monitor: guest memory");
	/*
	 * Memory before the irqchip: registering a slot waits for an RCU grace period, which takes
	 * milliseconds once there is an irqchip, and nearly nothing before.
	 */
	*what = "KVM_SET_USER_MEMORY_REGION";
	r = register_memory(vm);
	if (r == 0 && vm->registers_size)
		r = register_registers(vm);
	if (r < 0)
		return r;
	timeline_stage(timeline, "monitor: KVM_SET_USER_MEMORY_REGION");
	*what = "KVM_CAP_SPLIT_IRQCHIP";
	r = ioctl(vm->fd, KVM_ENABLE_CAP, &split) < 0 ? -errno : 0;
	timeline_stage(timeline, "monitor: KVM_CAP_SPLIT_IRQCHIP");
	return r;
}

int vm_create(struct vm *vm, int kvm_fd, uint64_t memory, unsigned int register_pages,
	      struct timeline *timeline, const char **what)
{
	int r;

	*vm = (struct vm){.kvm_fd = kvm_fd, .fd = -1};
	vm->registers_size = register_pages * (size_t)LAYOUT_VIRTIO_MMIO_SIZE;
	r = check_api(vm, what);
	if (r < 0)
		return r;
	*what = "KVM_CREATE_VM";
	do { /* a signal that arrives meanwhile makes the kernel give up */
		vm->fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	} while (vm->fd < 0 && errno == EINTR);
	if (vm->fd < 0)
		return -errno;
	timeline_stage(timeline, "monitor: KVM_CREATE_VM");
	return set_up(vm, memory, timeline, what);
}

void vm_deliver_message(void *ctx, uint64_t address, uint32_t data)
{
	const struct vm *vm = ctx;
	struct kvm_msi msi = {.address_lo = (uint32_t)address,
			      .address_hi = (uint32_t)(address >> 32),
			      .data = data};

	/* Fails only for a destination that does not exist: the guest's own doing, and its own loss. */
	(void)ioctl(vm->fd, KVM_SIGNAL_MSI, &msi);
}
