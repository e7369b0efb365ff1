/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file-exerciser FILE COUNT [SEED]: COUNT random operations on FILE, which it makes anew: reads, writes,
 * appends, truncations, holes, shared mappings, with closing, renaming and removing the name in between;
 * after each, what changed is compared with a copy kept in memory. What Apple's and NeXT's fsx does.
 *
 * Prints the seed and, when something differs, the operations that led there. Exit status 0 or 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_MAX_FILE (1536 * 1024)
#define LOGGED        30

static uint8_t copy[SIZE_MAX_FILE], buffer[SIZE_MAX_FILE];
static size_t size;
static int fd = -1;
static bool removed;
static char path[PATH_MAX], other[PATH_MAX + 8];
static char log_lines[LOGGED][100];
static unsigned long step;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(log_lines[step % LOGGED], sizeof(log_lines[0]), format, args);
	va_end(args);
}

static _Noreturn void wrong(const char *what)
{
	(void)printf("operation %lu: %s (errno: %s); the last ones:\n", step, what,
		     strerror(errno));
	for (unsigned long n = step < LOGGED ? 0 : step - LOGGED + 1; n <= step; n++)
		(void)printf("  %lu: %s\n", n, log_lines[n % LOGGED]);
	exit(1);
}

static size_t below(size_t limit)
{
	return limit ? (size_t)random() % limit : 0;
}

/* A range in which both short and long ones, aligned and not, are likely. */
static void range(size_t limit, size_t *offset, size_t *len)
{
	*offset = below(limit);
	*len = below(below(3) ? 20000 : 600000);
	if (below(3) == 0) {
		*offset &= ~(size_t)4095;
		*len &= ~(size_t)4095;
	}
	if (*len > limit - *offset)
		*len = limit - *offset;
}

static void fill(uint8_t *data, size_t len)
{
	uint8_t c = (uint8_t)random();

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(c + i * 7 + (i >> 8));
}

static void compare(const uint8_t *data, size_t offset, size_t len)
{
	static char what[100];

	for (size_t i = 0; i < len; i++) {
		if (data[i] == copy[offset + i])
			continue;
		(void)snprintf(what, sizeof(what),
			       "byte %zu (0x%zx) is 0x%02x and should be 0x%02x", offset + i,
			       offset + i, data[i], copy[offset + i]);
		errno = 0;
		wrong(what);
	}
}

static void check_size(void)
{
	struct stat st;

	if (fstat(fd, &st))
		wrong("fstat");
	if ((size_t)st.st_size != size)
		wrong("the size differs");
}

/* The copy's bytes beyond its size are always zero: a hole is nothing special. */
static void grow(size_t end)
{
	if (end > size)
		size = end;
}

static void shrink(size_t end)
{
	if (end < size)
		memset(copy + end, 0, size - end);
	size = end;
}

static void do_read(void)
{
	size_t offset, len, there;

	range(SIZE_MAX_FILE, &offset, &len);
	there = offset >= size ? 0 : size - offset < len ? size - offset : len;
	note("read %zu at %zu", len, offset);
	if (pread(fd, buffer, len, (off_t)offset) != (ssize_t)there)
		wrong("read");
	compare(buffer, offset, there);
}

static void do_write(void)
{
	size_t offset, len;

	range(SIZE_MAX_FILE, &offset, &len);
	note("write %zu at %zu", len, offset);
	fill(buffer, len);
	if (pwrite(fd, buffer, len, (off_t)offset) != (ssize_t)len)
		wrong("write");
	if (len == 0)
		return;
	memcpy(copy + offset, buffer, len);
	grow(offset + len);
}

static void do_append(void)
{
	size_t len = below(9000);
	int flags = fcntl(fd, F_GETFL);

	if (len > SIZE_MAX_FILE - size)
		len = SIZE_MAX_FILE - size;
	note("append %zu at %zu", len, size);
	fill(buffer, len);
	if (fcntl(fd, F_SETFL, flags | O_APPEND) || write(fd, buffer, len) != (ssize_t)len ||
	    fcntl(fd, F_SETFL, flags))
		wrong("append");
	memcpy(copy + size, buffer, len);
	size += len;
}

static void do_truncate(void)
{
	size_t end = below(SIZE_MAX_FILE);

	note("truncate from %zu to %zu", size, end);
	if (ftruncate(fd, (off_t)end))
		wrong("truncate");
	if (end < size)
		shrink(end);
	else
		grow(end);
}

static void do_hole(void)
{
	size_t offset, len;

	range(size, &offset, &len);
	note("punch %zu at %zu", len, offset);
	if (len == 0)
		return;
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)len)) {
		if (errno != EOPNOTSUPP)
			wrong("punch");
		return;
	}
	memset(copy + offset, 0, len);
}

static void do_map(bool write)
{
	size_t offset, len, start;
	uint8_t *map;

	range(size, &offset, &len);
	start = offset & ~(size_t)4095;
	note("map%s %zu at %zu", write ? ", write" : "", len, offset);
	if (len == 0)
		return;
	map = mmap(NULL, offset + len - start, PROT_READ | (write ? PROT_WRITE : 0),
		   write ? MAP_SHARED : MAP_PRIVATE, fd, (off_t)start);
	if (map == MAP_FAILED) {
		/* cache=none has none to share */
		if (errno != ENODEV && errno != EINVAL)
			wrong("mmap");
		return;
	}
	if (write) {
		fill(buffer, len);
		memcpy(map + (offset - start), buffer, len);
		memcpy(copy + offset, buffer, len);
		if (msync(map, offset + len - start, below(2) ? MS_SYNC : MS_ASYNC))
			wrong("msync");
	} else {
		compare(map + (offset - start), offset, len);
	}
	if (munmap(map, offset + len - start))
		wrong("munmap");
}

static void reopen(int flags)
{
	if (fd >= 0 && close(fd))
		wrong("close");
	fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
	if (fd < 0)
		wrong("open");
}

/* The file lives on without a name, for a while. */
static void do_name(void)
{
	if (removed) {
		note("start anew after %zu", size);
		reopen(O_CREAT | O_EXCL);
		shrink(0);
		removed = false;
	} else if (below(4) == 0) {
		note("unlink");
		if (unlink(path))
			wrong("unlink");
		removed = true;
	} else {
		note("rename there and back");
		if (rename(path, other) || rename(other, path))
			wrong("rename");
	}
}

static void do_close(void)
{
	note(removed ? "fsync" : "close and open");
	if (removed ? fsync(fd) : 0)
		wrong("fsync");
	if (!removed)
		reopen(0);
}

static void one(void)
{
	switch (below(16)) {
	case 0:
	case 1:
	case 2:
	case 3:
		do_read();
		break;
	case 4:
	case 5:
	case 6:
	case 7:
		do_write();
		break;
	case 8:
		do_append();
		break;
	case 9:
		do_truncate();
		break;
	case 10:
		do_hole();
		break;
	case 11:
		do_map(false);
		break;
	case 12:
	case 13:
		do_map(true);
		break;
	case 14:
		do_close();
		break;
	default:
		if (below(4) == 0)
			do_name();
		else
			do_read();
	}
	check_size();
}

int main(int argc, char **argv)
{
	unsigned long count;
	unsigned seed;

	if (argc < 3 || argc > 4 || strlen(argv[1]) >= sizeof(path)) {
		(void)fprintf(stderr, "usage: file-exerciser FILE COUNT [SEED]\n");
		return 2;
	}
	strcpy(path, argv[1]);
	(void)snprintf(other, sizeof(other), "%s.other", path);
	count = strtoul(argv[2], NULL, 10);
	seed = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : (unsigned)getpid();
	(void)printf("seed %u\n", seed);
	srandom(seed);
	reopen(O_CREAT | O_TRUNC);
	for (step = 0; step < count; step++)
		one();
	note("all read");
	if (pread(fd, buffer, SIZE_MAX_FILE, 0) != (ssize_t)size)
		wrong("the last read");
	compare(buffer, 0, size);
	return !removed && unlink(path) ? 1 : 0;
}
