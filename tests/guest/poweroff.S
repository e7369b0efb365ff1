/* SPDX-License-Identifier: Apache-2.0 */
/* The emptiest guest: its first instructions store a status and so end the VM. */
	.code64
	.global start
start:
	mov $0x600, %dx
	mov $(1 << 16 | 42), %eax
	out %eax, %dx
	hlt
