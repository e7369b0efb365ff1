/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine: memory -> vCPU -> buses -> devices, and the guest loaded into it. A process has one, and
 * it goes with the process: the kernel takes it apart at least as fast as could be done here, and has no
 * thread to wait for that is in the middle of a request.
 */
#ifndef VMM_MACHINE_H
#define VMM_MACHINE_H

#include "boot/kernel_image.h"
#include "boot/load.h"
#include "core/layout.h"
#include "virtio/console.h"
#include "virtio/mmio.h"
#include "virtio/p9.h"
#include "vmm/bus.h"
#include "vmm/config.h"
#include "vmm/confine/confine.h"
#include "vmm/cpuid.h"
#include "vmm/deferred.h"
#include "vmm/ioapic.h"
#include "vmm/klog.h"
#include "vmm/poweroff.h"
#include "vmm/run_end.h"
#include "vmm/timeline.h"
#include "vmm/vcpu.h"
#include "vmm/vm.h"

struct machine {
	struct vm vm;
	struct vcpu vcpus[LAYOUT_CPUS_MAX];
	unsigned vcpu_count;
	struct bus mmio;
	struct bus ports;
	struct deferred deferred;
	struct ioapic ioapic;
	struct poweroff poweroff;
	struct klog klog;
	struct run_end end;
	struct timeline *timeline; /* NULL: none is wanted */
	struct confine confine;

	struct virtio_console *console; /* NULL: none */
	struct p9_hides *hides;
	struct virtio_p9 *shares[CONFIG_SHARES_MAX];
	bool writable[CONFIG_SHARES_MAX]; /* has the share anything that is? */
	unsigned share_count;
	struct virtio_mmio virtio[LAYOUT_VIRTIO_DEVICES_MAX];
	unsigned virtio_count;
};

/*
 * The steps, in this order. Each returns 0 or -errno, having logged one line.
 */

/* What needs no VM: the log, the timeline, and how it will end. */
int machine_init(struct machine *machine, const struct config *config);
/* The VM, with the devices the configuration asks for. Takes the shares' descriptors over. */
int machine_build(struct machine *machine, const struct config *config);
/* Kernel, initrd, tables and registers. */
int machine_load(struct machine *machine, const struct config *config,
		 const struct kernel_image *image, const struct vmlinux *vmlinux);
/* The threads: devices first, then the vCPUs, the one that boots last. The guest runs when all are confined. */
int machine_start(struct machine *machine);
/* A guest that is stopping may have stopped for good: then the VM is over. */
void machine_look(struct machine *machine);
/* After run_end_set(): waits until the guest runs no more. Its output may still be in the rings. */
void machine_stop(struct machine *machine);

#endif
