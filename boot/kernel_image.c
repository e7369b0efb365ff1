/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/kernel_image.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/fds.h"
#include "core/layout.h"
#include "core/util.h"

/* Offsets in the file: boot.rst, "The real-mode kernel header". */
#define SETUP_HEADER    offsetof(struct boot_params, hdr)
#define HEADER_FIELD(f) (SETUP_HEADER + offsetof(struct setup_header, f))
#define SECTOR          512
#define BOOT_FLAG       0xaa55
#define HEADER_MAGIC    0x53726448 /* "HdrS" */
#define PROTOCOL_2_12   0x020c     /* xloadflags */
#define DEFAULT_SETUP   4          /* setup_sects 0 means this many */
#define JUMP_SHORT      0xeb
#define JUMP_END        0x202 /* the jump's displacement counts from here */
#define ARM64_MAGIC     "ARM\x64"
#define ARM64_MAGIC_AT  56
#define ENTRY_64        0x200 /* the 64-bit entry point, in the protected-mode part */
#define MIN_HEADER_END  (HEADER_FIELD(handover_offset) + sizeof(uint32_t)) /* protocol 2.12 */

/* Enough for the longest header: a one-byte jump from 0x202. */
#define HEAD_SIZE 1024

static int not_a_kernel(const char **why, const char *text)
{
	*why = text;
	return -ENOEXEC;
}

static int check_file(int fd, struct kernel_image *image, const char **why)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		*why = "cannot be read";
		return -errno;
	}
	if (S_ISDIR(st.st_mode)) {
		*why = "is a directory";
		return -EISDIR;
	}
	if (!S_ISREG(st.st_mode)) {
		*why = "is not a regular file";
		return -ENODEV;
	}
	if (st.st_size == 0)
		return not_a_kernel(why, "is an empty file");
	image->file_size = (uint64_t)st.st_size;
	return 0;
}

/* What else people take for a kernel, told apart by the first bytes. */
static const char *name_other_format(const uint8_t *head)
{
	if (!memcmp(head, "\177ELF", 4))
		return "is an ELF file, not a bzImage (arch/x86/boot/bzImage in a build tree)";
	if (!memcmp(head, "\x1f\x8b", 2))
		return "is gzip-compressed, not a Linux kernel image for x86";
	if (!memcmp(head + ARM64_MAGIC_AT, ARM64_MAGIC, 4))
		return "is a kernel for ARM, not for x86";
	return "is not a Linux kernel image (no boot sector signature)";
}

/* Copies the header, which is as long as the jump over it says (boot.rst, "jump"). */
static int copy_header(struct kernel_image *image, const uint8_t *head, size_t len,
		       const char **why)
{
	size_t end = JUMP_END + (size_t)head[HEADER_FIELD(jump) + 1];

	if (head[HEADER_FIELD(jump)] != JUMP_SHORT || end < MIN_HEADER_END)
		return not_a_kernel(why, "is damaged: its setup header has an impossible length");
	if (len < end)
		return not_a_kernel(why, "is truncated: it ends inside its setup header");
	if (end > SETUP_HEADER + sizeof(image->header))
		end = SETUP_HEADER + sizeof(image->header);
	memcpy(&image->header, head + SETUP_HEADER, end - SETUP_HEADER);
	return 0;
}

/* Recognises the file by its first bytes, in the order in which a truncated one runs out of them. */
static int read_header(int fd, struct kernel_image *image, const char **why)
{
	uint8_t head[HEAD_SIZE] = {0};
	uint32_t magic;
	uint16_t boot_flag, version;
	ssize_t n = fd_pread_upto(fd, head, sizeof(head), 0);
	size_t len;

	if (n < 0) {
		*why = "cannot be read";
		return (int)n;
	}
	len = (size_t)n;
	memcpy(&boot_flag, head + HEADER_FIELD(boot_flag), sizeof(boot_flag));
	memcpy(&magic, head + HEADER_FIELD(header), sizeof(magic));
	memcpy(&version, head + HEADER_FIELD(version), sizeof(version));

	if (boot_flag != BOOT_FLAG)
		return not_a_kernel(why, name_other_format(head));
	if (len < HEADER_FIELD(realmode_swtch))
		return not_a_kernel(why, "is truncated: it ends inside its setup header");
	if (magic != HEADER_MAGIC)
		return not_a_kernel(why, "is not a Linux kernel image (no setup header)");
	if (version < PROTOCOL_2_12)
		return not_a_kernel(why, "is too old a kernel (boot protocol before 2.12; Linux "
					 "3.8 and newer have it)");
	return copy_header(image, head, len, why);
}

/* The parts of the file, and what the header says about their insides. */
static int check_parts(struct kernel_image *image, const char **why)
{
	const struct setup_header *h = &image->header;
	uint64_t sectors = h->setup_sects ? h->setup_sects : DEFAULT_SETUP;

	image->setup_size = (1 + sectors) * SECTOR;
	image->code_size = (uint64_t)h->syssize * 16;
	if (image->file_size < image->setup_size)
		return not_a_kernel(why, "is truncated: it ends inside its setup code");
	if (image->file_size - image->setup_size < image->code_size)
		return not_a_kernel(why, "is truncated: it is shorter than its header says");
	if (image->code_size <= ENTRY_64)
		return not_a_kernel(why, "is damaged: its header leaves no room for a kernel");
	if (!range_inside(h->payload_offset, h->payload_length, 0, image->code_size))
		return not_a_kernel(why, "is damaged: its payload lies outside the file");
	return 0;
}

/* Can snug enter it, and is what it asks of memory something a machine can have? */
static int check_placement(const struct kernel_image *image, const char **why)
{
	const struct setup_header *h = &image->header;
	uint64_t alignment = h->kernel_alignment;

	if (!(h->loadflags & LOADED_HIGH))
		return not_a_kernel(why, "is a zImage, which loads low; snug boots bzImages");
	if (!(h->xloadflags & XLF_KERNEL_64))
		return not_a_kernel(why, "is a 32-bit kernel; snug boots 64-bit ones");
	if (alignment == 0 || (alignment & (alignment - 1)))
		return not_a_kernel(why, "is damaged: its header has an impossible alignment");
	if (h->init_size < image->code_size)
		return not_a_kernel(why, "is damaged: its header asks for less memory than the "
					 "kernel fills");
	if (h->pref_address < LAYOUT_HIMEM || (h->pref_address & (alignment - 1)) ||
	    !range_inside(h->pref_address, h->init_size, 0, LAYOUT_LOW_RAM_END))
		return not_a_kernel(why, "asks for an address where the machine has no memory");
	return 0;
}

/* The version names a directory of modules, so it has to be fit for a file name. */
static bool version_is_sane(const char *version)
{
	if (version[0] == '.')
		return false;
	for (; *version; version++)
		if (*version <= ' ' || *version > '~' || *version == '/')
			return false;
	return true;
}

static int read_version(int fd, struct kernel_image *image, const char **why)
{
	uint64_t offset = image->header.kernel_version;
	char text[sizeof(image->version) + 1] = {0};
	size_t room, len;
	int r;

	if (offset == 0)
		return 0;
	/* boot.rst, "kernel_version": counted from 0x200, and less than 0x200 * setup_sects. */
	offset += SECTOR;
	if (offset >= image->setup_size)
		return not_a_kernel(why, "is damaged: its version lies outside its setup code");
	room = min_u64(sizeof(image->version), image->setup_size - offset);
	r = fd_pread_all(fd, text, room, offset);
	if (r < 0) {
		*why = "cannot be read";
		return r;
	}
	len = strcspn(text, " ");
	if (len == room)
		return not_a_kernel(why, "is damaged: its version has no end");
	memcpy(image->version, text, len);
	if (!version_is_sane(image->version))
		return not_a_kernel(why, "is damaged: its version is not a version");
	return 0;
}

int kernel_image_read(int fd, struct kernel_image *image, const char **why)
{
	int r;

	memset(image, 0, sizeof(*image));
	r = check_file(fd, image, why);
	if (r == 0)
		r = read_header(fd, image, why);
	if (r == 0)
		r = check_parts(image, why);
	if (r == 0)
		r = check_placement(image, why);
	if (r == 0)
		r = read_version(fd, image, why);
	return r;
}
