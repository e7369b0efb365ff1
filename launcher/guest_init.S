/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's init program as data: guest_init_image, guest_init_image_end (launcher/guest_init.h).
   The Makefile says where the program is. */
	.section .rodata
	.global guest_init_image, guest_init_image_end
	.balign 16
guest_init_image:
	.incbin GUEST_INIT
guest_init_image_end:
	.section .note.GNU-stack, "", @progbits
