/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding of exits, apart from running (vmm/vcpu.c). api.rst, 5, "The kvm_run structure". */
#include <stdio.h>

#include "core/util.h"
#include "vmm/vcpu.h"

static void handle_io(struct vcpu *vcpu)
{
	const __typeof__(vcpu->run->io) *io = &vcpu->run->io;
	uint8_t *data = (uint8_t *)vcpu->run + io->data_offset;

	/* A string instruction comes as several accesses of one port. */
	for (uint32_t i = 0; i < io->count; i++, data += io->size) {
		if (io->direction == KVM_EXIT_IO_OUT)
			bus_write(vcpu->ports, io->port, data, io->size);
		else
			bus_read(vcpu->ports, io->port, data, io->size);
	}
	if (vcpu->deferred && io->direction == KVM_EXIT_IO_OUT)
		deferred_written(vcpu->deferred, vcpu->ports, io->port, io->size);
}

static void handle_mmio(struct vcpu *vcpu)
{
	__typeof__(vcpu->run->mmio) *mmio = &vcpu->run->mmio;
	unsigned len = (unsigned)min_u64(mmio->len, sizeof(mmio->data));

	if (mmio->is_write) {
		bus_write(vcpu->mmio, mmio->phys_addr, mmio->data, len);
		if (vcpu->deferred)
			deferred_written(vcpu->deferred, vcpu->mmio, mmio->phys_addr, len);
	} else {
		bus_read(vcpu->mmio, mmio->phys_addr, mmio->data, len);
	}
}

static void handle_internal_error(struct vcpu *vcpu)
{
	char text[96];

	if (vcpu->run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION)
		(void)snprintf(text, sizeof(text),
			       "KVM cannot emulate an instruction of the guest");
	else
		(void)snprintf(text, sizeof(text), "KVM internal error %u",
			       vcpu->run->internal.suberror);
	run_end_set(vcpu->end, RUN_END_VM_ERROR, KVM_EXIT_INTERNAL_ERROR, text);
}

static void handle_fatal(struct vcpu *vcpu)
{
	char text[96];

	if (vcpu->run->exit_reason == KVM_EXIT_FAIL_ENTRY)
		(void)snprintf(
			text, sizeof(text),
			"the processor refused to enter the guest (reason %#llx)",
			(unsigned long long)vcpu->run->fail_entry.hardware_entry_failure_reason);
	else
		(void)snprintf(text, sizeof(text), "KVM stopped with exit reason %u",
			       vcpu->run->exit_reason);
	run_end_set(vcpu->end, RUN_END_VM_ERROR, vcpu->run->exit_reason, text);
}

static void handle_system_event(struct vcpu *vcpu)
{
	switch (vcpu->run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		run_end_set(vcpu->end, RUN_END_POWEROFF, 0, NULL);
		break;
	case KVM_SYSTEM_EVENT_RESET:
		run_end_set(vcpu->end, RUN_END_RESET, 0, NULL);
		break;
	default:
		run_end_set(vcpu->end, RUN_END_CRASH, 0, NULL);
		break;
	}
}

void vcpu_handle_exit(struct vcpu *vcpu)
{
	if (vcpu->deferred)
		deferred_settle(vcpu->deferred);
	switch (vcpu->run->exit_reason) {
	case KVM_EXIT_IO:
		timeline_exit(vcpu->timeline, EXIT_PORT, vcpu->run->io.port);
		handle_io(vcpu);
		return;
	case KVM_EXIT_MMIO:
		timeline_exit(vcpu->timeline, EXIT_MMIO, vcpu->run->mmio.phys_addr);
		handle_mmio(vcpu);
		return;
	default:
		break;
	}
	timeline_exit(vcpu->timeline, EXIT_KVM, vcpu->run->exit_reason);
	switch (vcpu->run->exit_reason) {
	case KVM_EXIT_INTR:
	case KVM_EXIT_IRQ_WINDOW_OPEN:
	case KVM_EXIT_SET_TPR:
		break;
	case KVM_EXIT_SHUTDOWN:
		run_end_set(vcpu->end, RUN_END_CRASH, 0, NULL);
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		handle_system_event(vcpu);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		handle_internal_error(vcpu);
		break;
	default:
		handle_fatal(vcpu);
		break;
	}
}
