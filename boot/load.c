/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/load.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "boot/acpi.h"
#include "boot/boot_params.h"
#include "boot/devices.h"
#include "boot/entry.h"
#include "boot/kaslr.h"
#include "boot/mptable.h"
#include "core/fds.h"
#include "core/layout.h"
#include "core/util.h"

#define PAGE_SIZE 0x1000ULL

/* boot.rst, "64-bit boot protocol": where the 64-bit entry point is, from the load address. */
#define ENTRY_64 0x200

static uint64_t kernel_end(const struct kernel_image *image)
{
	return image->header.pref_address + image->header.init_size;
}

/* The first byte an initrd must not touch, in RAM that ends at ram_end. */
static uint64_t initrd_limit(const struct kernel_image *image, uint64_t ram_end)
{
	/* initrd_addr_max is the address of the last byte it may touch. */
	uint64_t limit = (uint64_t)image->header.initrd_addr_max + 1;

	return align_down(min_u64(limit, ram_end), PAGE_SIZE);
}

/*
 * The initrd goes as high as the kernel allows: what lies between it and the kernel stays one piece,
 * and a kernel that picks its own address has it to choose from. False: it does not fit.
 */
static bool place_initrd(const struct kernel_image *image, uint64_t size, uint64_t low_size,
			 uint64_t *gpa)
{
	uint64_t limit = initrd_limit(image, low_size);
	uint64_t floor = align_up(kernel_end(image), PAGE_SIZE);

	if (floor > limit || size > limit - floor)
		return false;
	*gpa = align_down(limit - size, PAGE_SIZE);
	return true;
}

int boot_fits(const struct kernel_image *image, uint64_t initrd_size, uint64_t low_size,
	      uint64_t *need)
{
	uint64_t end = kernel_end(image);
	uint64_t gpa;

	if (end <= low_size &&
	    (initrd_size == 0 || place_initrd(image, initrd_size, low_size, &gpa)))
		return 0;

	*need = 0;
	if (initrd_size != 0) {
		uint64_t limit = initrd_limit(image, LAYOUT_LOW_RAM_END);

		end = align_up(end, PAGE_SIZE);
		if (end > limit || initrd_size > limit - end)
			return -ENOMEM;
		end += align_up(initrd_size, PAGE_SIZE);
	}
	*need = align_up(end, MIB(1));
	return -ENOMEM;
}

/* buffer-format.rst: what lies between archives is zeros, to a multiple of four. */
#define INITRD_ALIGN 4

static int file_size(int fd, uint64_t *size, const char **why)
{
	struct stat st;

	*size = 0;
	if (fstat(fd, &st) < 0) {
		*why = "the initrd cannot be read";
		return -errno;
	}
	if (!S_ISREG(st.st_mode)) {
		*why = "the initrd is not a regular file";
		return -EINVAL;
	}
	*size = (uint64_t)st.st_size;
	return 0;
}

int boot_initrd_size(const int *fds, unsigned count, uint64_t *size, const char **why)
{
	*size = 0;
	for (unsigned i = 0; i < count; i++) {
		uint64_t one;
		int r = file_size(fds[i], &one, why);

		if (r < 0)
			return r;
		*size = align_up(*size, INITRD_ALIGN) + one;
	}
	return 0;
}

static int kernel_error(int r, const char **why)
{
	*why = r == -ENODATA   ? "the kernel file became shorter while it was loaded"
	       : r == -ENOEXEC ? "the unpacked kernel has a relocation outside of itself"
			       : "the kernel file cannot be read";
	return r;
}

static void pass(const struct boot_request *request, const char *what)
{
	if (request->passed)
		request->passed(request->passed_ctx, what);
}

/* The kernel with its decompressor, which is entered. */
static int load_bzimage(const struct boot_request *request, const struct boot_ram *ram,
			struct boot_entry *entry, const char **why)
{
	const struct kernel_image *image = request->image;
	int r = fd_pread_all(request->kernel_fd, ram->low + image->header.pref_address,
			     image->code_size, image->setup_size);

	if (r < 0)
		return kernel_error(r, why);
	pass(request, "monitor: kernel into memory");
	entry->rip = image->header.pref_address + ENTRY_64;
	return 0;
}

/* The kernel itself. */
static int load_vmlinux(const struct boot_request *request, const struct boot_ram *ram,
			struct boot_layout *layout, struct boot_entry *entry, const char **why)
{
	const struct vmlinux *vmlinux = request->vmlinux;
	const uint64_t limit = layout->initrd_size ? layout->initrd_gpa : ram->low_size;
	struct kaslr kaslr = kaslr_none(vmlinux);
	uint8_t *image;
	int r;

	if (vmlinux->end > limit) {
		*why = "the unpacked kernel does not fit into the guest's memory";
		return -ENOMEM;
	}
	if (request->kaslr)
		kaslr = kaslr_choose(request->image, vmlinux, limit, request->random->kaslr);
	image = ram->low + kaslr.gpa;
	r = vmlinux_load(request->vmlinux_fd, vmlinux, image);
	pass(request, "monitor: kernel into memory");
	if (r == 0 && kaslr.distance)
		r = vmlinux_relocate(request->vmlinux_fd, vmlinux, image, kaslr.distance);
	if (r < 0)
		return kernel_error(r, why);
	if (kaslr.random)
		pass(request, "monitor: KASLR, relocations");
	layout->kaslr = kaslr.random;
	entry->rip = kaslr.gpa + (vmlinux->entry - vmlinux->start);
	return 0;
}

/* boot.rst, "setup_data". The kernel erases the seed when it has used it. */
static void load_seed(const struct boot_request *request, const struct boot_ram *ram,
		      struct boot_layout *layout)
{
	const struct setup_data head = {.type = SETUP_RNG_SEED,
					.len = sizeof(request->random->seed)};
	uint8_t *at = ram->low + LAYOUT_SETUP_DATA;

	if (!request->random)
		return;
	memcpy(at, &head, sizeof(head));
	memcpy(at + sizeof(head), request->random->seed, sizeof(request->random->seed));
	layout->setup_data_gpa = LAYOUT_SETUP_DATA;
}

static int load_initrds(const struct boot_request *request, const struct boot_ram *ram,
			const struct boot_layout *layout, const char **why)
{
	uint64_t at = 0, size;
	int r = 0;

	for (unsigned i = 0; i < request->initrd_count && r == 0; i++) {
		at = align_up(at, INITRD_ALIGN);
		r = file_size(request->initrd_fds[i], &size, why);
		if (r < 0)
			return r;
		/* One that has grown since would go over what lies behind. */
		if (!range_inside(at, size, 0, layout->initrd_size))
			r = -EFBIG;
		else
			r = fd_pread_all(request->initrd_fds[i], ram->low + layout->initrd_gpa + at,
					 size, 0);
		at += size;
	}
	if (r < 0)
		*why = r == -ENODATA || r == -EFBIG ? "the initrd changed while it was loaded"
						    : "the initrd cannot be read";
	return r;
}

static int load_cmdline(const struct boot_request *request, const struct boot_ram *ram,
			const char **why)
{
	const uint64_t size =
		min_u64((uint64_t)request->image->header.cmdline_size + 1, LAYOUT_CMDLINE_MAX);
	int r = devices_cmdline((char *)ram->low + LAYOUT_CMDLINE, size, &request->platform,
				request->cmdline);

	if (r < 0)
		*why = "the command line is longer than the kernel takes";
	return r < 0 ? r : 0;
}

static int load_tables(const struct boot_request *request, const struct boot_ram *ram,
		       const char **why)
{
	int r = acpi_build(ram->low + LAYOUT_ACPI, LAYOUT_ACPI_MAX, LAYOUT_ACPI,
			   &request->platform);

	if (r >= 0)
		r = mptable_build(ram->low + LAYOUT_MPTABLE, LAYOUT_MPTABLE_MAX, LAYOUT_MPTABLE,
				  &request->platform);
	if (r < 0)
		*why = "the machine is too large for the tables that describe it";
	return r < 0 ? r : 0;
}

/* The files' places; everything else has a fixed one. */
static int plan(const struct boot_request *request, const struct boot_ram *ram,
		struct boot_layout *layout, const char **why)
{
	uint64_t need;
	int r;

	*layout = (struct boot_layout){
		.low_size = ram->low_size,
		.high_size = ram->high_size,
		.acpi_rsdp_gpa = LAYOUT_ACPI,
		.cmdline_gpa = LAYOUT_CMDLINE,
	};
	r = boot_initrd_size(request->initrd_fds, request->initrd_count, &layout->initrd_size, why);
	if (r < 0)
		return r;
	if (boot_fits(request->image, layout->initrd_size, ram->low_size, &need) < 0 ||
	    (layout->initrd_size && !place_initrd(request->image, layout->initrd_size,
						  ram->low_size, &layout->initrd_gpa))) {
		*why = "kernel and initrd do not fit into the guest's memory";
		return -ENOMEM;
	}
	return 0;
}

int boot_load(const struct boot_request *request, const struct boot_ram *ram,
	      struct boot_entry *entry, const char **why)
{
	struct boot_layout layout;
	struct boot_params params;
	int r;

	r = plan(request, ram, &layout, why);
	if (r == 0)
		r = load_cmdline(request, ram, why);
	if (r == 0)
		r = load_tables(request, ram, why);
	if (r == 0)
		r = request->vmlinux ? load_vmlinux(request, ram, &layout, entry, why)
				     : load_bzimage(request, ram, entry, why);
	if (r == 0 && layout.initrd_size)
		r = load_initrds(request, ram, &layout, why);
	if (r < 0)
		return r;
	if (layout.initrd_size)
		pass(request, "monitor: initrd into memory");

	load_seed(request, ram, &layout);
	boot_params_fill(&params, request->image, &layout);
	memcpy(ram->low + LAYOUT_BOOT_PARAMS, &params, sizeof(params));
	entry_write_tables(ram->low);
	entry_write_reset_vector(ram->low);
	entry->rsi = LAYOUT_BOOT_PARAMS;
	return 0;
}
