/* SPDX-License-Identifier: Apache-2.0 */
/* From long mode back to real mode, and to f000:fff0, where a PC begins. Does not return. */
#define LOW_GPA     0xa000 /* where 16-bit code can run */
#define CODE16      0x08
#define DATA16      0x10
#define CR0_PE_PG   0x80000001
#define MSR_EFER    0xc0000080
#define LOW(symbol) (LOW_GPA + symbol - low)

	.section .text
	.code64
	.global jump_to_reset_vector
jump_to_reset_vector:
	cld
	mov $low, %esi
	mov $LOW_GPA, %edi
	mov $(low_end - low), %ecx
	rep movsb
	mov $LOW(gdt_register), %eax
	lgdt (%rax)
	pushq $CODE16
	pushq $LOW_GPA
	lretq

	.code16
low:	/* compatibility mode, 16 bits */
	mov $DATA16, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov %cr0, %eax
	and $~CR0_PE_PG | 1, %eax
	mov %eax, %cr0 /* no paging: protected mode */
	mov $MSR_EFER, %ecx
	xor %eax, %eax
	xor %edx, %edx
	wrmsr
	mov %cr0, %eax
	and $~1, %eax
	mov %eax, %cr0
	ljmp $0xf000, $0xfff0
	.align 8
gdt:
	.quad 0
	.quad 0x00009b000000ffff /* code, 16 bits, 64 KiB from 0 */
	.quad 0x000093000000ffff /* data, the same */
gdt_register:
	.word gdt_register - gdt - 1
	.quad LOW(gdt)
low_end:
