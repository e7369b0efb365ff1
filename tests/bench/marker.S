/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel that tests/bench/start times a monitor's own start and end with: it does nothing but write
 * to the marks' port and end the VM. A bzImage with an entry point for each way into one (boot.rst): the
 * setup code in real mode, 32 bits, 64 bits. Whichever a monitor takes, the mark is the first instruction
 * of this file that its guest executes; a monitor that runs firmware, or an option ROM to load a kernel,
 * has done so by then. Made with MARKER_ELF, it is what goes into an ELF file instead, for PVH and for
 * Linux's 64-bit entry.
 *
 * Each END is one way to end a VM, all with one store that KVM's trace shows, or after one:
 *
 *   END_SNUG    the power-off device's status: 0
 *   END_ACPI    PIIX4's PM1a control register, where SeaBIOS puts it: sleep type 0, which is off
 *   END_I8042   the keyboard controller's reset line
 *   END_FAULT   a mark, then a triple fault: for machines whose power-off is memory-mapped
 */
#define PORT_MARK  0x608 /* core/abi.h: in QEMU's PIIX4 a timer that ignores writes, elsewhere nothing */
#define MARK_BEGIN 0x80 /* tests/bench/start looks for these */
#define MARK_END   0x81
#define SCRATCH    0x7000 /* RAM, from any base a loader chooses for the data segment */

#define SETUP_SECTS 1
#define LOAD_GPA     0x100000
#define PREF_ADDRESS 0x1000000
#define INIT_SIZE    0x100000
#define SYSSIZE      (image_end - code) / 16

	.macro mark value
	mov $PORT_MARK, %dx
	mov $\value, %eax
	out %eax, %dx
	.endm

	.macro begin_and_end
	mark MARK_BEGIN
#if defined(END_SNUG)
	mov $0x600, %dx
	mov $(1 << 16), %eax
	out %eax, %dx
#elif defined(END_ACPI)
	mov $0x604, %dx
	mov $0x2000, %ax
	out %ax, %dx
#elif defined(END_I8042)
	mov $0xfe, %al
	out %al, $0x64
#elif defined(END_FAULT)
	xor %eax, %eax /* an empty interrupt table, in any mode's format */
	mov %eax, SCRATCH
	mov %eax, SCRATCH + 4
	mov %eax, SCRATCH + 8
	mark MARK_END
	lidt SCRATCH
	int3
#else
#error "no END"
#endif
1:	jmp 1b /* the monitor ends it while it spins: a halt would be one exit more */
	.endm

	.text
#ifndef MARKER_ELF
	.code16
#include "tests/guest/lib/setup_header.inc"
header_end:
	begin_and_end
version:
	.asciz "marker"
	.org (SETUP_SECTS + 1) * 512
code:
#endif

	.code32
	.global entry32, entry64
entry32:
	begin_and_end
	.skip 0x200 - (. - entry32)
	.code64
entry64:
	begin_and_end
	.balign 16
image_end:

#ifdef MARKER_ELF
	.section .note.Xen, "a", @note
	.long 4, 4, 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long entry32
#endif
