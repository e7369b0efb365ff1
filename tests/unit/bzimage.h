/* SPDX-License-Identifier: Apache-2.0 */
/* A small made-up bzImage, valid in every field, for tests to load or to spoil. */
#ifndef TESTS_UNIT_BZIMAGE_H
#define TESTS_UNIT_BZIMAGE_H

#include <asm/bootparam.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BZIMAGE_HEADER      0x1f1
#define BZIMAGE_SETUP_SECTS 3
#define BZIMAGE_SETUP_SIZE  ((1 + BZIMAGE_SETUP_SECTS) * 512)
#define BZIMAGE_CODE_SIZE   0x800
#define BZIMAGE_SIZE        (BZIMAGE_SETUP_SIZE + BZIMAGE_CODE_SIZE)
#define BZIMAGE_VERSION_AT  0x400 /* in the file */
#define BZIMAGE_VERSION     "6.1.0-test (builder@host) #1 SMP"

struct bzimage {
	uint8_t bytes[BZIMAGE_SIZE];
};

/* The header in place: packed, so it may lie at an odd address. */
static inline struct setup_header *bzimage_header(struct bzimage *bz)
{
	return (struct setup_header *)(bz->bytes + BZIMAGE_HEADER);
}

static inline void bzimage_make(struct bzimage *bz)
{
	memset(bz->bytes, 0, BZIMAGE_SETUP_SIZE);
	for (size_t i = BZIMAGE_SETUP_SIZE; i < BZIMAGE_SIZE; i++)
		bz->bytes[i] = (uint8_t)(i * 7 + (i >> 8));
	*bzimage_header(bz) = (struct setup_header){
		.setup_sects = BZIMAGE_SETUP_SECTS,
		.syssize = BZIMAGE_CODE_SIZE / 16,
		.vid_mode = 0xffff,
		.boot_flag = 0xaa55,
		.jump = 0x6aeb,
		.header = 0x53726448,
		.version = 0x020f,
		.kernel_version = BZIMAGE_VERSION_AT - 0x200,
		.loadflags = LOADED_HIGH,
		.code32_start = 0x100000,
		.initrd_addr_max = 0x7fffffff,
		.kernel_alignment = 0x200000,
		.relocatable_kernel = 1,
		.min_alignment = 21,
		.xloadflags = XLF_KERNEL_64,
		.cmdline_size = 2047,
		.payload_offset = 0x400,
		.payload_length = 0x300,
		.pref_address = 0x1000000,
		.init_size = 0x1234000,
		.handover_offset = 0x10,
		.kernel_info_offset = 0x20,
	};
	memcpy(bz->bytes + BZIMAGE_VERSION_AT, BZIMAGE_VERSION, sizeof(BZIMAGE_VERSION));
}

/* Its first len bytes as a file; -1 if that fails. */
static inline int bzimage_file(const struct bzimage *bz, size_t len)
{
	int fd = memfd_create("bzImage", MFD_CLOEXEC);

	if (fd >= 0 && pwrite(fd, bz->bytes, len, 0) != (ssize_t)len) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

#endif
