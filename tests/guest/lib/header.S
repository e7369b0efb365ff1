/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bare-metal guest as a bzImage: the setup header a boot loader reads (boot.rst, "The real-mode
 * kernel header"), and the 64-bit entry point, 0x200 into the code, where `start` begins. The guest
 * is linked as a flat binary (guest.ld).
 */
#define SETUP_SECTS 1
#define LOAD_GPA    0x1000000
#define INIT_SIZE   0x100000

	.section .setup, "a"
	.code16
	.org 0x1f1
	.byte SETUP_SECTS
	.word 0                    /* root_flags */
	.long code_paragraphs       /* syssize (guest.ld) */
	.word 0, 0, 0              /* ram_size, vid_mode, root_dev */
	.word 0xaa55
	.byte 0xeb, header_end - 1f /* jump: also the header's length */
1:	.ascii "HdrS"
	.word 0x020f               /* version */
	.long 0                    /* realmode_swtch */
	.word 0                    /* start_sys_seg */
	.word version - 0x200      /* kernel_version */
	.byte 0                    /* type_of_loader */
	.byte 1                    /* loadflags: LOADED_HIGH */
	.word 0                    /* setup_move_size */
	.long LOAD_GPA             /* code32_start */
	.long 0, 0, 0              /* ramdisk_image, ramdisk_size, bootsect_kludge */
	.word 0                    /* heap_end_ptr */
	.byte 0, 0                 /* ext_loader_ver, ext_loader_type */
	.long 0                    /* cmd_line_ptr */
	.long 0x7fffffff           /* initrd_addr_max */
	.long 0x200000             /* kernel_alignment */
	.byte 1                    /* relocatable_kernel */
	.byte 21                   /* min_alignment */
	.word 1                    /* xloadflags: XLF_KERNEL_64 */
	.long 2047                 /* cmdline_size */
	.long 0                    /* hardware_subarch */
	.quad 0                    /* hardware_subarch_data */
	.long 0, 0                 /* payload_offset, payload_length */
	.quad 0                    /* setup_data */
	.quad LOAD_GPA             /* pref_address */
	.long INIT_SIZE
	.long 0                    /* handover_offset */
	.long 0                    /* kernel_info_offset */
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

