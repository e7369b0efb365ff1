/* SPDX-License-Identifier: Apache-2.0 */
/* Making entries: apart from finding them, as this needs libraries that a start can do without. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/kernel_cache_entry.h"
#include "boot/unpack.h"
#include "boot/vmlinux_make.h"
#include "core/cleanup.h"
#include "core/fds.h"
#include "core/util.h"

/* A kernel in the file, and unpacked: several times what any has. */
#define KERNEL_SIZE_MAX MIB(512)

/* The payload ends with its unpacked size, but for gzip, whose own format does (arch/x86/boot/compressed). */
#define SIZE_FIELD 4

static const char cannot_be_written[] = "cannot be written to";

static int failed(const char **why, const char *text, int err)
{
	*why = text;
	return err;
}

static void name_of_content(const uint8_t *sha256, char name[KERNEL_CACHE_NAME_MAX])
{
	for (size_t i = 0; i < KERNEL_CACHE_SHA256_SIZE; i++)
		(void)snprintf(name + 2 * i, 3, "%02x", sha256[i]);
	(void)strcpy(name + 2 * (size_t)KERNEL_CACHE_SHA256_SIZE, KERNEL_CACHE_SUFFIX);
}

static int checksum_of_file(int fd, uint64_t size, uint8_t *sha256)
{
	uint8_t *data = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;

	if (data == MAP_FAILED)
		return size ? -errno : -EINVAL;
	(void)SHA256(data, size, sha256);
	(void)munmap(data, size);
	return 0;
}

static bool contents_match(int fd, const struct vmlinux *kernel,
			   const struct kernel_cache_info *info)
{
	uint8_t sha256[KERNEL_CACHE_SHA256_SIZE];

	return checksum_of_file(fd, kernel->info.offset, sha256) == 0 &&
	       memcmp(sha256, info->contents, sizeof(sha256)) == 0;
}

struct bzimage {
	const struct kernel_image *image;
	struct blob file;
	uint8_t sha256[KERNEL_CACHE_SHA256_SIZE];
};

static void bzimage_free(struct bzimage *bzimage)
{
	blob_free(&bzimage->file);
}
#define _cleanup_bzimage_ __attribute__((cleanup(bzimage_free)))

/* What cannot be read is no kernel: the directory has no part in it. */
static int read_bzimage(int fd, const struct kernel_image *image, struct bzimage *bzimage,
			const char **why)
{
	bzimage->image = image;
	if (image->file_size > KERNEL_SIZE_MAX)
		return failed(why, "is too big for a kernel", -ENOEXEC);
	bzimage->file.data = malloc(image->file_size);
	if (!bzimage->file.data)
		return failed(why, "cannot be unpacked: out of memory", -ENOMEM);
	bzimage->file.size = image->file_size;
	int err = fd_pread_all(fd, bzimage->file.data, bzimage->file.size, 0);
	if (err)
		return failed(why, "cannot be read", -ENOEXEC);
	(void)SHA256(bzimage->file.data, bzimage->file.size, bzimage->sha256);
	return 0;
}

static int unpack_payload(const struct bzimage *bzimage, struct blob *out, const char **format,
			  const char **why)
{
	const struct kernel_image *image = bzimage->image;
	const uint8_t *payload =
		bzimage->file.data + image->setup_size + image->header.payload_offset;
	size_t size = image->header.payload_length;
	uint32_t says;

	*format = unpack_format(payload, size);
	if (!*format || size < SIZE_FIELD)
		return failed(why, "is compressed in a way that snug does not know", -ENOEXEC);
	memcpy(&says, payload + size - SIZE_FIELD, SIZE_FIELD);
	if (says > min_u64(image->header.init_size, KERNEL_SIZE_MAX))
		return failed(why, "is damaged: it unpacks to more than it says it needs",
			      -EBADMSG);
	if (strcmp(*format, "gzip") != 0)
		size -= SIZE_FIELD;
	int err = unpack(payload, size, says, out, why);
	if (err == -EFBIG || (!err && out->size != says))
		return failed(why, "is damaged: it does not unpack to the size it says", -EBADMSG);
	return err;
}

/* Writes the entry to fd, and its checksum and time of change into it. */
static int write_entry(int fd, const struct bzimage *bzimage, const char **why)
{
	_cleanup_blob_ struct blob payload = {0};
	struct kernel_cache_info info = {.magic = KERNEL_CACHE_MAGIC};
	struct vmlinux kernel;
	const char *format;
	struct stat st;
	int err = unpack_payload(bzimage, &payload, &format, why);

	if (err)
		return err;
	memcpy(info.source, bzimage->sha256, sizeof(info.source));
	memcpy(info.version, bzimage->image->version, sizeof(info.version));
	(void)snprintf(info.compression, sizeof(info.compression), "%s", format);
	info.source_size = bzimage->file.size;
	err = vmlinux_make(payload.data, payload.size, &info, sizeof(info), fd, why);
	if (err)
		return err;
	blob_free(&payload);

	*why = cannot_be_written;
	err = vmlinux_read(fd, &kernel, why);
	if (!err)
		err = checksum_of_file(fd, kernel.info.offset, info.contents);
	if (!err && fstat(fd, &st) < 0)
		err = -errno;
	if (err)
		return err;
	info.size = (uint64_t)st.st_size;
	info.changed_s = st.st_mtim.tv_sec;
	info.changed_ns = st.st_mtim.tv_nsec;
	err = fd_pwrite_all(fd, &info, sizeof(info), kernel.info.offset);
	const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, st.st_mtim};
	if (!err && futimens(fd, times) < 0)
		err = -errno;
	return err;
}

/* Else it is the directory's. */
static bool is_kernels_fault(int err)
{
	return err == -ENOEXEC || err == -EBADMSG || err == -ENOMEM;
}

static int make_entry(int dir, const char *name, const struct bzimage *bzimage, const char **why)
{
	char new_name[CACHE_NEW_MAX];

	*why = cannot_be_written;
	_cleanup_close_ int fd = cache_begin_new(dir, new_name);
	int err = fd < 0 ? fd : write_entry(fd, bzimage, why);

	if (!err)
		err = cache_finish_new(dir, fd, new_name, name);
	if (err && !is_kernels_fault(err))
		*why = cannot_be_written;
	if (err && fd >= 0)
		cache_drop_new(dir, new_name);
	return err;
}

/*
 * What has the file's name already is no good, or it would have been found. Where it cannot be given, the
 * next start reads the bzImage again, and that is all.
 */
static void name_after_file(int dir, const char *name, const char *file_name)
{
	(void)unlinkat(dir, file_name, 0);
	if (linkat(dir, name, dir, file_name, 0) < 0)
		return;
}

/* The entry of that content, made if it is not there. A descriptor, or -errno. */
static int get_by_content(int dir, const char *name, const struct bzimage *bzimage,
			  struct vmlinux *kernel, const char **why)
{
	struct kernel_cache_info info;
	_cleanup_close_ int fd = kernel_cache_open_entry(dir, name, kernel, &info);

	if (fd >= 0 && memcmp(info.source, bzimage->sha256, sizeof(info.source)) == 0 &&
	    contents_match(fd, kernel, &info))
		return steal_fd(&fd);
	int err = make_entry(dir, name, bzimage, why);
	if (err)
		return err;
	const int made = kernel_cache_open_entry(dir, name, kernel, &info);
	return made >= 0 ? made : failed(why, cannot_be_written, -EIO);
}

int kernel_cache_add(int dir, int fd, const struct kernel_image *image, struct vmlinux *kernel,
		     const char **why)
{
	char before[KERNEL_CACHE_FILE_NAME_MAX], after[KERNEL_CACHE_FILE_NAME_MAX];
	_cleanup_bzimage_ struct bzimage bzimage = {0};
	char name[KERNEL_CACHE_NAME_MAX];
	const int named = kernel_cache_name_of_file(fd, before);
	int r = read_bzimage(fd, image, &bzimage, why);

	if (r < 0)
		return r;
	_cleanup_close_ int held = cache_lock(dir);
	if (held < 0)
		return failed(why, "cannot be locked", held);
	name_of_content(bzimage.sha256, name);
	r = get_by_content(dir, name, &bzimage, kernel, why);
	/* A file that was written to meanwhile is not what was read. */
	if (r >= 0 && named == 0 && kernel_cache_name_of_file(fd, after) == 0 &&
	    strcmp(before, after) == 0)
		name_after_file(dir, name, before);
	return r;
}

int kernel_cache_make(int fd, const struct kernel_image *image, struct vmlinux *kernel,
		      const char **why)
{
	_cleanup_bzimage_ struct bzimage bzimage = {0};
	int err = read_bzimage(fd, image, &bzimage, why);

	if (err)
		return err;
	_cleanup_close_ int made = memfd_create("kernel", MFD_CLOEXEC);
	err = made < 0 ? failed(why, "cannot be unpacked", -ENOMEM)
		       : write_entry(made, &bzimage, why);
	if (!err)
		err = vmlinux_read(made, kernel, why);
	return err ? err : steal_fd(&made);
}

const char *kernel_cache_format(int fd, const struct kernel_image *image)
{
	uint8_t magic[16];
	const char *format = NULL;

	if (fd_pread_all(fd, magic, sizeof(magic),
			 image->setup_size + image->header.payload_offset) == 0)
		format = unpack_format(magic, sizeof(magic));
	return format ? format : "unknown";
}
