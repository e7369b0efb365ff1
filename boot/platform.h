/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest is told of its machine, once in each language: by ACPI tables (boot/acpi.h), by an MP table
 * (boot/mptable.h) and on the kernel's command line (boot/devices.h). The rest is in core/layout.h.
 */
#ifndef BOOT_PLATFORM_H
#define BOOT_PLATFORM_H

struct platform {
	unsigned cpus; /* 1 to 255: local APIC ids 0 .. cpus-1 */
	/* At most LAYOUT_VIRTIO_DEVICES_MAX: at LAYOUT_VIRTIO_MMIO + i pages, pin LAYOUT_VIRTIO_PIN + i */
	unsigned virtio_devices;
};

#endif
