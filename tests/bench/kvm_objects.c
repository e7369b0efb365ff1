/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What KVM's objects cost to make and to take down, each set of them with the same around it: the reason
 * for those the monitor uses (vmm/vm.c). Prints medians of RUNS in milliseconds; a set that this host's
 * KVM refuses is left out, and said.
 *
 * A VM that goes at once still waits for what making it left to be done later, which one that has run a
 * command does not: LIFE, milliseconds (0 by default), is how long each one is there.
 *
 *   kvm_objects [RUNS [LIFE]]
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define RUNS_DEFAULT 20
#define RUNS_MAX     1000
#define LIFE_MAX     1000
#define ZONES        7 /* of coalesced writes: three a virtio-mmio device, and the I/O APIC */
#define RAM          (64UL << 20)
#define HUGE_PAGE    (2UL << 20)

enum object {
	MEMORY = 1,        /* a slot of RAM, of which nothing is touched */
	TOUCHED = 2,       /* and all of it is */
	SPLIT_IRQCHIP = 4, /* the local APIC only */
	IRQCHIP = 8,       /* PIC and I/O APIC as well */
	PIT = 16,
	VCPU = 32,
	IOEVENTFD = 64,
	IRQFD = 128,
	MEMORY_LAST = 256,      /* the slot of RAM after all else */
	HUGE = 512,             /* RAM on huge pages, as far as there are */
	COALESCED = 1024,       /* zones of coalesced writes, after all else */
	COALESCED_EARLY = 2048, /* the same, right behind the memory */
};

static const struct {
	unsigned objects;
	const char *name;
} sets[] = {
	{0, "a VM"},
	{MEMORY, "and 64 MiB of memory, not touched"},
	{MEMORY | TOUCHED, "and 64 MiB of memory, touched"},
	{MEMORY | TOUCHED | HUGE, "and 64 MiB of memory, touched, huge pages"},
	{MEMORY | SPLIT_IRQCHIP, "memory, local APIC (split irqchip)"},
	{MEMORY | SPLIT_IRQCHIP | VCPU, "memory, local APIC, a vCPU: what snug uses"},
	{MEMORY | MEMORY_LAST | SPLIT_IRQCHIP | VCPU, "the same, memory last"},
	{MEMORY | SPLIT_IRQCHIP | VCPU | IOEVENTFD, "the same as snug, and an ioeventfd"},
	{MEMORY | SPLIT_IRQCHIP | VCPU | COALESCED,
	 "the same as snug, and zones of coalesced writes"},
	{MEMORY | SPLIT_IRQCHIP | VCPU | COALESCED_EARLY, "the same, zones before the irqchip"},
	{MEMORY | IRQCHIP | VCPU, "memory, full irqchip, a vCPU"},
	{MEMORY | IRQCHIP | VCPU | IRQFD, "the same, and an irqfd"},
	{MEMORY | IRQCHIP | PIT | VCPU, "memory, full irqchip, PIT, a vCPU"},
	{MEMORY | IRQCHIP | PIT | VCPU | IOEVENTFD | IRQFD, "the same, an ioeventfd and an irqfd"},
};

struct vm {
	int fd, vcpu, event;
	void *mapping, *ram;
};

static double now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int add_memory(const struct vm *vm)
{
	struct kvm_userspace_memory_region slot = {
		.memory_size = RAM,
		.userspace_addr = (uint64_t)(uintptr_t)vm->ram,
	};

	return ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &slot);
}

static int add_irqchip(const struct vm *vm, unsigned objects)
{
	struct kvm_enable_cap split = {.cap = KVM_CAP_SPLIT_IRQCHIP};
	struct kvm_pit_config pit = {0};

	if ((objects & SPLIT_IRQCHIP) && ioctl(vm->fd, KVM_ENABLE_CAP, &split) < 0)
		return -1;
	if ((objects & IRQCHIP) && ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0) < 0)
		return -1;
	return (objects & PIT) ? ioctl(vm->fd, KVM_CREATE_PIT2, &pit) : 0;
}

static int add_events(struct vm *vm, unsigned objects)
{
	struct kvm_ioeventfd io = {.addr = 0xd0000050, .len = 4};
	struct kvm_irqfd irq = {.gsi = 5};

	if (!(objects & (IOEVENTFD | IRQFD)))
		return 0;
	vm->event = eventfd(0, EFD_CLOEXEC);
	if (vm->event < 0)
		return -1;
	io.fd = vm->event;
	irq.fd = (uint32_t)vm->event;
	if ((objects & IOEVENTFD) && ioctl(vm->fd, KVM_IOEVENTFD, &io) < 0)
		return -1;
	return (objects & IRQFD) ? ioctl(vm->fd, KVM_IRQFD, &irq) : 0;
}

static int add_zones(const struct vm *vm)
{
	for (unsigned i = 0; i < ZONES; i++) {
		struct kvm_coalesced_mmio_zone zone = {.addr = 0xd0000000 + i * 0x1000, .size = 8};

		if (ioctl(vm->fd, KVM_REGISTER_COALESCED_MMIO, &zone) < 0)
			return -1;
	}
	return 0;
}

static int map_ram(struct vm *vm, unsigned objects)
{
	vm->mapping = mmap(NULL, RAM + HUGE_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->mapping == MAP_FAILED)
		return -1;
	vm->ram = (void *)(((uintptr_t)vm->mapping + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	return madvise(vm->ram, RAM, (objects & HUGE) ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

static int make(int kvm, unsigned objects, struct vm *vm)
{
	*vm = (struct vm){.fd = ioctl(kvm, KVM_CREATE_VM, 0), .vcpu = -1, .event = -1};
	if (vm->fd < 0)
		return -1;
	if (map_ram(vm, objects) < 0)
		return -1;
	if ((objects & (MEMORY | MEMORY_LAST)) == MEMORY && add_memory(vm) < 0)
		return -1;
	if ((objects & COALESCED_EARLY) && add_zones(vm) < 0)
		return -1;
	if (add_irqchip(vm, objects) < 0)
		return -1;
	if ((objects & VCPU) && (vm->vcpu = ioctl(vm->fd, KVM_CREATE_VCPU, 0)) < 0)
		return -1;
	if (add_events(vm, objects) < 0)
		return -1;
	if ((objects & COALESCED) && add_zones(vm) < 0)
		return -1;
	return (objects & MEMORY_LAST) ? add_memory(vm) : 0;
}

static void take_down(const struct vm *vm)
{
	if (vm->event >= 0)
		(void)close(vm->event);
	if (vm->vcpu >= 0)
		(void)close(vm->vcpu);
	if (vm->fd >= 0)
		(void)close(vm->fd);
	if (vm->mapping && vm->mapping != MAP_FAILED)
		(void)munmap(vm->mapping, RAM + HUGE_PAGE);
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, unsigned count)
{
	qsort(values, count, sizeof(*values), by_value);
	return values[count / 2];
}

static void measure(int kvm, unsigned objects, const char *name, unsigned runs, unsigned life)
{
	static double makes[RUNS_MAX], ends[RUNS_MAX];

	for (unsigned i = 0; i < runs; i++) {
		const double start = now_ms();
		struct vm vm;

		if (make(kvm, objects, &vm) < 0) {
			printf("%10s %10s  %s: %s\n", "-", "-", name, strerror(errno));
			take_down(&vm);
			return;
		}
		makes[i] = now_ms() - start;
		if (objects & TOUCHED)
			memset(vm.ram, 1, RAM);
		(void)usleep(life * 1000);
		const double end = now_ms();
		take_down(&vm);
		ends[i] = now_ms() - end;
	}
	printf("%10.3f %10.3f  %s\n", median(makes, runs), median(ends, runs), name);
}

int main(int argc, char **argv)
{
	const unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : RUNS_DEFAULT;
	const unsigned long life = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	const int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0 || runs == 0 || runs > RUNS_MAX || life > LIFE_MAX) {
		(void)fprintf(stderr,
			      "kvm_objects [RUNS, at most %d [LIFE, at most %d]]: /dev/kvm: %s\n",
			      RUNS_MAX, LIFE_MAX, kvm < 0 ? strerror(errno) : "there");
		return 1;
	}
	printf("%10s %10s  medians of %lu that were there for %lu ms, ms\n", "make", "take down",
	       runs, life);
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		measure(kvm, sets[i].objects, sets[i].name, (unsigned)runs, (unsigned)life);
	return 0;
}
