/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/world_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/util.h"
#include "tests/fuzz/world.h"

struct tree tree;

static uint64_t outside_inodes[8];
static size_t outside_count;
static uint64_t untouched; /* hash of everything that must stay as it is */
static char temporary[256];

struct listing {
	long at, len;
	char bytes[2048] __attribute__((aligned(8)));
};

/* --- the file system -------------------------------------------------------------------------------- */

static void remove_temporary(void)
{
	char command[300];

	(void)snprintf(command, sizeof(command), "rm -rf %s", temporary);
	if (system(command))
		perror(temporary);
}

/* A tmpfs that is mounted nowhere; who may not have one gets a directory. */
static int make_base(void)
{
	const char *tmp = getenv("TMPDIR");
	int fd = -1, fs = fsopen("tmpfs", FSOPEN_CLOEXEC);

	if (fs >= 0) {
		(void)fsconfig(fs, FSCONFIG_SET_STRING, "size", "16m", 0);
		(void)fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0);
		if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
			fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOATIME);
		close(fs);
	}
	if (fd >= 0)
		return fd;
	if (!tmp)
		tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	(void)snprintf(temporary, sizeof(temporary), "%s/snug-fuzz-XXXXXX", tmp);
	if (!mkdtemp(temporary))
		world_broken("no temporary directory");
	(void)atexit(remove_temporary);
	return open(temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void must(bool ok, const char *what)
{
	if (!ok) {
		perror(what);
		world_broken("cannot make the tree");
	}
}

static void make_file(int dir, const char *name, const char *content, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	must(fd >= 0 && write(fd, content, len) == (ssize_t)len, name);
	close(fd);
}

static int make_dir(int dir, const char *name)
{
	int fd;

	must(mkdirat(dir, name, 0755) == 0, name);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(fd >= 0, name);
	return fd;
}

/* --- what is in it ---------------------------------------------------------------------------------- */

/*
 * As far as the file system has them, and this process may set them. Trusted ones are the host's: neither
 * their values nor their names are for the guest.
 */
static void set_attributes(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	must(fd >= 0, name);
	(void)fsetxattr(fd, "user.a", "value", 5, 0);
	(void)fsetxattr(fd, "user.none", "", 0, 0);
	(void)fsetxattr(fd, "trusted.a", SECRET, SECRET_LEN, 0);
	(void)fsetxattr(fd, "trusted." SECRET, "", 0, 0);
	close(fd);
}

static void fill_ro(void)
{
	make_file(tree.ro, "f", "0123456789", 10);
	close(make_dir(tree.ro, "a"));
	make_file(tree.ro, "a/f", "in a", 4);
	set_attributes(tree.ro, "f");
	must(symlinkat("f", tree.ro, "l") == 0, "ro/l");
	must(symlinkat("../outside/secret", tree.ro, "out") == 0, "ro/out");
	must(mkfifoat(tree.ro, "p", 0666) == 0, "ro/p");
}

static void fill_rw(void)
{
	char longest[256];

	memset(longest, 'n', 255);
	longest[255] = 0;
	make_file(tree.rw, "f", "0123456789", 10);
	make_file(tree.rw, "e", "", 0);
	make_file(tree.rw, longest, "long", 4);
	close(make_dir(tree.rw, "a"));
	close(make_dir(tree.rw, "a/b"));
	make_file(tree.rw, "a/f", "in a", 4);
	make_file(tree.rw, "a/b/f", "in a/b", 6);
	set_attributes(tree.rw, "f");
	set_attributes(tree.rw, "a");
	must(linkat(tree.rw, "f", tree.rw, "h", 0) == 0, "rw/h");
	must(symlinkat("f", tree.rw, "l") == 0, "rw/l");
	must(symlinkat("../outside/secret", tree.rw, "out") == 0, "rw/out");
	must(symlinkat("../outside", tree.rw, "outdir") == 0, "rw/outdir");
	must(mkfifoat(tree.rw, "p", 0666) == 0, "rw/p");
	(void)mknodat(tree.rw, "z", S_IFCHR | 0666, makedev(1, 5));
	must(linkat(tree.keep, "hidden", tree.rw, "hidden", 0) == 0, "rw/hidden");
}

/*
 * The entries of a directory that is open for reading, one after the other, without "." and "..". Not
 * readdir(3): this is done many times for each input, and allocations are dear with the sanitizers.
 */
static const char *next_entry(int dir, struct listing *listing)
{
	for (;;) {
		const struct dirent64 *entry = (const void *)(listing->bytes + listing->at);

		if (listing->at == listing->len) {
			listing->at = 0;
			listing->len = syscall(SYS_getdents64, dir, listing->bytes,
					       sizeof(listing->bytes));
			if (listing->len <= 0)
				return NULL;
			continue;
		}
		listing->at += entry->d_reclen;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return entry->d_name;
	}
}

size_t tree_count_entries(int dir)
{
	struct listing listing = {0};
	size_t n = 0;

	(void)lseek(dir, 0, SEEK_SET);
	while (next_entry(dir, &listing))
		n++;
	return n;
}

static void empty(int dir, const char *spared);

static void remove_entry(int dir, const char *name)
{
	int fd;

	if (unlinkat(dir, name, 0) == 0)
		return;
	if (errno == EISDIR)
		(void)fchmodat(dir, name, 0755, 0); /* matters to all but root */
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	must(fd >= 0, name);
	empty(fd, "");
	must(unlinkat(dir, name, AT_REMOVEDIR) == 0, name);
}

/* Closes dir. */
static void empty(int dir, const char *spared)
{
	struct listing listing = {0};
	const char *name;

	while ((name = next_entry(dir, &listing))) {
		if (strcmp(name, spared) != 0)
			remove_entry(dir, name);
	}
	close(dir);
}

void tree_reset(void)
{
	static const char *const attributes[] = {"user.a", "user.b"};
	struct statx stx;

	if (!tree.dirty)
		return;
	tree.dirty = false;
	must(fchown(tree.rw, geteuid(), getegid()) == 0 && fchmod(tree.rw, 0755) == 0, "rw");
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		(void)fremovexattr(tree.rw, attributes[i]);
	/* The hidden directory is nobody's to change. */
	empty(openat(tree.rw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "hdir");
	empty(openat(tree.moved, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "");
	if (statx(tree.rw, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx) || stx.stx_nlink != 3)
		world_broken("something is left of the tree");
	fill_rw();
}

/* --- what must not change --------------------------------------------------------------------------- */

static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ bytes[i]) * 1099511628211ULL;
	return h;
}

/* Times tell of every change of content, too: the file is older than the granularity of the clock. */
static uint64_t hash_stat(uint64_t h, const struct statx *stx, bool ctime)
{
	const uint64_t words[] = {
		stx->stx_mode,
		stx->stx_ino,
		stx->stx_size,
		(uint64_t)stx->stx_mtime.tv_sec,
		stx->stx_mtime.tv_nsec,
		ctime ? (uint64_t)stx->stx_ctime.tv_sec : 0,
		ctime ? stx->stx_ctime.tv_nsec : 0,
		ctime ? stx->stx_nlink : 0,
		ctime ? (uint64_t)stx->stx_uid << 32 | stx->stx_gid : 0,
	};

	return hash(h, words, sizeof(words));
}

static uint64_t hash_dir(uint64_t h, int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct listing listing = {0};
	const char *entry;
	struct statx stx;

	must(fd >= 0, name);
	must(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx) == 0, name);
	h = hash_stat(h, &stx, true);
	while ((entry = next_entry(fd, &listing))) {
		h = hash(h, entry, strlen(entry));
		must(statx(fd, entry, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &stx) == 0, entry);
		h = S_ISDIR(stx.stx_mode) ? hash_dir(h, fd, entry) : hash_stat(h, &stx, true);
	}
	close(fd);
	return h;
}

static uint64_t hash_untouched(void)
{
	struct statx stx;
	uint64_t h = 14695981039346656037ULL;

	h = hash_dir(h, tree.base, "outside");
	h = hash_dir(h, tree.base, "ro");
	h = hash_dir(h, tree.rw, "hdir");
	/* Its names may come and go, by the host's doing or where it has another one. */
	must(statx(tree.keep, "hidden", 0, STATX_BASIC_STATS, &stx) == 0, "keep/hidden");
	return hash_stat(h, &stx, false);
}

void tree_check(void)
{
	if (hash_untouched() != untouched)
		world_broken("something changed that is outside, read-only or hidden");
}

static uint64_t inode(int dir, const char *name)
{
	struct statx stx;

	must(statx(dir, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &stx) == 0, name);
	return stx.stx_ino;
}

static void is_outside(int dir, const char *name)
{
	outside_inodes[outside_count++] = inode(dir, name);
}

bool tree_is_outside(uint64_t ino)
{
	for (size_t i = 0; i < outside_count; i++) {
		if (outside_inodes[i] == ino)
			return true;
	}
	return false;
}

void tree_make(void)
{
	(void)umask(0);
	tree.base = make_base();
	must(tree.base >= 0, "base");
	tree.outside = make_dir(tree.base, "outside");
	make_file(tree.outside, "secret", SECRET, SECRET_LEN);
	close(make_dir(tree.outside, "d"));
	make_file(tree.outside, "d/f", SECRET, SECRET_LEN);
	tree.moved = make_dir(tree.base, "moved");
	tree.keep = make_dir(tree.base, "keep");
	make_file(tree.keep, "hidden", SECRET, SECRET_LEN);
	tree.ro = make_dir(tree.base, "ro");
	tree.rw = make_dir(tree.base, "rw");
	close(make_dir(tree.rw, "hdir"));
	make_file(tree.rw, "hdir/inner", SECRET, SECRET_LEN);
	fill_ro();
	fill_rw();
	tree.hidden = inode(tree.keep, "hidden");
	is_outside(tree.base, ".");
	is_outside(tree.base, "outside");
	is_outside(tree.outside, "secret");
	is_outside(tree.outside, "d");
	is_outside(tree.outside, "d/f");
	is_outside(tree.base, "moved");
	is_outside(tree.base, "keep");
	is_outside(tree.rw, "hdir/inner");
	(void)usleep(20000);
	untouched = hash_untouched();
}
