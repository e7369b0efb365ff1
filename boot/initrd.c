/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/initrd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "core/cleanup.h"
#include "core/fds.h"
#include "core/util.h"

#define NEWC_HEADER_SIZE 110 /* magic and thirteen numbers of eight hex digits */
#define NEWC_MAGIC       "070701"
#define NEWC_MAGIC_SIZE  6
#define NEWC_FILE_SIZE   6 /* which of the numbers it is */
#define NEWC_NAME_SIZE   11
#define NEWC_ALIGN       4   /* of a name's end and of data */
#define NEWC_BLOCK       512 /* the archive's end */
#define NEWC_TRAILER     "TRAILER!!!"

static const char zeros[NEWC_BLOCK];

struct entry {
	const char *name; /* as stored: no leading slash */
	mode_t mode;
	unsigned links;
	unsigned major, minor;
	const void *data;
	size_t size;
};

static int write_all(int fd, struct iovec *iov, int count)
{
	while (count > 0) {
		ssize_t n = writev(fd, iov, count);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		for (size_t done = (size_t)n; count > 0; iov++, count--) {
			if (done < iov->iov_len) {
				iov->iov_base = (char *)iov->iov_base + done;
				iov->iov_len -= done;
				break;
			}
			done -= iov->iov_len;
		}
	}
	return 0;
}

static size_t padding(uint64_t size, uint64_t alignment)
{
	return (size_t)(align_up(size, alignment) - size);
}

static struct iovec part(const void *data, size_t len)
{
	return (struct iovec){.iov_base = (void *)(uintptr_t)data, .iov_len = len};
}

static int add(struct initrd *initrd, const struct entry *entry)
{
	char header[NEWC_HEADER_SIZE + 1];
	const size_t name_size = strlen(entry->name) + 1;

	if (entry->size > UINT32_MAX || name_size > PATH_MAX)
		return -E2BIG;
	(void)snprintf(header, sizeof(header),
		       NEWC_MAGIC "%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		       ++initrd->inode, entry->mode, 0, 0, entry->links, 0, (unsigned)entry->size,
		       0, 0, entry->major, entry->minor, (unsigned)name_size, 0);
	/* The archive so far ends on a multiple of four, so offsets within the entry are enough. */
	const size_t name_pad = padding(NEWC_HEADER_SIZE + name_size, NEWC_ALIGN);
	const size_t data_pad = padding(entry->size, NEWC_ALIGN);
	struct iovec iov[] = {
		part(header, NEWC_HEADER_SIZE), part(entry->name, name_size), part(zeros, name_pad),
		part(entry->data, entry->size), part(zeros, data_pad),
	};
	int err = write_all(initrd->fd, iov, ARRAY_SIZE(iov));
	if (!err)
		initrd->size += NEWC_HEADER_SIZE + name_size + name_pad + entry->size + data_pad;
	return err;
}

static void add_path(struct initrd *initrd, const char *path, struct entry *entry)
{
	if (initrd->error)
		return;
	if (path[0] != '/' || path[1] == '\0' || path[1] == '/') {
		initrd->error = -EINVAL;
		return;
	}
	entry->name = path + 1;
	initrd->error = add(initrd, entry);
}

void initrd_begin(struct initrd *initrd)
{
	*initrd = (struct initrd){.fd = memfd_create("initrd", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
	if (initrd->fd < 0)
		initrd->error = -errno;
}

void initrd_begin_at(struct initrd *initrd, int fd)
{
	*initrd = (struct initrd){.fd = fd};
}

void initrd_add_dir(struct initrd *initrd, const char *path, mode_t permissions)
{
	add_path(initrd, path, &(struct entry){.mode = S_IFDIR | permissions, .links = 2});
}

void initrd_add_file(struct initrd *initrd, const char *path, mode_t permissions, const void *data,
		     size_t size)
{
	add_path(initrd, path,
		 &(struct entry){
			 .mode = S_IFREG | permissions, .links = 1, .data = data, .size = size});
}

void initrd_add_char(struct initrd *initrd, const char *path, mode_t permissions, unsigned major,
		     unsigned minor)
{
	add_path(
		initrd, path,
		&(struct entry){
			.mode = S_IFCHR | permissions, .links = 1, .major = major, .minor = minor});
}

int initrd_finish(struct initrd *initrd)
{
	if (!initrd->error)
		initrd->error = add(initrd, &(struct entry){.name = NEWC_TRAILER, .links = 1});
	if (!initrd->error) {
		struct iovec iov = part(zeros, padding(initrd->size, NEWC_BLOCK));
		initrd->error = write_all(initrd->fd, &iov, 1);
	}
	return initrd->error;
}

int initrd_end(struct initrd *initrd)
{
	if (!initrd_finish(initrd) &&
	    fcntl(initrd->fd, F_ADD_SEALS,
		  F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		initrd->error = -errno;
	if (initrd->error) {
		initrd_abort(initrd);
		return initrd->error;
	}
	return steal_fd(&initrd->fd);
}

uint64_t initrd_data_offset(const char *path)
{
	/* The slash that is not stored is as long as the NUL that is. */
	return align_up(NEWC_HEADER_SIZE + strlen(path), NEWC_ALIGN);
}

/* The n-th of the header's numbers. */
static unsigned long newc_number(const char *header, unsigned n)
{
	char digits[9] = {0};

	memcpy(digits, header + NEWC_MAGIC_SIZE + 8 * (size_t)n, 8);
	return strtoul(digits, NULL, 16);
}

int initrd_first_file(int fd, const char *name, size_t max, char **data)
{
	const size_t name_size = strlen(name) + 1;
	char head[NEWC_HEADER_SIZE + PATH_MAX];

	if (fd_pread_all(fd, head, NEWC_HEADER_SIZE + name_size, 0) < 0 ||
	    memcmp(head, NEWC_MAGIC, NEWC_MAGIC_SIZE) != 0 ||
	    newc_number(head, NEWC_NAME_SIZE) != name_size ||
	    memcmp(head + NEWC_HEADER_SIZE, name, name_size) != 0)
		return -ENOENT;
	const size_t size = newc_number(head, NEWC_FILE_SIZE);
	if (size >= max)
		return -ENOENT;
	_cleanup_free_ char *text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	text[size] = '\0';
	if (fd_pread_all(fd, text, size, align_up(NEWC_HEADER_SIZE + name_size, NEWC_ALIGN)) < 0)
		return -ENOENT;
	*data = steal_ptr(&text);
	return 0;
}

void initrd_abort(struct initrd *initrd)
{
	cleanup_close(&initrd->fd);
	initrd->fd = -1;
}
