/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels unpacked once: what is found again, what is made anew, what a mishap leaves behind. */
#include "tests/unit/kernel_cache_maker.h"

#include <openssl/sha.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>

#include "core/fds.h"

/* Where the first segment of an entry is. */
#define CONTENTS_AT 0x1000

/* --- found again ------------------------------------------------------------------------------ */

static void it_is_made_once(void **state)
{
	(void)state;
	const ino_t first = get_good();
	assert_int_equal(entries(), 1);
	assert_int_equal(count_names("new-", "", NULL), 0);
	assert_int_equal(get_good(), first);
	assert_int_equal(entries(), 1);
}

/* Of an O_PATH descriptor one learns which file it is, and nothing that is in it. */
static void the_second_time_the_bzimage_is_not_read(void **state)
{
	(void)state;
	const ino_t first = get_good();
	cleanup_close(&file_fd);
	file_fd = open(tree_path(&tree, "/bzImage"), O_PATH | O_CLOEXEC);
	assert_int_equal(get_good(), first);
	/* That it is so: without the name it is read, and cannot be. */
	assert_int_equal(unlink(identity_path()), 0);
	assert_int_equal(get(), -ENOEXEC);
	assert_contains(why, "cannot be read");
}

static void a_copy_of_the_bzimage_is_the_same_kernel(void **state)
{
	struct stat st;

	(void)state;
	const ino_t first = get_good();
	tree_write(&tree, "/copy", packed.bytes, packed.size);
	use_file("/copy");
	assert_int_equal(get_good(), first);
	assert_int_equal(entries(), 1);
	assert_int_equal(count_names("file-", "", NULL), 2);
	assert_int_equal(stat(content_path(), &st), 0);
	assert_int_equal(st.st_nlink, 3);
}

/* Its size stays; the times say that it is another. */
static void a_bzimage_overwritten_is_another_kernel(void **state)
{
	(void)state;
	const ino_t first = get_good();
	packed.bytes[BZIMAGE_VERSION_AT] ^= 1;
	write_bzimage();
	assert_int_not_equal(get_good(), first);
	assert_int_equal(entries(), 2);
}

/* Nor does it help to give it the time it had: the time of that is kept as well. */
static void a_bzimage_overwritten_in_secret_is_another_kernel(void **state)
{
	struct stat st;

	(void)state;
	const ino_t first = get_good();
	packed.bytes[BZIMAGE_VERSION_AT] ^= 1;
	assert_int_equal(fstat(file_fd, &st), 0);
	const struct timespec times[] = {st.st_atim, st.st_mtim};
	write_bzimage();
	assert_int_equal(utimensat(AT_FDCWD, tree_path(&tree, "/bzImage"), times, 0), 0);
	assert_int_not_equal(get_good(), first);
}

static void every_way_of_packing(void **state)
{
	static const struct {
		pack_fn pack;
		const char *name;
	} rows[] = {{pack_xz, "xz"}, {pack_gzip, "gzip"}, {pack_zstd, "zstd"}, {pack_lz4, "lz4"}};
	struct kernel_cache_info info;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		packed_make(&packed, rows[i].pack, payload.bytes, payload.size);
		write_bzimage();
		_cleanup_close_ int fd = get();
		assert_true(fd >= 0);
		check_kernel(fd);
		assert_int_equal(fd_pread_all(fd, &info, sizeof(info), kernel.info.offset), 0);
		assert_string_equal(info.compression, rows[i].name);
		assert_string_equal(kernel_cache_format(file_fd, &image), rows[i].name);
	}
	assert_int_equal(entries(), ARRAY_SIZE(rows));
}

/* --- what an entry says of itself ------------------------------------------------------------- */

static void hex(const uint8_t *sha256, char text[2 * KERNEL_CACHE_SHA256_SIZE + 1])
{
	for (size_t i = 0; i < KERNEL_CACHE_SHA256_SIZE; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", sha256[i]);
}

static void check_info(const struct kernel_cache_info *info)
{
	uint8_t sha256[KERNEL_CACHE_SHA256_SIZE];

	(void)SHA256(packed.bytes, packed.size, sha256);
	assert_memory_equal(info->source, sha256, sizeof(sha256));
	assert_int_equal(info->source_size, packed.size);
	assert_string_equal(info->version, image.version);
	assert_string_equal(info->compression, "xz");
}

static void the_name_is_the_checksum(void **state)
{
	char name[2 * KERNEL_CACHE_SHA256_SIZE + 1];
	uint8_t sha256[KERNEL_CACHE_SHA256_SIZE];
	struct stat st;

	(void)state;
	(void)get_good();
	(void)SHA256(packed.bytes, packed.size, sha256);
	hex(sha256, name);
	assert_int_equal(count_names(name, ".kernel", NULL), 1);
	assert_int_equal(stat(content_path(), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
}

static void what_is_kept_can_be_asked_for(void **state)
{
	struct kernel_cache_info info;

	(void)state;
	assert_int_equal(kernel_cache_find(dir_fd, file_fd, &kernel, &info), -ENOENT);
	(void)get_good();
	_cleanup_close_ int fd = kernel_cache_find(dir_fd, file_fd, &kernel, &info);
	assert_true(fd >= 0);
	check_info(&info);
	assert_true(kernel_cache_find(dir_fd, -1, &kernel, &info) < 0);
}

/* --- damaged, and made anew ------------------------------------------------------------------- */

static void cut_off(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - 1), 0);
}

static void empty(const char *path)
{
	assert_int_equal(truncate(path, 0), 0);
}

static void overwrite(const char *path)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(fd_pwrite_all(fd, "damage", 6, CONTENTS_AT + 100), 0);
}

typedef void (*damage_fn)(const char *path);

/* Does it, and gives the file the time it had. */
static void in_secret(damage_fn damage, const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	damage(path);
	const struct timespec times[] = {st.st_atim, st.st_mtim};
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void overwrite_in_secret(const char *path)
{
	in_secret(overwrite, path);
}

static void append(const char *path)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	assert_int_equal(fd_write_all(fd, "more", 4), 0);
}

static void append_in_secret(const char *path)
{
	in_secret(append, path);
}

/* As an older or newer snug may leave it: the kernel got last is the one at path. */
static void change_form(const char *path)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(fd_pwrite_all(fd, "snugvm0", 8, kernel.info.offset), 0);
}

static void change_form_in_secret(const char *path)
{
	in_secret(change_form, path);
}

static void touch(const char *path)
{
	assert_int_equal(utimensat(AT_FDCWD, path, NULL, 0), 0);
}

static void let_the_group_write(const char *path)
{
	assert_int_equal(chmod(path, 0620), 0);
}

static void let_others_write(const char *path)
{
	assert_int_equal(chmod(path, 0602), 0);
}

static void give_away(const char *path)
{
	if (geteuid() == 0)
		assert_int_equal(chown(path, 65534, (gid_t)-1), 0);
	else
		empty(path); /* which anybody can */
}

/* Seen at every start: by size, time, owner or mode. */
static void damage_is_seen_and_the_entry_made_anew(void **state)
{
	static const damage_fn damages[] = {cut_off,
					    empty,
					    overwrite,
					    touch,
					    append,
					    append_in_secret,
					    change_form_in_secret,
					    let_others_write,
					    give_away,
					    let_the_group_write};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		const ino_t before = get_good();

		damages[i](content_path());
		assert_int_not_equal(get_good(), before);
		assert_int_equal(entries(), 1);
		assert_int_equal(count_names("file-", "", NULL), 1);
		assert_int_equal(count_names("new-", "", NULL), 0);
	}
}

/* The checksum of the contents is looked at when the entry gets another name. */
static void secret_damage_gets_no_other_name(void **state)
{
	(void)state;
	const ino_t before = get_good();
	overwrite_in_secret(content_path());
	tree_write(&tree, "/copy", packed.bytes, packed.size);
	use_file("/copy");
	assert_int_not_equal(get_good(), before);
}

/* An entry renamed to the checksum of another bzImage is not that one's. */
static void an_entry_with_a_wrong_name_is_made_anew(void **state)
{
	char wrong[PATH_MAX];

	(void)state;
	(void)get_good();
	FORMAT(wrong, "%s", content_path());
	assert_int_equal(unlink(identity_path()), 0);
	payload.bytes[maker_parts[MAKER_TEXT].offset] ^= 1;
	payload_image(&payload, expected);
	packed_make(&packed, pack_xz, payload.bytes, payload.size);
	write_bzimage();
	(void)get_good();
	assert_int_equal(entries(), 2);
	/* Back to the first kernel, below whose name there is now the second. */
	assert_int_equal(unlink(wrong), 0);
	assert_int_equal(rename(content_path(), wrong), 0);
	payload.bytes[maker_parts[MAKER_TEXT].offset] ^= 1;
	payload_image(&payload, expected);
	packed_make(&packed, pack_xz, payload.bytes, payload.size);
	write_bzimage();
	(void)get_good();
}

/* --- something else in its place -------------------------------------------------------------- */

/* The target is a good entry; still nobody asked for a link. */
static void become_symlink(const char *path)
{
	char moved[PATH_MAX];

	FORMAT(moved, "%s/moved-%zu", tree.root, strlen(path));
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(symlink(moved, path), 0);
}

/* Which must not be waited for. */
static void become_fifo(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void become_directory(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
}

static const damage_fn replacements[] = {become_symlink, become_fifo};

static void assert_plain_file(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
}

static void what_replaces_both_names_is_replaced(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(replacements); i++) {
		(void)get_good();
		replacements[i](content_path());
		replacements[i](identity_path());
		(void)get_good();
		assert_plain_file(content_path());
		assert_plain_file(identity_path());
	}
}

static void what_replaces_the_identity_is_replaced(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(replacements); i++) {
		const ino_t before = get_good();

		replacements[i](identity_path());
		assert_int_equal(get_good(), before);
		assert_plain_file(identity_path());
	}
}

/* It costs a name, and the bzImage is read each time. */
static void a_directory_instead_of_the_identity_is_endured(void **state)
{
	(void)state;
	const ino_t before = get_good();
	become_directory(identity_path());
	assert_int_equal(get_good(), before);
	assert_int_equal(get_good(), before);
}

static void a_directory_instead_of_the_entry_is_an_error(void **state)
{
	(void)state;
	(void)get_good();
	assert_int_equal(unlink(identity_path()), 0);
	become_directory(content_path());
	assert_int_equal(get(), -EISDIR);
	assert_contains(why, "cannot be written to");
	assert_int_equal(count_names("new-", "", NULL), 0);
	assert_int_equal(count_names("file-", "", NULL), 0);
}

static void a_lock_that_is_none_is_an_error(void **state)
{
	(void)state;
	tree_mkdir(&tree, "/cache/lock");
	assert_int_equal(get(), -EISDIR);
	assert_contains(why, "cannot be locked");
	assert_int_equal(rmdir(tree_path(&tree, "/cache/lock")), 0);
	assert_int_equal(symlink("/dev/null", tree_path(&tree, "/cache/lock")), 0);
	assert_int_equal(get(), -ELOOP);
	assert_nothing_left();
}

/* --- left over, and at once ------------------------------------------------------------------- */

static void what_a_killed_process_left_is_removed(void **state)
{
	(void)state;
	tree_write(&tree, "/cache/new-123", "half", 4);
	tree_write(&tree, "/cache/new-999999", "half", 4);
	tree_write(&tree, "/cache/another", "whole", 5);
	(void)get_good();
	assert_int_equal(count_names("new-", "", NULL), 0);
	assert_int_equal(access(tree_path(&tree, "/cache/another"), F_OK), 0);
}

#define CHILDREN 4

/* In a child: waits for the other end of the pipe to be closed, then gets the kernel. */
static pid_t start_child(const int go[2])
{
	const pid_t pid = fork();
	char byte;

	if (pid != 0)
		return pid;
	(void)close(go[1]);
	if (read(go[0], &byte, 1) != 0)
		_exit(2);
	memset(loaded, 0, sizeof(loaded));
	const int fd = get();
	const bool same = fd >= 0 && vmlinux_load(fd, &kernel, loaded) == 0 &&
			  memcmp(loaded, expected, sizeof(loaded)) == 0;
	_exit(same ? 0 : 1);
}

static void assert_child_succeeded(pid_t pid)
{
	int status;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void several_at_once_make_one_entry(void **state)
{
	pid_t pids[CHILDREN];
	int go[2];

	(void)state;
	assert_int_equal(pipe(go), 0);
	for (size_t i = 0; i < CHILDREN; i++)
		pids[i] = start_child(go);
	(void)close(go[1]);
	for (size_t i = 0; i < CHILDREN; i++)
		assert_child_succeeded(pids[i]);
	(void)close(go[0]);
	assert_int_equal(entries(), 1);
	assert_int_equal(count_names("file-", "", NULL), 1);
	assert_int_equal(count_names("new-", "", NULL), 0);
}

/* Else a file that is being written might be taken for one left over. */
static void nothing_is_made_or_removed_without_the_lock(void **state)
{
	_cleanup_close_ int lock = openat(dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int go[2];

	(void)state;
	tree_write(&tree, "/cache/new-1", "half", 4);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	assert_int_equal(pipe(go), 0);
	const pid_t pid = start_child(go);
	(void)close(go[0]);
	(void)close(go[1]);
	(void)usleep(100000);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_int_equal(entries(), 0);
	assert_int_equal(count_names("new-", "", NULL), 1);
	assert_int_equal(flock(lock, LOCK_UN), 0);
	assert_child_succeeded(pid);
	assert_int_equal(entries(), 1);
}

/* --- no room, no right ------------------------------------------------------------------------ */

/* Above the limit a write fails, as on a disk that is full. */
static int get_with_limit(rlim_t bytes)
{
	const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
	const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	const int r = get();
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	return r;
}

/* Wherever the room ends, there is an error or a whole entry. */
static void a_full_disk_leaves_nothing_half_written(void **state)
{
	struct stat st;
	off_t size;

	(void)state;
	(void)get_good();
	assert_int_equal(stat(content_path(), &st), 0);
	size = st.st_size;
	assert_int_equal(unlink(content_path()) + unlink(identity_path()), 0);
	for (off_t limit = 0; limit < size; limit += limit < size - 600 ? 512 : 1) {
		assert_int_equal(get_with_limit((rlim_t)limit), -EFBIG);
		assert_contains(why, "cannot be written to");
		assert_nothing_left();
	}
	_cleanup_close_ int fd = get_with_limit((rlim_t)size);
	assert_true(fd >= 0);
	assert_int_equal(entries(), 1);
}

static void a_directory_that_cannot_be_written_is_an_error(void **state)
{
	(void)state;
	if (geteuid() == 0) {
		print_message("skipped: root writes anywhere\n");
		skip();
	}
	assert_int_equal(chmod(tree_path(&tree, "/cache"), 0500), 0);
	assert_int_equal(get(), -EACCES);
	assert_contains(why, "cannot be locked");
	assert_int_equal(chmod(tree_path(&tree, "/cache"), 0700), 0);
	assert_nothing_left();
	/* What is there is still of use. */
	const ino_t first = get_good();
	assert_int_equal(chmod(tree_path(&tree, "/cache"), 0500), 0);
	assert_int_equal(get_good(), first);
	assert_int_equal(chmod(tree_path(&tree, "/cache"), 0700), 0);
}

/* --- in memory, and pruned -------------------------------------------------------------------- */

static void in_memory_it_is_the_same(void **state)
{
	struct kernel_cache_info info;

	(void)state;
	_cleanup_close_ int fd = kernel_cache_make(file_fd, &image, &kernel, &why);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	check_kernel(fd);
	assert_int_equal(fd_pread_all(fd, &info, sizeof(info), kernel.info.offset), 0);
	check_info(&info);
	assert_nothing_left();
}

static void pruning_leaves_what_is_asked_for(void **state)
{
	struct cache_removed removed = {0};
	struct cache_identity stay;
	struct stat st;

	(void)state;
	(void)get_good();
	packed.bytes[BZIMAGE_VERSION_AT] ^= 1;
	tree_write(&tree, "/other", packed.bytes, packed.size);
	use_file("/other");
	const ino_t stays = get_good();
	tree_write(&tree, "/cache/new-7", "half", 4);
	tree_write(&tree, "/cache/another", "whole", 5);
	assert_int_equal(entries(), 2);
	assert_int_equal(fstat(file_fd, &st), 0);
	stay = cache_identity_of(&st);
	assert_int_equal(kernel_cache_prune(dir_fd, &stay, 1, &removed), 0);
	assert_int_equal(removed.files, 2); /* with what was half made */
	assert_int_equal(stat(content_path(), &st), 0);
	assert_int_equal(removed.bytes, st.st_size + 4); /* both kernels are as large */
	assert_int_equal(get_good(), stays);
	assert_int_equal(access(tree_path(&tree, "/cache/another"), F_OK), 0);
	assert_int_equal(kernel_cache_prune(dir_fd, NULL, 0, &removed), 0);
	assert_int_equal(removed.files, 3);
	assert_nothing_left();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_made_once),
		TEST(the_second_time_the_bzimage_is_not_read),
		TEST(a_copy_of_the_bzimage_is_the_same_kernel),
		TEST(a_bzimage_overwritten_is_another_kernel),
		TEST(a_bzimage_overwritten_in_secret_is_another_kernel),
		TEST(every_way_of_packing),
		TEST(the_name_is_the_checksum),
		TEST(what_is_kept_can_be_asked_for),
		TEST(damage_is_seen_and_the_entry_made_anew),
		TEST(secret_damage_gets_no_other_name),
		TEST(an_entry_with_a_wrong_name_is_made_anew),
		TEST(what_replaces_both_names_is_replaced),
		TEST(what_replaces_the_identity_is_replaced),
		TEST(a_directory_instead_of_the_identity_is_endured),
		TEST(a_directory_instead_of_the_entry_is_an_error),
		TEST(a_lock_that_is_none_is_an_error),
		TEST(what_a_killed_process_left_is_removed),
		TEST(several_at_once_make_one_entry),
		TEST(nothing_is_made_or_removed_without_the_lock),
		TEST(a_full_disk_leaves_nothing_half_written),
		TEST(a_directory_that_cannot_be_written_is_an_error),
		TEST(in_memory_it_is_the_same),
		TEST(pruning_leaves_what_is_asked_for),
	};

	(void)signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
