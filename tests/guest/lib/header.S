/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bare-metal guest as a bzImage: the setup header a boot loader reads (boot.rst, "The real-mode
 * kernel header"), and the 64-bit entry point, 0x200 into the code, where `start` begins. The guest
 * is linked as a flat binary (guest.ld).
 */
#define SETUP_SECTS 1
#define LOAD_GPA    0x1000000
#define PREF_ADDRESS LOAD_GPA
#define INIT_SIZE   0x100000
#define SYSSIZE     code_paragraphs /* guest.ld */

	.section .setup, "a"
	.code16
#include "tests/guest/lib/setup_header.inc"
header_end:
version:
	.asciz "guest-test bare metal"
	.org (SETUP_SECTS + 1) * 512

	.section .text
	.code64
	.global code, start
code:
	.org 0x200
	jmp start

