/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/cpuid.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

/* Intel SDM, volume 2, CPUID; AMD APM, volume 3, appendix E. */
#define LEAF1_EBX_LOGICAL_SHIFT 16
#define LEAF1_EBX_APIC_ID_SHIFT 24
#define LEAF1_ECX_TSC_DEADLINE  (1U << 24)
#define LEAF1_ECX_HYPERVISOR    (1U << 31)
#define LEAF1_EDX_HTT           (1U << 28)
#define LEAF4_EAX_TYPE          0x1fU
#define LEAF4_EAX_LEVEL_SHIFT   5
#define LEAF4_EAX_LEVEL         7U
#define LEAF4_EAX_SHARING_SHIFT 14
#define LEAF4_EAX_SHARING       (0xfffU << LEAF4_EAX_SHARING_SHIFT)
#define LEAF4_EAX_CORES_SHIFT   26
#define LEAF4_EAX_CORES         (0x3fU << LEAF4_EAX_CORES_SHIFT)
#define LEVEL_TYPE_SMT          1U
#define LEVEL_TYPE_CORE         2U
#define LEVEL_TYPE_SHIFT        8
#define AMD8_ECX_CORES          0xffU
#define AMD8_ECX_ID_SIZE        (0xfU << 12)
#define AMD8_ECX_ID_SIZE_SHIFT  12

int cpuid_get_supported(union cpuid *cpuid, int kvm_fd)
{
	memset(cpuid, 0, sizeof(*cpuid));
	cpuid->kvm.nent = CPUID_ENTRIES_MAX;
	return ioctl(kvm_fd, KVM_GET_SUPPORTED_CPUID, &cpuid->kvm) < 0 ? -errno : 0;
}

/* Bits that hold ids 0 .. n-1. */
static unsigned id_bits(unsigned n)
{
	return n > 1 ? 32U - (unsigned)__builtin_clz(n - 1) : 0;
}

/* 0xb and 0x1f: one thread a core, all cores in the package. */
static void set_extended_topology(struct kvm_cpuid_entry2 *e, unsigned id, unsigned cpus)
{
	e->eax = e->ebx = 0;
	e->ecx = e->index & 0xff;
	e->edx = id;
	if (e->index == 0) {
		e->ebx = 1;
		e->ecx |= LEVEL_TYPE_SMT << LEVEL_TYPE_SHIFT;
	} else if (e->index == 1) {
		e->eax = id_bits(cpus);
		e->ebx = cpus;
		e->ecx |= LEVEL_TYPE_CORE << LEVEL_TYPE_SHIFT;
	}
}

static void set_cache_topology(struct kvm_cpuid_entry2 *e, unsigned cpus)
{
	unsigned level = (e->eax >> LEAF4_EAX_LEVEL_SHIFT) & LEAF4_EAX_LEVEL;

	if (!(e->eax & LEAF4_EAX_TYPE)) /* no more caches */
		return;
	e->eax &= ~(LEAF4_EAX_SHARING | LEAF4_EAX_CORES);
	if (level >= 3) /* the first two levels are a core's own */
		e->eax |= (cpus - 1) << LEAF4_EAX_SHARING_SHIFT;
	e->eax |= ((cpus - 1) << LEAF4_EAX_CORES_SHIFT) & LEAF4_EAX_CORES;
}

static void adapt(struct kvm_cpuid_entry2 *e, unsigned id, unsigned cpus)
{
	switch (e->function) {
	case 0x1:
		e->ebx &= 0xffff;
		e->ebx |= (id << LEAF1_EBX_APIC_ID_SHIFT) | (cpus << LEAF1_EBX_LOGICAL_SHIFT);
		/* KVM's local APIC has the deadline timer, on every host; it leaves saying so to us. */
		e->ecx |= LEAF1_ECX_TSC_DEADLINE | LEAF1_ECX_HYPERVISOR;
		e->edx &= ~LEAF1_EDX_HTT;
		if (cpus > 1)
			e->edx |= LEAF1_EDX_HTT;
		break;
	case 0x4:
		set_cache_topology(e, cpus);
		break;
	case 0xb:
	case 0x1f:
		set_extended_topology(e, id, cpus);
		break;
	case 0x80000008:
		e->ecx &= ~(AMD8_ECX_CORES | AMD8_ECX_ID_SIZE);
		e->ecx |= (cpus - 1) | (id_bits(cpus) << AMD8_ECX_ID_SIZE_SHIFT);
		break;
	case 0x8000001e: /* AMD: this core's id, one thread, one node */
		e->eax = id;
		e->ebx = id & 0xff;
		e->ecx = 0;
		break;
	default:
		break;
	}
}

void cpuid_for_vcpu(union cpuid *cpuid, unsigned id, unsigned cpus)
{
	for (unsigned i = 0; i < cpuid->kvm.nent; i++)
		adapt(&cpuid->kvm.entries[i], id, cpus);
}
