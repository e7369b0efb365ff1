/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of the cache of unpacked kernels: a bzImage and a cache in a throw-away directory. */
#ifndef TESTS_UNIT_KERNEL_CACHE_MAKER_H
#define TESTS_UNIT_KERNEL_CACHE_MAKER_H

#include "tests/unit/vmlinux_maker.h"

#include <dirent.h>
#include <errno.h>

#include "boot/kernel_cache.h"
#include "core/cleanup.h"

static struct tree tree;
static struct payload payload;
static struct packed_kernel packed;
static uint8_t expected[MAKER_IMAGE_SIZE], loaded[MAKER_IMAGE_SIZE];
/* The bzImage, and the cache. */
static int file_fd, dir_fd;
static struct kernel_image image;
static struct vmlinux kernel;
static const char *why;

/* --- a bzImage and a cache -------------------------------------------------------------------- */

static inline void use_file(const char *below)
{
	cleanup_close(&file_fd);
	file_fd = open(tree_path(&tree, below), O_RDONLY | O_CLOEXEC);
	assert_true(file_fd >= 0);
	assert_int_equal(kernel_image_read(file_fd, &image, &why), 0);
}

/* What is in packed becomes the bzImage. */
static inline void write_bzimage(void)
{
	tree_write(&tree, "/bzImage", packed.bytes, packed.size);
	use_file("/bzImage");
}

static inline int set_up(void **state)
{
	(void)state;
	tree_make(&tree);
	file_fd = -1;
	payload_make(&payload);
	payload_image(&payload, expected);
	payload_add_relocs(&payload);
	packed_make(&packed, pack_xz, payload.bytes, payload.size);
	write_bzimage();
	dir_fd = cache_open(tree_path(&tree, "/cache"), &why);
	assert_true(dir_fd >= 0);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	cleanup_close(&file_fd);
	cleanup_close(&dir_fd);
	tree_remove(&tree);
	return 0;
}

static inline int get(void)
{
	why = NULL;
	return kernel_cache_get(dir_fd, file_fd, &image, &kernel, &why);
}

/* The kernel is complete: the same bytes as the payload's. */
static inline void check_kernel(int fd)
{
	memset(loaded, 0, sizeof(loaded));
	assert_int_equal(vmlinux_load(fd, &kernel, loaded), 0);
	assert_memory_equal(loaded, expected, sizeof(loaded));
	assert_int_equal(kernel.entry, MAKER_TEXT_GPA + MAKER_ENTRY);
	assert_true(vmlinux_has_relocs(&kernel));
}

/* Gets it, which has to succeed; the entry's inode. */
static inline ino_t get_good(void)
{
	_cleanup_close_ int fd = get();
	struct stat st;

	if (fd < 0) {
		fail_msg("%s: %s", why, strerror(-fd));
		return 0;
	}
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	check_kernel(fd);
	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

/* --- what is in the cache --------------------------------------------------------------------- */

static inline bool has_prefix(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static inline bool has_suffix(const char *name, const char *suffix)
{
	const size_t len = strlen(name), suffix_len = strlen(suffix);

	return len >= suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

/* How many names there are that begin and end so; the last of them goes to name (NULL: nowhere). */
static inline unsigned count_names(const char *prefix, const char *suffix, char name[PATH_MAX])
{
	DIR *dir = opendir(tree_path(&tree, "/cache"));
	const struct dirent *entry;
	unsigned count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (!has_prefix(entry->d_name, prefix) || !has_suffix(entry->d_name, suffix))
			continue;
		count++;
		if (name)
			assert_true(snprintf(name, PATH_MAX, "%s/cache/%s", tree.root,
					     entry->d_name) < PATH_MAX);
	}
	(void)closedir(dir);
	return count;
}

static inline unsigned entries(void)
{
	return count_names("", ".kernel", NULL);
}

/* Nothing was made, and nothing of the attempt is left. */
static inline void assert_nothing_left(void)
{
	assert_int_equal(entries(), 0);
	assert_int_equal(count_names("file-", "", NULL), 0);
	assert_int_equal(count_names("new-", "", NULL), 0);
}

/* The paths of the only entry, by its content and by the bzImage's identity. */
static inline const char *content_path(void)
{
	static char path[PATH_MAX];

	assert_int_equal(count_names("", ".kernel", path), 1);
	return path;
}

static inline const char *identity_path(void)
{
	static char path[PATH_MAX];

	assert_int_equal(count_names("file-", "", path), 1);
	return path;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
