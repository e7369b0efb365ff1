/* SPDX-License-Identifier: Apache-2.0 */
/* A program for processors of 32 bits, without a library: says so, by int $0x80, and exits with status 32. */
	.text
	.globl _start
_start:
	movl	$4, %eax		/* write */
	movl	$1, %ebx
	movl	$text, %ecx
	movl	$text_len, %edx
	int	$0x80
	movl	$1, %eax		/* exit */
	movl	$32, %ebx
	int	$0x80

	.section .rodata
text:	.ascii	"32 bits\n"
	.set	text_len, . - text

	.section .note.GNU-stack, "", @progbits
