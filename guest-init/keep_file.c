/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/keep_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static struct {
	int fd;
	uint64_t records;
	size_t used;
} file = {.fd = -1};

/* Each write is a message to the host, and waits for its answer. */
static char buffer[128 * 1024];

int keep_file_open(const char *path)
{
	file.fd = open(path, O_WRONLY | O_CLOEXEC);
	return file.fd < 0 ? -errno : 0;
}

static int flush(void)
{
	for (size_t done = 0; done < file.used;) {
		ssize_t n = write(file.fd, buffer + done, file.used - done);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	file.used = 0;
	return 0;
}

static int put(const void *data, size_t size)
{
	const char *from = data;

	while (size) {
		size_t part = sizeof(buffer) - file.used;

		if (part > size)
			part = size;
		memcpy(buffer + file.used, from, part);
		file.used += part;
		from += part;
		size -= part;
		int r = file.used == sizeof(buffer) ? flush() : 0;
		if (r)
			return r;
	}
	return 0;
}

int keep_file_record(enum snug_keep_type type, const char *path, const struct stat *now,
		     const struct stat *before)
{
	struct snug_keep_record record = {.magic = SNUG_KEEP_MAGIC,
					  .type = (uint16_t)type,
					  .path_size = (uint16_t)strlen(path)};

	if (now) {
		record.mode = now->st_mode;
		record.size = (uint64_t)now->st_size;
		record.mtime = now->st_mtim.tv_sec;
		record.mtime_nsec = (uint32_t)now->st_mtim.tv_nsec;
	}
	if (before) {
		record.old_mode = before->st_mode;
		record.old_size = (uint64_t)before->st_size;
		record.old_mtime = before->st_mtim.tv_sec;
		record.old_mtime_nsec = (uint32_t)before->st_mtim.tv_nsec;
	}
	file.records++;
	int r = put(&record, sizeof(record));
	return r ? r : put(path, record.path_size);
}

static int put_extents(int fd)
{
	static char data[64 * 1024];
	off_t at = 0;
	int r = 0;

	while (!r) {
		at = lseek(fd, at, SEEK_DATA);
		if (at < 0)
			return errno == ENXIO ? 0 : -errno;
		ssize_t n = pread(fd, data, sizeof(data), at);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		const struct snug_keep_extent extent = {(uint64_t)at, (uint64_t)n};
		r = put(&extent, sizeof(extent));
		if (!r)
			r = put(data, (size_t)n);
		at += n;
	}
	return r;
}

int keep_file_data(int dir, const char *name)
{
	static const struct snug_keep_extent last;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int r = put_extents(fd);
	close(fd);
	return r ? r : put(&last, sizeof(last));
}

int keep_file_link(int dir, const char *name, size_t size)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target));

	if (n < 0)
		return -errno;
	return (size_t)n == size ? put(target, size) : -EIO;
}

int keep_file_end(void)
{
	struct snug_keep_record record = {
		.magic = SNUG_KEEP_MAGIC, .type = SNUG_KEEP_END, .size = file.records};
	/* Nothing of it is there before all else is. */
	int r = flush();

	if (!r)
		r = put(&record, sizeof(record));
	if (!r)
		r = flush();
	return r || fsync(file.fd) == 0 ? r : -errno;
}
