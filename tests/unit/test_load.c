/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/guest_maker.h"

#include <errno.h>

#include "boot/devices.h"
#include "boot/entry.h"

struct range {
	uint64_t start;
	uint64_t size;
};

/* Everything is in memory the guest knows of, and nothing lies on anything else. */
static void check_placement(const struct guest *guest)
{
	struct boot_params params = params_of(guest);
	const struct range ranges[] = {
		{LAYOUT_GDT, BOOT_GDT_ENTRIES * 8},
		{LAYOUT_PAGE_TABLES, LAYOUT_PAGE_TABLES_END - LAYOUT_PAGE_TABLES},
		{LAYOUT_BOOT_STACK - PAGE, PAGE},
		{guest->entry.rsi, sizeof(params)},
		{params.hdr.cmd_line_ptr,
		 strlen((const char *)guest->ram.low + params.hdr.cmd_line_ptr) + 1},
		{LAYOUT_ACPI, LAYOUT_ACPI_MAX},
		{LAYOUT_MPTABLE, LAYOUT_MPTABLE_MAX},
		{guest->image.header.pref_address, guest->image.header.init_size},
		{params.hdr.ramdisk_image, params.hdr.ramdisk_size},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		const struct range *a = &ranges[i];

		if (a->size == 0)
			continue;
		assert_true(range_inside(a->start, a->size, 0, guest->ram.low_size));
		if (a->start != LAYOUT_ACPI && a->start != LAYOUT_MPTABLE)
			assert_true(
				range_inside(a->start, a->size, PAGE, LAYOUT_LOWMEM_END - PAGE) ||
				range_inside(a->start, a->size, LAYOUT_HIMEM,
					     guest->ram.low_size - LAYOUT_HIMEM));
		for (size_t j = 0; j < i; j++) {
			const struct range *b = &ranges[j];

			assert_true(a->start + a->size <= b->start ||
				    b->start + b->size <= a->start || b->size == 0);
		}
	}
}

static void check_initrd(const struct guest *guest)
{
	struct boot_params params = params_of(guest);
	uint64_t gpa = params.hdr.ramdisk_image;
	uint64_t end = gpa + guest->initrd_size;
	uint64_t top = min_u64((uint64_t)params.hdr.initrd_addr_max + 1, guest->ram.low_size);

	assert_int_equal(params.hdr.ramdisk_size, guest->initrd_size);
	if (guest->initrd_size == 0) {
		assert_int_equal(gpa, 0);
		return;
	}
	assert_int_equal(gpa % PAGE, 0);
	assert_true(end <= top);
	assert_true(top - end < 2 * PAGE); /* as high as it goes */
	for (uint64_t i = 0; i < guest->initrd_size; i++)
		if (guest->ram.low[gpa + i] != initrd_byte(i))
			fail_msg("initrd differs at %llu", (unsigned long long)i);
	/* Nothing was written around it. */
	if (end < guest->ram.low_size)
		assert_int_equal(guest->ram.low[end], 0);
	assert_int_equal(guest->ram.low[gpa - 1], 0);
}

/* The devices first, so that the caller's own has the last word. */
static void check_cmdline(const struct guest *guest, const char *cmdline)
{
	const size_t len = strlen(cmdline), own = strlen(guest->cmdline);

	assert_true(len > own);
	assert_string_equal(cmdline + (len - own), guest->cmdline);
	assert_int_equal(cmdline[len - own - 1], ' ');
	assert_memory_equal(cmdline, "virtio_mmio.device=", 19);
}

static void check_loaded(const struct guest *guest)
{
	struct boot_params params = params_of(guest);
	const uint8_t *low = guest->ram.low;
	uint64_t kernel = guest->image.header.pref_address;
	uint8_t code[BZIMAGE_CODE_SIZE];

	assert_int_equal(guest->entry.rip, kernel + 0x200);
	assert_int_equal(guest->entry.rsi, LAYOUT_BOOT_PARAMS);
	assert_int_equal(pread(guest->kernel_fd, code, sizeof(code), BZIMAGE_SETUP_SIZE),
			 sizeof(code));
	assert_memory_equal(low + kernel, code, guest->image.code_size);
	assert_int_equal(low[kernel - 1], 0);
	assert_int_equal(low[kernel + guest->image.code_size], 0);
	check_cmdline(guest, (const char *)low + params.hdr.cmd_line_ptr);
	assert_memory_equal(low + LAYOUT_MPTABLE, "_MP_", 4);
	assert_int_equal(params.acpi_rsdp_addr, LAYOUT_ACPI);
	assert_memory_equal(low + LAYOUT_ACPI, "RSD PTR ", 8);
	for (uint64_t i = 0; i < PAGE; i++) /* a null pointer finds nothing */
		assert_int_equal(low[i], 0);
	check_placement(guest);
	check_initrd(guest);
}

static void expect_loads(const struct bzimage *bz, uint64_t initrd_size, uint64_t low_size)
{
	struct guest guest = make_guest(bz, initrd_size, low_size);

	assert_int_equal(load(&guest), 0);
	check_loaded(&guest);
	drop_guest(&guest);
}

static const uint64_t initrd_sizes[] = {0, 1, PAGE - 1, PAGE, PAGE + 1, MIB(1), MIB(5) + 123};

static void test_many_sizes(void **state)
{
	static const uint64_t ram_sizes[] = {
		MIB(64),
		MIB(64) + PAGE,
		MIB(127),
		MIB(256),
		MIB(1000),
		GIB(2) - PAGE,
		GIB(2),
		GIB(2) + PAGE,
		GIB(2) + MIB(1),
		LAYOUT_LOW_RAM_END - PAGE,
		LAYOUT_LOW_RAM_END,
	};
	struct bzimage bz;

	(void)state;
	bzimage_make(&bz);
	for (size_t i = 0; i < ARRAY_SIZE(ram_sizes); i++)
		for (size_t j = 0; j < ARRAY_SIZE(initrd_sizes); j++)
			expect_loads(&bz, initrd_sizes[j], ram_sizes[i]);
}

/* The highest address an initrd may touch is the kernel's to say. */
static void test_initrd_addr_max(void **state)
{
	static const uint32_t limits[] = {0x2fffffff, 0x2ffffffe, 0x30000000,
					  0x37ffffff, 0x7fffffff, 0xffffffff};
	struct bzimage bz;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		bzimage_make(&bz);
		bzimage_header(&bz)->initrd_addr_max = limits[i];
		expect_loads(&bz, MIB(1), GIB(1));
		expect_loads(&bz, MIB(1) + 1, GIB(1));
		expect_loads(&bz, MIB(1) + 1, LAYOUT_LOW_RAM_END);
	}
}

/* 3.5 GiB: the last half GiB is above 4 GiB, and only the memory map knows of it. */
static void test_high_memory(void **state)
{
	struct bzimage bz;
	struct guest guest;
	struct boot_params params;
	const struct boot_e820_entry *last;

	(void)state;
	bzimage_make(&bz);
	guest = make_guest(&bz, MIB(1), LAYOUT_LOW_RAM_END);
	guest.ram.high_size = MIB(512);
	assert_int_equal(load(&guest), 0);
	check_loaded(&guest);
	params = params_of(&guest);
	last = &params.e820_table[params.e820_entries - 1];
	assert_int_equal(last->addr, LAYOUT_HIGH_RAM_BASE);
	assert_int_equal(last->size, MIB(512));
	drop_guest(&guest);
}

static void test_no_initrd(void **state)
{
	struct bzimage bz;
	struct guest guest;

	(void)state;
	bzimage_make(&bz);
	guest = make_guest(&bz, 0, MIB(64));
	cleanup_close(&guest.initrd_fd);
	guest.initrd_fd = -1;
	assert_int_equal(load(&guest), 0);
	check_loaded(&guest);
	drop_guest(&guest);
}

/* Too little memory is refused, and what is said to be needed is just enough. */
static void test_need_is_exact(void **state)
{
	static const uint32_t init_sizes[] = {BZIMAGE_CODE_SIZE, MIB(1), MIB(1) + 1, MIB(66) - 1};
	struct bzimage bz;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(init_sizes) * ARRAY_SIZE(initrd_sizes); i++) {
		uint64_t initrd_size = initrd_sizes[i / ARRAY_SIZE(init_sizes)];
		struct guest guest;
		uint64_t need = 1, again = 1;

		bzimage_make(&bz);
		bzimage_header(&bz)->init_size = init_sizes[i % ARRAY_SIZE(init_sizes)];
		guest = make_guest(&bz, initrd_size, MIB(16));
		assert_int_equal(boot_fits(&guest.image, initrd_size, MIB(16), &need), -ENOMEM);
		assert_int_equal(load(&guest), -ENOMEM);
		assert_non_null(guest.why);

		assert_int_equal(need % MIB(1), 0);
		assert_int_equal(boot_fits(&guest.image, initrd_size, need, &again), 0);
		assert_int_equal(boot_fits(&guest.image, initrd_size, need - MIB(1), &again),
				 -ENOMEM);
		assert_int_equal(again, need);
		drop_guest(&guest);
		expect_loads(&bz, initrd_size, need);
	}
}

static void test_no_memory_would_do(void **state)
{
	static const uint64_t sizes[] = {GIB(2), GIB(4), UINT64_MAX - PAGE, UINT64_MAX};
	struct bzimage bz;
	struct guest guest;
	uint64_t need;

	(void)state;
	bzimage_make(&bz);
	guest = make_guest(&bz, 0, MIB(64));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		need = 1;
		assert_int_equal(boot_fits(&guest.image, sizes[i], LAYOUT_LOW_RAM_END, &need),
				 -ENOMEM);
		assert_int_equal(need, 0);
	}
	/* What is left of the kernel's last page is not a place for an initrd. */
	guest.image.header.init_size = (uint32_t)MIB(1) + 1;
	guest.image.header.initrd_addr_max = 0x1000000 + (uint32_t)MIB(1) + PAGE - 1;
	assert_int_equal(boot_fits(&guest.image, 1, LAYOUT_LOW_RAM_END, &need), -ENOMEM);
	assert_int_equal(need, 0);
	/* A kernel that takes its initrd nowhere; with none it is content. */
	guest.image.header.initrd_addr_max = 0;
	assert_int_equal(boot_fits(&guest.image, 1, LAYOUT_LOW_RAM_END, &need), -ENOMEM);
	assert_int_equal(need, 0);
	assert_int_equal(boot_fits(&guest.image, 0, MIB(64), &need), 0);
	assert_int_equal(boot_fits(&guest.image, 0, 0, &need), -ENOMEM);
	assert_int_equal(boot_fits(&guest.image, 0, need, &need), 0);
	drop_guest(&guest);
}

static void check_cmdline_length(uint32_t kernel_takes, size_t len, int expected)
{
	_cleanup_free_ char *cmdline = calloc(1, len + 1);
	struct bzimage bz;
	struct guest guest;

	assert_non_null(cmdline);
	memset(cmdline, 'x', len);
	bzimage_make(&bz);
	bzimage_header(&bz)->cmdline_size = kernel_takes;
	guest = make_guest(&bz, 1, MIB(64));
	guest.cmdline = cmdline;
	assert_int_equal(load(&guest), expected);
	if (expected == 0)
		check_loaded(&guest);
	else
		assert_non_null(strstr(guest.why, "command line"));
	drop_guest(&guest);
}

static void test_cmdline_length(void **state)
{
	const struct platform platform = {.cpus = 1, .virtio_devices = 2}; /* as load() has it */
	char devices[256];
	const size_t front = (size_t)devices_cmdline(devices, sizeof(devices), &platform, "");

	(void)state;
	check_cmdline_length(2047, 0, 0);
	check_cmdline_length(2047, 2047 - front, 0);
	check_cmdline_length(2047, 2048 - front, -E2BIG);
	check_cmdline_length((uint32_t)front, 0, 0);
	check_cmdline_length((uint32_t)front, 1, -E2BIG);
	check_cmdline_length(0, 0, -E2BIG);
	check_cmdline_length(UINT32_MAX, LAYOUT_CMDLINE_MAX - 1 - front, 0);
	check_cmdline_length(UINT32_MAX, LAYOUT_CMDLINE_MAX - front, -E2BIG);
	check_cmdline_length(UINT32_MAX, MIB(1), -E2BIG);
}

static void test_file_errors(void **state)
{
	struct bzimage bz;
	struct guest guest;
	int pipe_fds[2], whole;

	(void)state;
	bzimage_make(&bz);
	guest = make_guest(&bz, 100, MIB(64));
	whole = guest.initrd_fd;

	/* An initrd that can be looked at, but not read. */
	guest.initrd_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	assert_int_equal(load(&guest), -EBADF);
	assert_non_null(strstr(guest.why, "initrd"));
	cleanup_close(&guest.initrd_fd);

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	guest.initrd_fd = pipe_fds[0];
	assert_int_equal(load(&guest), -EINVAL);
	assert_non_null(strstr(guest.why, "initrd"));
	cleanup_close(&pipe_fds[0]);
	cleanup_close(&pipe_fds[1]);
	guest.initrd_fd = whole;

	/* The kernel file shrinks after it was checked. */
	assert_int_equal(ftruncate(guest.kernel_fd, BZIMAGE_SIZE - 1), 0);
	assert_int_equal(load(&guest), -ENODATA);
	assert_non_null(strstr(guest.why, "kernel"));
	drop_guest(&guest);
}

/* Walks the boot page tables as the processor would. */
static uint64_t translate(const uint8_t *low, uint64_t address)
{
	uint64_t table = LAYOUT_PAGE_TABLES;

	for (unsigned shift = 39;; shift -= 9) {
		uint64_t entry;

		assert_true(table >= LAYOUT_PAGE_TABLES && table < LAYOUT_PAGE_TABLES_END);
		memcpy(&entry, low + table + (address >> shift & 511) * 8, sizeof(entry));
		assert_int_equal(entry & 3, 3);   /* present, writable */
		assert_int_equal(entry >> 48, 0); /* executable, nothing reserved */
		if (shift == 21) {
			assert_true(entry & 1 << 7);
			assert_int_equal(entry & (MIB(2) - 1) & ~0x83ULL, 0);
			return align_down(entry, MIB(2)) | (address & (MIB(2) - 1));
		}
		assert_false(entry & 1 << 7);
		table = align_down(entry, PAGE);
	}
}

static void test_identity_map(void **state)
{
	struct bzimage bz;
	struct guest guest;
	uint64_t entry;

	(void)state;
	bzimage_make(&bz);
	guest = make_guest(&bz, 0, MIB(64));
	assert_int_equal(load(&guest), 0);
	for (uint64_t address = 0; address < GIB(4); address += MIB(2)) {
		assert_int_equal(translate(guest.ram.low, address), address);
		assert_int_equal(translate(guest.ram.low, address + 0x12345), address + 0x12345);
	}
	/* And nothing else is mapped. */
	for (unsigned i = 1; i < 512; i++) {
		memcpy(&entry, guest.ram.low + LAYOUT_PAGE_TABLES + i * 8, sizeof(entry));
		assert_int_equal(entry, 0);
	}
	for (unsigned i = 4; i < 512; i++) {
		memcpy(&entry, guest.ram.low + LAYOUT_PAGE_TABLES + PAGE + i * 8, sizeof(entry));
		assert_int_equal(entry, 0);
	}
	drop_guest(&guest);
}

/* Intel SDM, volume 3, figure 3-8. */
static void check_descriptor(uint64_t descriptor, bool code)
{
	uint64_t base = (descriptor >> 16 & 0xffffff) | (descriptor >> 56) << 24;
	uint64_t limit = (descriptor & 0xffff) | (descriptor >> 48 & 0xf) << 16;

	assert_int_equal(base, 0);
	assert_int_equal(limit, 0xfffff);
	assert_int_equal(descriptor >> 55 & 1, 1);            /* G: in pages */
	assert_int_equal(descriptor >> 53 & 1, code ? 1 : 0); /* L: 64-bit code */
	assert_int_equal(descriptor >> 54 & 1, code ? 0 : 1); /* D: with L, zero */
	assert_int_equal(descriptor >> 47 & 1, 1);            /* present */
	assert_int_equal(descriptor >> 45 & 3, 0);            /* ring 0 */
	assert_int_equal(descriptor >> 44 & 1, 1);            /* not a system segment */
	assert_int_equal(descriptor >> 40 & 0xf, code ? 0xb : 0x3);
}

static void test_gdt(void **state)
{
	struct bzimage bz;
	struct guest guest;
	uint64_t gdt[BOOT_GDT_ENTRIES];

	(void)state;
	bzimage_make(&bz);
	guest = make_guest(&bz, 0, MIB(64));
	assert_int_equal(load(&guest), 0);
	memcpy(gdt, guest.ram.low + LAYOUT_GDT, sizeof(gdt));
	assert_int_equal(gdt[0], 0);
	assert_int_equal(gdt[1], 0);
	check_descriptor(gdt[BOOT_CS / 8], true);
	check_descriptor(gdt[BOOT_DS / 8], false);
	drop_guest(&guest);
}

static void test_real_kernel(void **state)
{
	const char *path = getenv("SNUG_TEST_KERNEL");
	struct guest guest = {
		.initrd_fd = make_initrd(MIB(3)), .initrd_size = MIB(3), .cmdline = "console=hvc0"};
	uint64_t need = 0;

	(void)state;
	if (!path) {
		cleanup_close(&guest.initrd_fd);
		print_message("skipped: SNUG_TEST_KERNEL names no kernel\n");
		skip();
	}
	guest.kernel_fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(kernel_image_read(guest.kernel_fd, &guest.image, &guest.why), 0);
	assert_int_equal(boot_fits(&guest.image, MIB(3), MIB(16), &need), -ENOMEM);
	guest.ram.low_size = need;
	guest.ram.low = map_ram(need);
	assert_int_equal(load(&guest), 0);
	check_placement(&guest);
	check_initrd(&guest);
	drop_guest(&guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_sizes),     cmocka_unit_test(test_initrd_addr_max),
		cmocka_unit_test(test_high_memory),    cmocka_unit_test(test_no_initrd),
		cmocka_unit_test(test_need_is_exact),  cmocka_unit_test(test_no_memory_would_do),
		cmocka_unit_test(test_cmdline_length), cmocka_unit_test(test_file_errors),
		cmocka_unit_test(test_identity_map),   cmocka_unit_test(test_gdt),
		cmocka_unit_test(test_real_kernel),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
