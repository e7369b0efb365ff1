/* SPDX-License-Identifier: Apache-2.0 */
/* From the boot protocol's 64-bit entry to C: a stack, then guest_start(boot_params). */
#define STACK_TOP 0x90000 /* 64 KiB below, all RAM, with nothing of the monitor's in it */

	.section .text
	.code64
	.global start
start:
	mov $STACK_TOP, %esp
	mov %rsi, %rdi
	call guest_start
1:	hlt
	jmp 1b
