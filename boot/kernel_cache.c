/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/kernel_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "boot/unpack.h"
#include "boot/vmlinux_make.h"
#include "core/cleanup.h"
#include "core/fds.h"
#include "core/util.h"

#define MAGIC "snugvm1" /* with its NUL eight bytes; the number is the form's */

#define NAME_LOCK   "lock"
#define PREFIX_NEW  "new-"
#define PREFIX_FILE "file-"
#define SUFFIX      ".kernel"

/* A kernel in the file, and unpacked: several times what any has. */
#define KERNEL_SIZE_MAX MIB(512)

/* The payload ends with its unpacked size, but for gzip, whose own format does (arch/x86/boot/compressed). */
#define SIZE_FIELD 4

static const char cannot_be_written[] = "cannot be written to";

struct names {
	char identity[160];
	char content[2 * KERNEL_CACHE_SHA256_SIZE + sizeof(SUFFIX)];
};

static int failed(const char **why, const char *text, int err)
{
	*why = text;
	return err;
}

/* --- the directory ---------------------------------------------------------------------------------- */

static int make_directory(const char *dir)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(dir, '/');

	if (mkdir(dir, 0700) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT || !slash || slash == dir)
		return -errno;
	if (snprintf(parent, sizeof(parent), "%.*s", (int)(slash - dir), dir) >=
	    (int)sizeof(parent))
		return -ENAMETOOLONG;
	if (mkdir(parent, 0700) < 0 && errno != EEXIST)
		return -errno;
	return mkdir(dir, 0700) == 0 || errno == EEXIST ? 0 : -errno;
}

int kernel_cache_open(const char *dir, const char **why)
{
	struct stat st;
	int err = make_directory(dir);

	if (err)
		return failed(why, "cannot be made", err);
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return failed(why, "is not a directory", -ENOTDIR);
	if (fd < 0 || fstat(fd, &st) < 0)
		return failed(why, "cannot be opened", -errno);
	if (st.st_uid != geteuid())
		return failed(why, "belongs to somebody else", -EPERM);
	if (st.st_mode & 0022)
		return failed(why, "can be written by others; try chmod go-w on it", -EPERM);
	return steal_fd(&fd);
}

/* --- names ------------------------------------------------------------------------------------------ */

static bool is_new(const char *name)
{
	return strncmp(name, PREFIX_NEW, strlen(PREFIX_NEW)) == 0;
}

static bool is_file(const char *name)
{
	return strncmp(name, PREFIX_FILE, strlen(PREFIX_FILE)) == 0;
}

static bool is_entry(const char *name)
{
	const size_t len = strlen(name);

	return len == 2 * (size_t)KERNEL_CACHE_SHA256_SIZE + strlen(SUFFIX) &&
	       strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static int name_by_identity(int fd, struct names *names)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	(void)snprintf(names->identity, sizeof(names->identity),
		       PREFIX_FILE "%llx-%llx-%llx-%llx.%09ld-%llx.%09ld",
		       (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
		       (unsigned long long)st.st_size, (unsigned long long)st.st_mtim.tv_sec,
		       st.st_mtim.tv_nsec, (unsigned long long)st.st_ctim.tv_sec,
		       st.st_ctim.tv_nsec);
	return 0;
}

static void name_by_content(const uint8_t *sha256, struct names *names)
{
	for (size_t i = 0; i < KERNEL_CACHE_SHA256_SIZE; i++)
		(void)snprintf(names->content + 2 * i, 3, "%02x", sha256[i]);
	(void)strcpy(names->content + 2 * (size_t)KERNEL_CACHE_SHA256_SIZE, SUFFIX);
}

/* --- entries ---------------------------------------------------------------------------------------- */

static bool times_match(const struct stat *st, const struct kernel_cache_info *info)
{
	return st->st_mtim.tv_sec == info->changed_s && st->st_mtim.tv_nsec == info->changed_ns;
}

/* Opens an entry if it is there and as it was made. A descriptor, or negative. */
static int open_entry(int dir, const char *name, struct vmlinux *kernel,
		      struct kernel_cache_info *info)
{
	_cleanup_close_ int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	const char *why;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 0022))
		return -1;
	if (vmlinux_read(fd, kernel, &why) < 0 || kernel->info.size != sizeof(*info) ||
	    fd_pread_all(fd, info, sizeof(*info), kernel->info.offset) < 0)
		return -1;
	if (memcmp(info->magic, MAGIC, sizeof(info->magic)) != 0 ||
	    info->size != (uint64_t)st.st_size || !times_match(&st, info))
		return -1;
	return steal_fd(&fd);
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

/* --- making one ------------------------------------------------------------------------------------- */

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
	struct kernel_cache_info info = {.magic = MAGIC};
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

/* Which names to remove. */
struct removal {
	bool (*named)(const char *name);
	bool only_last_names;     /* of what has no other name */
	const struct names *stay; /* but for these identities */
	size_t count;
};

static bool to_remove(const struct removal *removal, const char *name, const struct stat *st)
{
	if (!removal->named(name) || (removal->only_last_names && st->st_nlink > 1))
		return false;
	for (size_t i = 0; i < removal->count; i++) {
		if (strcmp(removal->stay[i].identity, name) == 0)
			return false;
	}
	return true;
}

/* With the lock. How many files went, and what they held, is added to *pruned. */
static int remove_names(int dir, const struct removal *removal, struct kernel_cache_pruned *pruned)
{
	_cleanup_close_ int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *entry;

	if (!entries)
		return -errno;
	copy = -1;
	while ((entry = readdir(entries))) {
		struct stat st;

		if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    to_remove(removal, entry->d_name, &st) &&
		    unlinkat(dir, entry->d_name, 0) == 0 && st.st_nlink == 1) {
			pruned->entries++;
			pruned->bytes += (uint64_t)st.st_size;
		}
	}
	(void)closedir(entries);
	return 0;
}

/* Else it is the directory's. */
static bool is_kernels_fault(int err)
{
	return err == -ENOEXEC || err == -EBADMSG || err == -ENOMEM;
}

static int make_entry(int dir, const struct names *names, const struct bzimage *bzimage,
		      const char **why)
{
	/* With the lock: whatever has such a name belongs to nobody alive. */
	const struct removal left_over = {.named = is_new};
	struct kernel_cache_pruned pruned = {0};
	char name[32];

	(void)remove_names(dir, &left_over, &pruned);
	(void)snprintf(name, sizeof(name), PREFIX_NEW "%d", (int)getpid());
	_cleanup_close_ int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int err = fd < 0 ? -errno : write_entry(fd, bzimage, why);
	if (err && !is_kernels_fault(err))
		*why = cannot_be_written;
	/* Complete on the disk before it has its name: a crash leaves all of it or nothing. */
	if (!err && (fsync(fd) < 0 || renameat(dir, name, dir, names->content) < 0))
		err = failed(why, cannot_be_written, -errno);
	if (err && fd >= 0)
		(void)unlinkat(dir, name, 0);
	return err;
}

/*
 * What has the name already is no good, or it would have been found. Where it cannot be given, the next
 * start reads the bzImage again, and that is all.
 */
static void name_entry(int dir, const struct names *names)
{
	(void)unlinkat(dir, names->identity, 0);
	if (linkat(dir, names->content, dir, names->identity, 0) < 0)
		return;
}

static int lock(int dir)
{
	_cleanup_close_ int fd =
		openat(dir, NAME_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return steal_fd(&fd);
}

/* The entry of that content, made if it is not there. A descriptor, or -errno. */
static int get_by_content(int dir, struct names *names, const struct bzimage *bzimage,
			  struct vmlinux *kernel, const char **why)
{
	struct kernel_cache_info info;

	name_by_content(bzimage->sha256, names);
	_cleanup_close_ int held = lock(dir);
	if (held < 0)
		return failed(why, "cannot be locked", held);
	_cleanup_close_ int fd = open_entry(dir, names->content, kernel, &info);
	if (fd < 0 || memcmp(info.source, bzimage->sha256, sizeof(info.source)) != 0 ||
	    !contents_match(fd, kernel, &info)) {
		cleanup_close(&fd);
		int err = make_entry(dir, names, bzimage, why);
		fd = err ? -1 : open_entry(dir, names->content, kernel, &info);
		if (err || fd < 0)
			return err ? err : failed(why, cannot_be_written, -EIO);
	}
	name_entry(dir, names);
	return steal_fd(&fd);
}

int kernel_cache_get(int dir, int fd, const struct kernel_image *image, struct vmlinux *kernel,
		     const char **why)
{
	_cleanup_bzimage_ struct bzimage bzimage = {0};
	struct kernel_cache_info info;
	struct names names;
	int r = name_by_identity(fd, &names);

	if (r < 0)
		return failed(why, "cannot be read", -ENOEXEC);
	r = open_entry(dir, names.identity, kernel, &info);
	if (r >= 0)
		return r;
	r = read_bzimage(fd, image, &bzimage, why);
	return r < 0 ? r : get_by_content(dir, &names, &bzimage, kernel, why);
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

int kernel_cache_find(int dir, int fd, struct kernel_cache_info *info)
{
	struct vmlinux kernel;
	struct names names;

	if (name_by_identity(fd, &names) < 0)
		return -ENOENT;
	_cleanup_close_ int entry = open_entry(dir, names.identity, &kernel, info);
	return entry < 0 ? -ENOENT : 0;
}

int kernel_cache_prune(int dir, const int *fds, size_t count, struct kernel_cache_pruned *pruned)
{
	_cleanup_free_ struct names *stay = calloc(count + 1, sizeof(*stay));
	_cleanup_close_ int held = lock(dir);
	int err = 0;

	*pruned = (struct kernel_cache_pruned){0};
	if (!stay)
		return -ENOMEM;
	if (held < 0)
		return held;
	for (size_t i = 0; i < count && !err; i++)
		err = name_by_identity(fds[i], &stay[i]);
	const struct removal removals[] = {
		{.named = is_new},
		{.named = is_file, .stay = stay, .count = count},
		{.named = is_entry, .only_last_names = true},
	};
	for (size_t i = 0; i < ARRAY_SIZE(removals) && !err; i++)
		err = remove_names(dir, &removals[i], pruned);
	return err;
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
