/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of boot_load(): a guest's memory, a kernel and an initrd to be loaded into it. */
#ifndef TESTS_UNIT_GUEST_MAKER_H
#define TESTS_UNIT_GUEST_MAKER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "boot/boot_params.h"
#include "boot/load.h"
#include "core/cleanup.h"
#include "core/layout.h"
#include "core/util.h"
#include "tests/unit/bzimage.h"

#define PAGE 4096ULL

struct guest {
	struct kernel_image image;
	struct boot_ram ram;
	struct boot_entry entry;
	int kernel_fd;
	int initrd_fd;
	uint64_t initrd_size;
	const char *cmdline;
	/* Of a kernel that is entered directly; it stays whose it is. NULL: by its decompressor. */
	const struct vmlinux *vmlinux;
	int vmlinux_fd;
	bool kaslr;
	const struct boot_random *random;
	const char *why;
};

static inline uint8_t initrd_byte(uint64_t i)
{
	return (uint8_t)(1 + (i * 13 + (i >> 10)) % 255);
}

/* Low RAM of this size, with a page behind it that must not be touched. */
static inline uint8_t *map_ram(uint64_t size)
{
	uint8_t *ram = mmap(NULL, size + PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_true(ram != MAP_FAILED);
	assert_int_equal(mprotect(ram + size, PAGE, PROT_NONE), 0);
	return ram;
}

static inline int make_initrd(uint64_t size)
{
	int fd = memfd_create("initrd", MFD_CLOEXEC);
	uint8_t *data = malloc(size + 1);

	assert_true(fd >= 0);
	assert_non_null(data);
	for (uint64_t i = 0; i < size; i++)
		data[i] = initrd_byte(i);
	assert_int_equal(pwrite(fd, data, size, 0), size);
	free(data);
	return fd;
}

/* A guest ready for boot_load(): the small kernel with this header, an initrd, this much memory. */
static inline struct guest make_guest(const struct bzimage *bz, uint64_t initrd_size,
				      uint64_t low_size)
{
	struct guest guest = {
		.ram = {.low = map_ram(low_size), .low_size = low_size},
		.kernel_fd = bzimage_file(bz, BZIMAGE_SIZE),
		.initrd_fd = make_initrd(initrd_size),
		.initrd_size = initrd_size,
		.cmdline = "console=hvc0 quiet",
	};

	assert_true(guest.kernel_fd >= 0);
	assert_int_equal(kernel_image_read(guest.kernel_fd, &guest.image, &guest.why), 0);
	return guest;
}

static inline void drop_guest(struct guest *guest)
{
	assert_int_equal(munmap(guest->ram.low, guest->ram.low_size + PAGE), 0);
	cleanup_close(&guest->kernel_fd);
	cleanup_close(&guest->initrd_fd);
}

static inline int load(struct guest *guest)
{
	const struct boot_request request = {
		.image = &guest->image,
		.kernel_fd = guest->kernel_fd,
		.vmlinux = guest->vmlinux,
		.vmlinux_fd = guest->vmlinux_fd,
		.kaslr = guest->kaslr,
		.random = guest->random,
		.initrd_fds = &guest->initrd_fd,
		.initrd_count = guest->initrd_fd >= 0,
		.cmdline = guest->cmdline,
		.platform = {.cpus = 1, .virtio_devices = 2},
	};

	guest->why = NULL;
	return boot_load(&request, &guest->ram, &guest->entry, &guest->why);
}

static inline struct boot_params params_of(const struct guest *guest)
{
	struct boot_params params;

	memcpy(&params, guest->ram.low + guest->entry.rsi, sizeof(params));
	return params;
}

#endif
