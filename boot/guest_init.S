/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's init program as data (boot/guest_init.h). The Makefile says where it is. */
	.section .rodata
	.global guest_init_image, guest_init_size
	.balign 16
guest_init_image:
	.incbin GUEST_INIT
	.set size, . - guest_init_image
	.balign 8
guest_init_size:
	.quad size
	.section .note.GNU-stack, "", @progbits
