/* SPDX-License-Identifier: Apache-2.0 */
/* What --keep-overlay leaves, from a guest that means no good: read, shown and applied. */
#include "tests/unit/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/abi.h"
#include "core/cleanup.h"
#include "launcher/keep_apply.h"
#include "launcher/kept.h"

static struct tree tree;
static struct captured captured;
static char file[64 * 1024];
static size_t used, records;

static void put(const void *data, size_t size)
{
	assert_true(used + size <= sizeof(file));
	memcpy(file + used, data, size);
	used += size;
}

/* below: a path below the place, "/host" of the tree. */
static struct snug_keep_record record_of(enum snug_keep_type type, uint32_t mode, uint32_t old_mode)
{
	return (struct snug_keep_record){.magic = SNUG_KEEP_MAGIC,
					 .type = (uint16_t)type,
					 .mode = mode,
					 .old_mode = old_mode};
}

static void put_record(struct snug_keep_record record, const char *below)
{
	const char *path = tree_path(&tree, "/host");
	char whole[4096];

	(void)snprintf(whole, sizeof(whole), "%s%s", path, below);
	record.path_size = (uint16_t)strlen(whole);
	put(&record, sizeof(record));
	put(whole, record.path_size);
	records++;
}

static void put_entry(uint32_t mode, uint32_t old_mode, const char *below)
{
	put_record(record_of(SNUG_KEEP_ENTRY, mode, old_mode), below);
}

static void put_data(uint64_t offset, const char *text)
{
	const struct snug_keep_extent extent = {offset, strlen(text)}, last = {0, 0};

	put(&extent, sizeof(extent));
	put(text, strlen(text));
	put(&last, sizeof(last));
}

static void put_file(const char *below, uint32_t mode, const char *text)
{
	struct snug_keep_record record = record_of(SNUG_KEEP_ENTRY, S_IFREG | mode, 0);

	record.size = strlen(text);
	put_record(record, below);
	put_data(0, text);
}

static void put_link(const char *below, const char *target)
{
	struct snug_keep_record record = record_of(SNUG_KEEP_ENTRY, S_IFLNK | 0777, 0);

	record.size = strlen(target);
	put_record(record, below);
	put(target, strlen(target));
}

static void put_end(void)
{
	struct snug_keep_record record = record_of(SNUG_KEEP_END, 0, 0);

	record.size = records;
	put(&record, sizeof(record));
}

static int set_up(void **state)
{
	(void)state;
	tree_make(&tree);
	used = records = 0;
	assert_int_equal(mkdir(tree_path(&tree, "/host"), 0755), 0);
	assert_int_equal(mkdir(tree_path(&tree, "/kept"), 0755), 0);
	const char *place = tree_path(&tree, "/host");
	char copy[4096];
	(void)snprintf(copy, sizeof(copy), "%s", place);
	tree_write(&tree, "/kept/places", copy, strlen(copy) + 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tree_remove(&tree);
	return 0;
}

static int read_kept(struct kept *kept)
{
	tree_write(&tree, "/kept/changes", file, used);
	stderr_begin(&captured);
	int r = kept_read(kept, tree_path(&tree, "/kept"));
	stderr_end(&captured);
	return r;
}

static void assert_refused(int err)
{
	_cleanup_kept_ struct kept kept;

	assert_int_equal(read_kept(&kept), err);
	assert_non_null(strchr(captured.text, '\n'));
}

/* The first one's error. */
static int apply_all(bool force)
{
	_cleanup_kept_ struct kept kept;
	int first = 0;

	put_end();
	assert_int_equal(read_kept(&kept), 0);
	stderr_begin(&captured);
	for (size_t i = 0; i < kept.count; i++) {
		int r = keep_apply(&kept, &kept.entries[i], force);
		first = first ? first : r;
	}
	stderr_end(&captured);
	return first;
}

static bool has(const char *below, const char *text)
{
	char data[256] = "";
	_cleanup_close_ int fd = open(tree_path(&tree, below), O_RDONLY | O_NOFOLLOW);

	return fd >= 0 && read(fd, data, sizeof(data) - 1) >= 0 && strcmp(data, text) == 0;
}

static bool exists(const char *below)
{
	struct stat st;

	return lstat(tree_path(&tree, below), &st) == 0;
}

static void test_every_cut_is_incomplete(void **state)
{
	(void)state;
	put_file("/a", 0644, "text");
	put_link("/l", "a");
	put_end();
	const size_t whole = used;
	for (used = 0; used < whole; used++)
		assert_refused(-ENODATA);
	_cleanup_kept_ struct kept kept;
	assert_int_equal(read_kept(&kept), 0);
	assert_int_equal(kept.count, 2);
}

static void test_paths_out_of_the_places_are_refused(void **state)
{
	static const char *const bad[] = {"",      "/",   "/../x", "/a/../../x", "/./a",
					  "/a//b", "/a/", "x",     "/a/.."};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		used = records = 0;
		put_entry(S_IFDIR | 0755, 0, bad[i]);
		put_end();
		assert_refused(-EBADMSG);
	}
}

static void test_broken_records_are_refused(void **state)
{
	(void)state;
	/* Another kind than before; a deletion of nothing; a wrong count. */
	put_entry(S_IFDIR | 0755, S_IFREG | 0644, "/a");
	put_end();
	assert_refused(-EBADMSG);
	used = records = 0;
	put_record(record_of(SNUG_KEEP_DELETE, 0, 0), "/a");
	put_end();
	assert_refused(-EBADMSG);
	used = records = 0;
	put_entry(S_IFDIR | 0755, 0, "/a");
	records = 7;
	put_end();
	assert_refused(-EBADMSG);
	/* An extent that ends beyond all files. */
	used = records = 0;
	put_entry(S_IFREG | 0644, 0, "/a");
	put_data(UINT64_MAX - 2, "text");
	put_end();
	assert_refused(-EBADMSG);
}

static void test_files_links_and_directories(void **state)
{
	struct stat st;

	(void)state;
	put_entry(S_IFDIR | 07755, 0, "/d");
	put_file("/d/we\nird\xff", 06755, "text");
	put_link("/d/l", "/etc/passwd");
	assert_int_equal(apply_all(false), 0);
	assert_true(has("/host/d/we\nird\xff", "text"));
	assert_int_equal(lstat(tree_path(&tree, "/host/d/we\nird\xff"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(st.st_mtim.tv_sec, 0);
	assert_int_equal(lstat(tree_path(&tree, "/host/d"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(lstat(tree_path(&tree, "/host/d/l"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void test_no_link_is_followed(void **state)
{
	(void)state;
	assert_int_equal(mkdir(tree_path(&tree, "/out"), 0755), 0);
	assert_int_equal(symlink("../out", tree_path(&tree, "/host/host-link")), 0);
	put_file("/host-link/a", 0644, "a");
	assert_int_equal(apply_all(true), -ELOOP);
	used = records = 0;
	put_link("/own-link", "../out");
	put_file("/own-link/b", 0644, "b");
	assert_int_equal(apply_all(true), -ELOOP);
	used = records = 0;
	put_link("/out-file", "../out/c");
	put_file("/out-file", 0644, "c");
	assert_int_equal(apply_all(true), 0);
	assert_true(has("/host/out-file", "c"));
	assert_false(exists("/out/a") || exists("/out/b") || exists("/out/c"));
}

static void test_special_files_are_not_made(void **state)
{
	(void)state;
	put_entry(S_IFCHR | 0666, 0, "/null");
	put_entry(S_IFIFO | 0666, 0, "/fifo");
	assert_int_equal(apply_all(true), -EOPNOTSUPP);
	assert_false(exists("/host/null") || exists("/host/fifo"));
}

static struct snug_keep_record was(enum snug_keep_type type, uint32_t mode, const char *below)
{
	struct stat st;

	assert_int_equal(lstat(tree_path(&tree, below), &st), 0);
	struct snug_keep_record record = record_of(type, mode, st.st_mode);
	record.old_size = (uint64_t)st.st_size;
	record.old_mtime = st.st_mtim.tv_sec;
	record.old_mtime_nsec = (uint32_t)st.st_mtim.tv_nsec;
	return record;
}

static void test_what_has_changed_is_left(void **state)
{
	(void)state;
	tree_write(&tree, "/host/a", "old", 3);
	tree_write(&tree, "/host/d", "old", 3);
	struct snug_keep_record record = was(SNUG_KEEP_ENTRY, S_IFREG | 0644, "/host/a");
	record.size = 3;
	put_record(record, "/a");
	put_data(0, "new");
	put_record(was(SNUG_KEEP_DELETE, 0, "/host/d"), "/d");
	put_file("/new", 0644, "guest");
	tree_write(&tree, "/host/a", "changed", 7);
	tree_write(&tree, "/host/d", "changed", 7);
	tree_write(&tree, "/host/new", "host", 4);
	assert_int_equal(apply_all(false), -ESTALE);
	assert_true(has("/host/a", "changed") && has("/host/d", "changed"));
	assert_true(has("/host/new", "host"));
	used -= sizeof(struct snug_keep_record);
	assert_int_equal(apply_all(true), 0);
	assert_true(has("/host/a", "new") && has("/host/new", "guest") && !exists("/host/d"));
}

static void test_directories_are_deleted_empty(void **state)
{
	(void)state;
	assert_int_equal(mkdir(tree_path(&tree, "/host/d"), 0755), 0);
	assert_int_equal(mkdir(tree_path(&tree, "/host/e"), 0755), 0);
	tree_write(&tree, "/host/d/later", "x", 1);
	put_record(was(SNUG_KEEP_DELETE, 0, "/host/e"), "/e");
	put_record(was(SNUG_KEEP_DELETE, 0, "/host/d"), "/d");
	assert_int_equal(apply_all(true), -ENOTEMPTY);
	assert_true(has("/host/d/later", "x") && !exists("/host/e"));
}

static void test_holes_stay(void **state)
{
	struct snug_keep_record record = record_of(SNUG_KEEP_ENTRY, S_IFREG | 0644, 0);
	struct stat st;

	(void)state;
	record.size = 1 << 30;
	put_record(record, "/sparse");
	put_data(1 << 20, "text");
	assert_int_equal(apply_all(false), 0);
	assert_int_equal(lstat(tree_path(&tree, "/host/sparse"), &st), 0);
	assert_int_equal(st.st_size, 1 << 30);
	assert_true(st.st_blocks < 2048);
}

static void test_names_are_shown_harmless(void **state)
{
	_cleanup_kept_ struct kept kept;
	char *text = NULL;
	size_t size;

	(void)state;
	put_link("/\x1b[2J\n\\\xc3\xa4", "\r");
	put_end();
	assert_int_equal(read_kept(&kept), 0);
	FILE *out = open_memstream(&text, &size);
	kept_print(&kept.entries[0], out);
	(void)fclose(out);
	assert_non_null(strstr(text, "A  link       /"));
	assert_non_null(strstr(text, "/host/\\x1b[2J\\x0a\\x5c\\xc3\\xa4 -> \\x0d\n"));
	free(text);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_every_cut_is_incomplete),
		test(test_paths_out_of_the_places_are_refused),
		test(test_broken_records_are_refused),
		test(test_files_links_and_directories),
		test(test_no_link_is_followed),
		test(test_special_files_are_not_made),
		test(test_what_has_changed_is_left),
		test(test_directories_are_deleted_empty),
		test(test_holes_stay),
		test(test_names_are_shown_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
