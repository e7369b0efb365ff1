/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel that is entered directly: where it goes, what it is told, and what else is there. */
#include "tests/unit/vmlinux_maker.h"

#include <errno.h>

#include "boot/kaslr.h"
#include "boot/vmlinux_make.h"
#include "tests/unit/guest_maker.h"

#define ALIGNMENT MIB(2)

static const uint64_t lowest[2] = {0, 0};
static const uint64_t highest[2] = {UINT64_MAX, UINT64_MAX};

/* --- the choice ------------------------------------------------------------------------------- */

static struct kernel_image make_image(void)
{
	struct kernel_image image = {0};

	image.header.kernel_alignment = (uint32_t)ALIGNMENT;
	image.header.relocatable_kernel = 1;
	return image;
}

static struct vmlinux make_kernel(uint64_t size)
{
	return (struct vmlinux){
		.start = MAKER_TEXT_GPA,
		.end = MAKER_TEXT_GPA + size,
		.relocs = {[VMLINUX_RELOC_64] = {0x1000, 4}},
	};
}

/* A fixed sequence: a failure comes back. */
static uint64_t next_random(void)
{
	static uint64_t state = 0x736e7567;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void check_choice(const struct vmlinux *kernel, uint64_t limit, const struct kaslr *kaslr)
{
	const uint64_t size = kernel->end - kernel->start;

	assert_true(kaslr->gpa >= kernel->start);
	assert_int_equal((kaslr->gpa - kernel->start) % ALIGNMENT, 0);
	assert_true(kaslr->gpa + size <= limit);
	assert_int_equal(kaslr->distance % ALIGNMENT, 0);
	assert_true(kernel->end + kaslr->distance <= GIB(1));
}

static void every_choice_is_aligned_and_inside(void **state)
{
	static const uint64_t sizes[] = {1, ALIGNMENT, ALIGNMENT + 1, MIB(37) + 12345, MIB(900)};
	static const uint64_t room[] = {0, 1, ALIGNMENT - 1, ALIGNMENT, MIB(77) + 4096, GIB(2)};
	const struct kernel_image image = make_image();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(room) * 100; i++) {
		const uint64_t size = sizes[i % ARRAY_SIZE(sizes)];
		const struct vmlinux kernel = make_kernel(size);
		const uint64_t limit = kernel.end + room[i / ARRAY_SIZE(sizes) % ARRAY_SIZE(room)];
		const uint64_t random[2] = {next_random(), next_random()};
		const struct kaslr any = kaslr_choose(&image, &kernel, limit, random);
		const struct kaslr last = kaslr_choose(&image, &kernel, limit, highest);

		check_choice(&kernel, limit, &any);
		check_choice(&kernel, limit, &last);
		/* One more would not fit. */
		assert_true(last.gpa + size + ALIGNMENT > limit);
		assert_true(kernel.end + last.distance + ALIGNMENT > GIB(1));
	}
}

static void the_first_slot_is_where_it_is_linked_to(void **state)
{
	const struct kernel_image image = make_image();
	const struct vmlinux kernel = make_kernel(MIB(30));
	const struct kaslr first = kaslr_choose(&image, &kernel, GIB(1), lowest);

	(void)state;
	assert_int_equal(first.gpa, kernel.start);
	assert_int_equal(first.distance, 0);
}

/* By random numbers from the middle of each slot's part of them. */
static void every_slot_is_reached(void **state)
{
	const struct kernel_image image = make_image();
	const struct vmlinux kernel = make_kernel(MIB(3));
	const uint64_t gpas = 10, distances = (GIB(1) - MIB(16) - MIB(3)) / ALIGNMENT + 1;
	const uint64_t limit = kernel.end + (gpas - 1) * ALIGNMENT;

	(void)state;
	for (uint64_t i = 0; i < gpas * distances; i++) {
		const uint64_t gpa = i % gpas, distance = i / gpas;
		const uint64_t random[2] = {UINT64_MAX / gpas * gpa + UINT64_MAX / gpas / 2,
					    UINT64_MAX / distances * distance +
						    UINT64_MAX / distances / 2};
		const struct kaslr kaslr = kaslr_choose(&image, &kernel, limit, random);

		/* Each by its own number alone. */
		assert_int_equal(kaslr.gpa, kernel.start + gpa * ALIGNMENT);
		assert_int_equal(kaslr.distance, distance * ALIGNMENT);
	}
}

static void an_exact_fit_is_the_only_slot(void **state)
{
	const struct kernel_image image = make_image();
	const struct vmlinux kernel = make_kernel(MIB(8));
	struct kaslr kaslr = kaslr_choose(&image, &kernel, kernel.end, highest);

	(void)state;
	assert_int_equal(kaslr.gpa, kernel.start);
	assert_int_not_equal(kaslr.distance, 0);
	kaslr = kaslr_choose(&image, &kernel, kernel.end + ALIGNMENT - 1, highest);
	assert_int_equal(kaslr.gpa, kernel.start);
	kaslr = kaslr_choose(&image, &kernel, kernel.end + ALIGNMENT, highest);
	assert_int_equal(kaslr.gpa, kernel.start + ALIGNMENT);
}

/* The kernel's part of the address space is a gigabyte, however much memory there is. */
static void a_kernel_of_a_gigabyte_has_no_other_virtual_address(void **state)
{
	static const uint64_t ends[] = {GIB(1) - ALIGNMENT + 1, GIB(1) - 1, GIB(1), GIB(2)};
	const struct kernel_image image = make_image();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		const struct vmlinux kernel = make_kernel(ends[i] - MAKER_TEXT_GPA);
		const struct kaslr kaslr =
			kaslr_choose(&image, &kernel, LAYOUT_LOW_RAM_END, highest);

		assert_int_equal(kaslr.distance, 0);
		assert_int_not_equal(kaslr.gpa, kernel.start);
	}
	/* Not even its start is in there. */
	const struct vmlinux high = {.start = GIB(1) + ALIGNMENT,
				     .end = GIB(1) + 2 * ALIGNMENT,
				     .relocs = {[VMLINUX_RELOC_64] = {0x1000, 4}}};
	assert_int_equal(kaslr_choose(&image, &high, GIB(2), highest).distance, 0);
}

static void assert_not_moved(const struct kernel_image *image, const struct vmlinux *kernel)
{
	const struct kaslr kaslr = kaslr_choose(image, kernel, GIB(2), highest);

	assert_int_equal(kaslr.gpa, kernel->start);
	assert_int_equal(kaslr.distance, 0);
}

static void what_cannot_be_moved_stays(void **state)
{
	struct kernel_image image = make_image();
	struct vmlinux kernel = make_kernel(MIB(8));

	(void)state;
	image.header.relocatable_kernel = 0;
	assert_not_moved(&image, &kernel);
	image = make_image();
	kernel.relocs[VMLINUX_RELOC_64].size = 0;
	assert_not_moved(&image, &kernel);
	/* Any kind of relocations will do. */
	kernel.relocs[VMLINUX_RELOC_32_NEGATIVE].size = 4;
	assert_int_not_equal(kaslr_choose(&image, &kernel, GIB(2), highest).distance, 0);
	assert_int_equal(kaslr_none(&kernel).gpa, kernel.start);
	assert_int_equal(kaslr_none(&kernel).distance, 0);
}

/* --- loaded ----------------------------------------------------------------------------------- */

static struct payload payload;
static struct vmlinux vmlinux;
static int vmlinux_fd;
static struct boot_random boot_random;
static uint8_t expected[MAKER_IMAGE_SIZE], moved[MAKER_IMAGE_SIZE];

static void make_vmlinux(bool relocs)
{
	const char *why;

	payload_make(&payload);
	payload_image(&payload, expected);
	if (relocs)
		payload_add_relocs(&payload);
	vmlinux_fd = memfd_create("vmlinux", MFD_CLOEXEC);
	assert_int_equal(vmlinux_make(payload.bytes, payload.size, "x", 1, vmlinux_fd, &why), 0);
	assert_int_equal(vmlinux_read(vmlinux_fd, &vmlinux, &why), 0);
}

static void drop_vmlinux(void)
{
	cleanup_close(&vmlinux_fd);
}

static void use_random(const uint64_t kaslr[2])
{
	memcpy(boot_random.kaslr, kaslr, sizeof(boot_random.kaslr));
	for (size_t i = 0; i < sizeof(boot_random.seed); i++)
		boot_random.seed[i] = (uint8_t)(i + 100);
}

/* A guest whose kernel is entered directly, with all there is to randomness. */
static struct guest make_direct_guest(uint64_t initrd_size, uint64_t low_size)
{
	struct bzimage bz;

	bzimage_make(&bz);
	bzimage_header(&bz)->init_size = (uint32_t)MAKER_IMAGE_SIZE;
	struct guest guest = make_guest(&bz, initrd_size, low_size);
	guest.vmlinux = &vmlinux;
	guest.vmlinux_fd = vmlinux_fd;
	guest.kaslr = true;
	guest.random = &boot_random;
	return guest;
}

/* Where the kernel is, by its entry point. */
static uint64_t image_gpa(const struct guest *guest)
{
	return guest->entry.rip - MAKER_ENTRY;
}

/* The distance by which the first of the pointers moved. */
static uint64_t loaded_distance(const struct guest *guest)
{
	uint64_t before, after;

	memcpy(&before, expected + maker_relocs_64[0], sizeof(before));
	memcpy(&after, guest->ram.low + image_gpa(guest) + maker_relocs_64[0], sizeof(after));
	return after - before;
}

static void check_kernel(const struct guest *guest, uint64_t distance)
{
	memcpy(moved, expected, sizeof(moved));
	assert_int_equal(vmlinux_relocate(vmlinux_fd, &vmlinux, moved, distance), 0);
	assert_memory_equal(guest->ram.low + image_gpa(guest), moved, sizeof(moved));
}

static void check_initrd(const struct guest *guest)
{
	const struct boot_params params = params_of(guest);
	const uint8_t *initrd = guest->ram.low + params.hdr.ramdisk_image;

	assert_int_equal(params.hdr.ramdisk_size, guest->initrd_size);
	for (uint64_t i = 0; i < guest->initrd_size; i++) {
		if (initrd[i] != initrd_byte(i))
			fail_msg("initrd differs at %llu", (unsigned long long)i);
	}
}

static void check_guest(const struct guest *guest)
{
	const struct boot_params params = params_of(guest);
	const uint64_t end = guest->initrd_size ? params.hdr.ramdisk_image : guest->ram.low_size;
	const uint64_t gpa = image_gpa(guest);

	assert_int_equal(guest->entry.rsi, LAYOUT_BOOT_PARAMS);
	assert_int_equal(gpa % ALIGNMENT, 0);
	assert_true(gpa >= MAKER_TEXT_GPA);
	assert_true(gpa + MAKER_IMAGE_SIZE <= end);
	check_kernel(guest, loaded_distance(guest));
	check_initrd(guest);
}

static void load_direct(const uint64_t random[2], uint64_t initrd_size, uint64_t low_size,
			uint64_t *gpa)
{
	struct guest guest = make_direct_guest(initrd_size, low_size);

	use_random(random);
	assert_int_equal(load(&guest), 0);
	check_guest(&guest);
	*gpa = image_gpa(&guest);
	drop_guest(&guest);
}

static void kernel_and_initrd_never_touch(void **state)
{
	static const uint64_t initrd_sizes[] = {0, 1, MIB(1), MIB(3) + 123};
	uint64_t gpa;

	(void)state;
	make_vmlinux(true);
	for (size_t i = 0; i < 200; i++) {
		const uint64_t random[2] = {next_random(), next_random()};

		load_direct(random, initrd_sizes[i % ARRAY_SIZE(initrd_sizes)], MIB(24) + i * 4096,
			    &gpa);
	}
	drop_vmlinux();
}

static void the_ends_of_memory_are_used(void **state)
{
	uint64_t gpa;

	(void)state;
	make_vmlinux(true);
	load_direct(lowest, MIB(1), MIB(64), &gpa);
	assert_int_equal(gpa, MAKER_TEXT_GPA);
	load_direct(highest, 0, MIB(64), &gpa);
	assert_int_equal(gpa, MIB(62));
	load_direct(highest, MIB(1), MIB(64), &gpa);
	assert_int_equal(gpa, MIB(62));
	/* The initrd takes the last slot. */
	load_direct(highest, MIB(2) - 4096, MIB(64), &gpa);
	assert_int_equal(gpa, MIB(60));
	/* A kernel and its initrd, and not one page more. */
	const uint64_t least = MAKER_END_GPA + 4096;
	load_direct(highest, 4096, least, &gpa);
	assert_int_equal(gpa, MAKER_TEXT_GPA);
	drop_vmlinux();
}

static uint8_t loadflags_of(const struct guest *guest)
{
	return params_of(guest).hdr.loadflags;
}

static void the_kernel_is_told_whether_it_was_moved(void **state)
{
	(void)state;
	use_random(highest);
	for (unsigned i = 0; i < 4; i++) {
		const bool relocs = i & 1, kaslr = i & 2;

		make_vmlinux(relocs);
		struct guest guest = make_direct_guest(100, MIB(64));
		guest.kaslr = kaslr;
		assert_int_equal(load(&guest), 0);
		check_guest(&guest);
		assert_int_equal((loadflags_of(&guest) & KASLR_FLAG) != 0, relocs && kaslr);
		assert_true(loadflags_of(&guest) & LOADED_HIGH);
		assert_int_equal(image_gpa(&guest) != MAKER_TEXT_GPA, relocs && kaslr);
		assert_int_equal(loaded_distance(&guest) != 0, relocs && kaslr);
		drop_guest(&guest);
		drop_vmlinux();
	}
}

/* By its own decompressor it gets the seed, and no word of addresses. */
static void a_bzimage_is_not_moved(void **state)
{
	struct bzimage bz;

	(void)state;
	use_random(highest);
	bzimage_make(&bz);
	struct guest guest = make_guest(&bz, 100, MIB(64));
	guest.kaslr = true;
	guest.random = &boot_random;
	assert_int_equal(load(&guest), 0);
	assert_int_equal(guest.entry.rip, MAKER_TEXT_GPA + 0x200);
	assert_false(loadflags_of(&guest) & KASLR_FLAG);
	assert_int_equal(params_of(&guest).hdr.setup_data, LAYOUT_SETUP_DATA);
	drop_guest(&guest);
}

/* boot.rst, "setup_data": a list of one. */
static void the_seed_is_handed_over(void **state)
{
	struct setup_data head;

	(void)state;
	use_random(lowest);
	make_vmlinux(true);
	struct guest guest = make_direct_guest(100, MIB(64));
	assert_int_equal(load(&guest), 0);
	const uint64_t at = params_of(&guest).hdr.setup_data;
	assert_true(range_inside(at, sizeof(head) + sizeof(boot_random.seed), LAYOUT_SETUP_DATA,
				 0x1000));
	memcpy(&head, guest.ram.low + at, sizeof(head));
	assert_int_equal(head.type, SETUP_RNG_SEED);
	assert_int_equal(head.next, 0);
	assert_int_equal(head.len, sizeof(boot_random.seed));
	assert_memory_equal(guest.ram.low + at + sizeof(head), boot_random.seed,
			    sizeof(boot_random.seed));
	drop_guest(&guest);
	drop_vmlinux();
}

static void without_randomness_there_is_no_seed(void **state)
{
	(void)state;
	make_vmlinux(true);
	struct guest guest = make_direct_guest(100, MIB(64));
	guest.random = NULL;
	guest.kaslr = false;
	assert_int_equal(load(&guest), 0);
	check_guest(&guest);
	assert_int_equal(params_of(&guest).hdr.setup_data, 0);
	for (uint64_t i = 0; i < 0x1000; i++)
		assert_int_equal(guest.ram.low[LAYOUT_SETUP_DATA + i], 0);
	drop_guest(&guest);
	drop_vmlinux();
}

/* Loads a guest whose bzImage asks for less memory than the unpacked kernel needs. */
static void expect_too_small(uint64_t initrd_size, uint64_t low_size, int expected_err)
{
	struct bzimage bz;

	bzimage_make(&bz);
	bzimage_header(&bz)->init_size = BZIMAGE_CODE_SIZE;
	struct guest guest = make_guest(&bz, initrd_size, low_size);
	guest.vmlinux = &vmlinux;
	guest.vmlinux_fd = vmlinux_fd;
	assert_int_equal(load(&guest), expected_err);
	if (expected_err) {
		assert_non_null(guest.why);
		assert_contains(guest.why, "unpacked kernel does not fit");
	}
	drop_guest(&guest);
}

static void too_little_memory_is_an_error(void **state)
{
	(void)state;
	make_vmlinux(true);
	expect_too_small(0, MAKER_END_GPA, 0);
	expect_too_small(0, MAKER_END_GPA - 4096, -ENOMEM);
	expect_too_small(0, MAKER_TEXT_GPA + 4096, -ENOMEM);
	expect_too_small(4096, MAKER_END_GPA + 4096, 0);
	expect_too_small(4097, MAKER_END_GPA + 4096, -ENOMEM);
	expect_too_small(1, MAKER_END_GPA, -ENOMEM);
	drop_vmlinux();
}

static void a_file_that_becomes_shorter_is_an_error(void **state)
{
	(void)state;
	use_random(highest);
	make_vmlinux(true);
	struct guest guest = make_direct_guest(100, MIB(64));
	assert_int_equal(ftruncate(vmlinux_fd, (off_t)vmlinux.relocs[VMLINUX_RELOC_32].offset), 0);
	assert_int_equal(load(&guest), -ENODATA);
	assert_contains(guest.why, "kernel file became shorter");
	assert_int_equal(ftruncate(vmlinux_fd, 0), 0);
	assert_int_equal(load(&guest), -ENODATA);
	assert_contains(guest.why, "kernel file became shorter");
	drop_guest(&guest);
	drop_vmlinux();
}

/* Of a file that somebody else made. */
static void a_relocation_outside_of_the_kernel_is_an_error(void **state)
{
	const uint32_t outside = (uint32_t)MAKER_IMAGE_SIZE;

	(void)state;
	use_random(highest);
	make_vmlinux(true);
	struct guest guest = make_direct_guest(100, MIB(64));
	assert_int_equal(pwrite(vmlinux_fd, &outside, sizeof(outside),
				(off_t)vmlinux.relocs[VMLINUX_RELOC_32].offset),
			 sizeof(outside));
	assert_int_equal(load(&guest), -ENOEXEC);
	assert_contains(guest.why, "relocation outside of itself");
	drop_guest(&guest);
	drop_vmlinux();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_choice_is_aligned_and_inside),
		cmocka_unit_test(the_first_slot_is_where_it_is_linked_to),
		cmocka_unit_test(every_slot_is_reached),
		cmocka_unit_test(an_exact_fit_is_the_only_slot),
		cmocka_unit_test(a_kernel_of_a_gigabyte_has_no_other_virtual_address),
		cmocka_unit_test(what_cannot_be_moved_stays),
		cmocka_unit_test(kernel_and_initrd_never_touch),
		cmocka_unit_test(the_ends_of_memory_are_used),
		cmocka_unit_test(the_kernel_is_told_whether_it_was_moved),
		cmocka_unit_test(a_bzimage_is_not_moved),
		cmocka_unit_test(the_seed_is_handed_over),
		cmocka_unit_test(without_randomness_there_is_no_seed),
		cmocka_unit_test(too_little_memory_is_an_error),
		cmocka_unit_test(a_file_that_becomes_shorter_is_an_error),
		cmocka_unit_test(a_relocation_outside_of_the_kernel_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
