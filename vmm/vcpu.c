/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vcpu.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "boot/entry.h"
#include "core/layout.h"
#include "vmm/confine/confine.h"
#include "vmm/confine/filters/agreed.h"

#define RFLAGS_FIXED (1U << 1) /* always set */
#define RFLAGS_IF    (1U << 9)

#define SEGMENT_CODE 0xb /* execute, read, accessed */
#define SEGMENT_DATA 0x3 /* read, write, accessed */
#define SEGMENT_TSS  0xb /* busy 64-bit TSS */

/* The timeline has the stages of the first processor alone. */
static void stage(const struct vcpu *vcpu, const char *name)
{
	if (vcpu->id == 0)
		timeline_stage(vcpu->timeline, name);
}

int vcpu_create(struct vcpu *vcpu, const struct vm *vm, const union cpuid *cpuid, const char **what)
{
	*what = "KVM_CREATE_VCPU";
	vcpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, (unsigned long)vcpu->id);
	if (vcpu->fd < 0)
		return -errno;
	*what = "kvm_run mapping";
	vcpu->run_size = vm->vcpu_run_size;
	vcpu->run = mmap(NULL, vcpu->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED) {
		vcpu->run = NULL;
		return -errno;
	}
	/* It would keep the VM alive in the terminal's watcher. */
	(void)madvise(vcpu->run, vcpu->run_size, MADV_DONTFORK);
	stage(vcpu, "monitor: KVM_CREATE_VCPU");
	*what = "KVM_SET_CPUID2";
	if (ioctl(vcpu->fd, KVM_SET_CPUID2, &cpuid->kvm) < 0)
		return -errno;
	stage(vcpu, "monitor: KVM_SET_CPUID2");
	return 0;
}

static struct kvm_segment flat_segment(uint16_t selector, uint8_t type, bool code)
{
	return (struct kvm_segment){.limit = 0xffffffff,
				    .selector = selector,
				    .type = type,
				    .present = 1,
				    .s = 1,
				    .g = 1,
				    .l = code,
				    .db = !code};
}

int vcpu_set_entry(struct vcpu *vcpu, const struct boot_entry *entry, const char **what)
{
	struct kvm_regs regs = {
		.rip = entry->rip,
		.rsi = entry->rsi,
		.rsp = LAYOUT_BOOT_STACK,
		.rflags = RFLAGS_FIXED,
	};
	struct kvm_sregs sregs;

	/* What the reset state says of everything else (the APIC base, say) stays. */
	*what = "KVM_GET_SREGS";
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) < 0)
		return -errno;
	sregs.cs = flat_segment(BOOT_CS, SEGMENT_CODE, true);
	sregs.ds = sregs.es = sregs.ss = sregs.fs = sregs.gs =
		flat_segment(BOOT_DS, SEGMENT_DATA, false);
	sregs.tr = (struct kvm_segment){.limit = 0x67, .type = SEGMENT_TSS, .present = 1};
	sregs.gdt.base = LAYOUT_GDT;
	sregs.gdt.limit = BOOT_GDT_ENTRIES * 8 - 1;
	sregs.idt.limit = 0; /* a fault before the kernel has its own table ends the VM */
	sregs.cr3 = LAYOUT_PAGE_TABLES;
	sregs.cr0 = BOOT_CR0;
	sregs.cr4 = BOOT_CR4;
	sregs.efer = BOOT_EFER;
	*what = "KVM_SET_SREGS";
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) < 0)
		return -errno;
	*what = "KVM_SET_REGS";
	return ioctl(vcpu->fd, KVM_SET_REGS, &regs) < 0 ? -errno : 0;
}

/* No NMI and no INIT ever comes. */
static bool stopped_for_good(const struct vcpu *vcpu)
{
	struct kvm_mp_state state;
	struct kvm_regs regs;

	return ioctl(vcpu->fd, KVM_GET_MP_STATE, &state) == 0 &&
	       state.mp_state == KVM_MP_STATE_HALTED && ioctl(vcpu->fd, KVM_GET_REGS, &regs) == 0 &&
	       !(regs.rflags & RFLAGS_IF);
}

static void *run_thread(void *arg)
{
	struct vcpu *vcpu = arg;
	sigset_t kick;

	(void)sigemptyset(&kick);
	(void)sigaddset(&kick, KICK_SIGNAL);
	(void)pthread_sigmask(SIG_UNBLOCK, &kick, NULL);
	vcpu->tid = (pid_t)syscall(SYS_gettid);
	if (confine_enter(vcpu->confine, CONFINE_VCPU) < 0)
		return NULL;
	confine_wait(vcpu->confine);
	stage(vcpu, "monitor: threads");

	while (!run_is_over(vcpu->end)) {
		if (ioctl(vcpu->fd, KVM_RUN, 0) == 0) {
			vcpu_handle_exit(vcpu);
		} else if (errno == EINTR) {
			if (vcpu->id == 0 && stopped_for_good(vcpu))
				run_end_set(vcpu->end, RUN_END_POWEROFF, 0, NULL);
		} else if (errno != EAGAIN) {
			char text[96];

			(void)snprintf(text, sizeof(text), "KVM_RUN: %s", strerror(errno));
			run_end_set(vcpu->end, RUN_END_VM_ERROR, (uint32_t)errno, text);
		}
	}
	atomic_store(&vcpu->stopped, true);
	run_end_wake(vcpu->end);
	return NULL;
}

static void ignore_kick(int sig)
{
	(void)sig;
}

int vcpu_start(struct vcpu *vcpu)
{
	/* No SA_RESTART: the point is that KVM_RUN returns. */
	struct sigaction action = {.sa_handler = ignore_kick};
	int r;

	if (sigaction(KICK_SIGNAL, &action, NULL) < 0)
		return -errno;
	r = pthread_create(&vcpu->thread, NULL, run_thread, vcpu);
	vcpu->started = r == 0;
	return -r;
}

/* Not by pthread_kill(): musl's would need a call that reaches other processes too. */
static void interrupt(const struct vcpu *vcpu)
{
	(void)syscall(SYS_tgkill, getpid(), vcpu->tid, KICK_SIGNAL);
}

void vcpu_kick(struct vcpu *vcpu)
{
	if (!vcpu->started || atomic_load(&vcpu->stopped))
		return;
	/* Before KVM_RUN is entered the flag makes it return; inside, the signal does. */
	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	interrupt(vcpu);
}

void vcpu_look(struct vcpu *vcpu)
{
	if (vcpu->started && !atomic_load(&vcpu->stopped))
		interrupt(vcpu);
}

void vcpu_join(struct vcpu *vcpu)
{
	if (vcpu->started && !atomic_load(&vcpu->stopped))
		(void)pthread_join(vcpu->thread, NULL);
	vcpu->started = false;
}
