/* SPDX-License-Identifier: Apache-2.0 */
/* 9P: a share of several exports, some of them writable, and what keeps them apart. */
#include "tests/unit/p9_client.h"

#include <sys/xattr.h>

#include "core/util.h"

/* Fids of the exports below: "ro", "rw", "also", all directories, and the file "file", read-only. */
enum {
	TOP,
	RO,
	RW,
	ALSO,
	RO_FILE,
	RW_FILE
};

static int export_fd(struct client *c, const char *name)
{
	int fd = openat(c->dir_fd, name, O_PATH | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static int setup_exports(void **state)
{
	struct client *c = client_new_temporary(false);

	client_stop(c);
	make_dir(c, "ro");
	make_dir(c, "ro/d");
	make_file(c, "ro/f", "stays");
	make_dir(c, "rw");
	make_file(c, "rw/f", "changes");
	make_dir(c, "also");
	make_file(c, "file", "alone");
	c->exports[0] = (struct p9_export){.name = "ro", .fd = export_fd(c, "ro")};
	c->exports[1] =
		(struct p9_export){.name = "rw", .fd = export_fd(c, "rw"), .writable = true};
	c->exports[2] =
		(struct p9_export){.name = "also", .fd = export_fd(c, "also"), .writable = true};
	c->exports[3] = (struct p9_export){.name = "file", .fd = export_fd(c, "file")};
	client_serve(c, 4, NULL);
	assert_int_equal(walk(c, TOP, RO, "ro"), 0);
	assert_int_equal(walk(c, TOP, RW, "rw"), 0);
	assert_int_equal(walk(c, TOP, ALSO, "also"), 0);
	assert_int_equal(walk(c, RO, RO_FILE, "f"), 0);
	assert_int_equal(walk(c, RW, RW_FILE, "f"), 0);
	*state = c;
	return 0;
}

static void the_root_lists_the_exports(void **state)
{
	static const char *const names[] = {".", "..", "ro", "rw", "also", "file"};
	struct client *c = *state;
	struct entry entry;
	struct attr attr;
	size_t count = 0;

	assert_int_equal(getattr(c, TOP, &attr), 0);
	assert_int_equal(attr.mode, S_IFDIR | 0555);
	assert_int_equal(walk(c, TOP, 10, ""), 0);
	assert_int_equal(lopen(c, 10, P9_DOTL_RDONLY | P9_DOTL_DIRECTORY), 0);
	assert_true(read_bytes(c, P9_TREADDIR, 10, 0, 1000) > 0);
	for (; next_entry(c, &entry); count++) {
		assert_in_range(count, 0, ARRAY_SIZE(names) - 1);
		assert_string_equal(entry.name, names[count]);
		assert_int_equal(entry.type, count == 5 ? DT_REG : DT_DIR);
		assert_int_equal(entry.offset, count + 1);
	}
	assert_int_equal(count, ARRAY_SIZE(names));
	assert_int_equal(read_bytes(c, P9_TREADDIR, 10, 3, 1000), 3 * 24 + 2 + 4 + 4);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 10, 6, 1000), 0);
	assert_int_equal(walk(c, TOP, 11, "none"), -ENOENT);
	assert_int_equal(call_fid(c, P9_TSTATFS, TOP), 0);
	assert_int_equal(xattrwalk(c, TOP, 11, ""), -EOPNOTSUPP);
	assert_slurp(c, TOP, "file", "alone");
	assert_slurp(c, TOP, "rw/f", "changes");
}

static void dot_dot_leads_to_the_other_exports(void **state)
{
	struct client *c = *state;
	struct p9_qid top, qid;
	size_t walked;

	assert_int_equal(walk_some(c, TOP, 10, "..", &walked, &top), 0);
	assert_int_equal(walk_some(c, RO, 11, "d/../../rw/../../../ro/d", &walked, &qid), 0);
	assert_int_equal(qid.path, inode(c, "ro/d"));
	assert_int_equal(walk_some(c, RW, 12, "..", &walked, &qid), 0);
	assert_int_equal(qid.path, top.path);
	/* Beside them on the host is more, and not for the guest. */
	make_file(c, "secret", SECRET);
	assert_int_equal(walk(c, RO, 13, "../secret"), 1);
	assert_int_equal(walk(c, RO, 13, "../../secret"), 1);
}

/* Where an export is on the host makes no difference: "ro" and "rw" may be above each other. */
static void an_export_within_another(void **state)
{
	struct client *c = *state;

	client_stop(c);
	make_dir(c, "ro/d/inner");
	make_file(c, "ro/d/inner/f", "x");
	c->exports[0].fd = export_fd(c, "ro");
	c->exports[1].fd = export_fd(c, "ro/d/inner");
	client_serve(c, 2, NULL);
	assert_int_equal(walk(c, TOP, 1, "ro/d/inner/f"), 0);
	assert_int_equal(walk(c, TOP, 2, "rw/f"), 0);
	/* The same file, but what may be done to it is decided by the way there. */
	assert_int_equal(lopen(c, 1, P9_DOTL_RDWR), -EROFS);
	assert_int_equal(set_mode(c, 1, 0600), -EROFS);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDWR), 0);
	assert_int_equal(twrite(c, 2, 0, "y", 1), 1);
	assert_int_equal(walk(c, TOP, 3, "rw"), 0);
	assert_int_equal(walk(c, TOP, 4, "ro/d"), 0);
	assert_int_equal(tlink(c, 3, 1, "g"), -EROFS);
	assert_int_equal(trename(c, 1, 3, "g"), -EROFS);
	assert_int_equal(trename(c, 2, 4, "g"), -EROFS);
	assert_content(c, "ro/d/inner/f", "y");
}

static void the_root_itself_cannot_be_changed(void **state)
{
	static const uint8_t types[] = {P9_TLCREATE,  P9_TSYMLINK,     P9_TMKNOD,
					P9_TSETATTR,  P9_TLINK,        P9_TMKDIR,
					P9_TRENAMEAT, P9_TXATTRCREATE, P9_TUNLINKAT};
	struct client *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		put_change(c, types[i], TOP, types[i] == P9_TLINK ? RW_FILE : TOP);
		assert_int_equal(call(c), -EROFS);
	}
	assert_int_equal(trenameat(c, TOP, "rw", TOP, "new"), -EROFS);
	assert_int_equal(trenameat(c, TOP, "rw", RW, "new"), -EROFS);
	assert_int_equal(trenameat(c, RW, "f", TOP, "new"), -EROFS);
	assert_int_equal(tunlinkat(c, TOP, "also", P9_DOTL_AT_REMOVEDIR), -EROFS);
	assert_int_equal(trename(c, ALSO, RW, "new"), -EACCES);
	assert_int_equal(tremove(c, ALSO), -EACCES);
	assert_int_equal(tremove(c, TOP), -EROFS);
	assert_true(is_there(c, "also"));
}

/* Everything that one file system would refuse for a mount that is read-only, by fids of both kinds. */
static void a_read_only_export_stays_as_it_is(void **state)
{
	static const uint8_t types[] = {P9_TLCREATE,     P9_TSYMLINK, P9_TMKNOD,   P9_TRENAME,
					P9_TSETATTR,     P9_TLINK,    P9_TMKDIR,   P9_TRENAMEAT,
					P9_TXATTRCREATE, P9_TWRITE,   P9_TUNLINKAT};
	static const uint32_t flags[] = {P9_DOTL_WRONLY, P9_DOTL_RDWR, P9_DOTL_TRUNC,
					 P9_DOTL_RDWR | P9_DOTL_APPEND,
					 P9_DOTL_WRONLY | P9_DOTL_TRUNC};
	static const uint32_t valid[] = {0,    0x1,  0x2,  0x4,   0x8,   0x10,
					 0x20, 0x40, 0x90, 0x120, 0x1ff, UINT32_MAX};
	struct client *c = *state;
	struct stat dir = stat_of(c, "ro"), file = stat_of(c, "ro/f");

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		put_change(c, types[i], RO, RO_FILE);
		assert_int_equal(call(c), types[i] == P9_TWRITE ? -EBADF : -EROFS);
	}
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		assert_int_equal(lopen(c, RO_FILE, flags[i]), -EROFS);
	for (size_t i = 0; i < ARRAY_SIZE(valid); i++)
		assert_int_equal(setattr(c, RO_FILE, (struct wish){.valid = valid[i]}), -EROFS);
	assert_int_equal(lcreate(c, RO, "f", P9_DOTL_RDONLY, 0644, ~0u), -EROFS);
	/* From one to the other, in both directions. */
	assert_int_equal(trenameat(c, RO, "f", RW, "g"), -EROFS);
	assert_int_equal(trenameat(c, RW, "f", RO, "f"), -EROFS);
	assert_int_equal(trename(c, RO_FILE, RW, "g"), -EROFS);
	assert_int_equal(trename(c, RW_FILE, RO, "f"), -EROFS);
	assert_int_equal(tlink(c, RW, RO_FILE, "g"), -EROFS);
	assert_int_equal(tlink(c, RO, RW_FILE, "g"), -EROFS);
	assert_int_equal(tunlinkat(c, RO, "d", P9_DOTL_AT_REMOVEDIR), -EROFS);
	/* Open, */
	assert_int_equal(lopen(c, RO_FILE, P9_DOTL_RDONLY), 0);
	assert_int_equal(twrite(c, RO_FILE, 0, "x", 1), -EROFS);
	assert_int_equal(set_size(c, RO_FILE, 0), -EROFS);
	assert_int_equal(setattr(c, RO_FILE, (struct wish){.valid = 0x1ff}), -EROFS);
	assert_int_equal(tremove(c, RO_FILE), -EROFS);
	/* and the file that is an export itself. */
	assert_int_equal(walk(c, TOP, 10, "file"), 0);
	assert_int_equal(lopen(c, 10, P9_DOTL_RDWR), -EROFS);
	assert_int_equal(set_size(c, 10, 0), -EROFS);
	assert_int_equal(xattrcreate(c, 10, "user.x", 1, 0), -EROFS);
	assert_int_equal(tremove(c, 10), -EROFS);

	assert_content(c, "file", "alone");
	assert_content(c, "ro/f", "stays");
	assert_int_equal(stat_of(c, "ro").st_ctim.tv_nsec, dir.st_ctim.tv_nsec);
	assert_int_equal(stat_of(c, "ro/f").st_ctim.tv_nsec, file.st_ctim.tv_nsec);
	assert_int_equal(stat_of(c, "ro/f").st_nlink, 1);
	assert_content(c, "rw/f", "changes");
}

static void writable_exports_are_as_two_file_systems(void **state)
{
	struct client *c = *state;

	assert_int_equal(trenameat(c, RW, "f", ALSO, "f"), -EXDEV);
	assert_int_equal(trename(c, RW_FILE, ALSO, "f"), -EXDEV);
	assert_int_equal(tlink(c, ALSO, RW_FILE, "f"), -EXDEV);
	assert_int_equal(tmkdir(c, RW, "d", 0755, ~0u), 0);
	assert_int_equal(trenameat(c, RW, "d", ALSO, "d"), -EXDEV);
	assert_int_equal(trenameat(c, RW, "f", RW, "g"), 0);
	assert_int_equal(tlink(c, RW, RW_FILE, "h"), 0);
	assert_content(c, "rw/g", "changes");
	assert_content(c, "rw/h", "changes");
}

static void a_single_file_that_can_be_written(void **state)
{
	struct client *c = *state;

	client_stop(c);
	c->exports[0] = (struct p9_export){
		.name = "file", .fd = export_fd(c, "file"), .writable = true, .direct = true};
	client_serve(c, 1, NULL);
	assert_int_equal(walk(c, TOP, 1, "file"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDWR), 0);
	assert_int_equal(twrite(c, 1, 0, "A", 1), 1);
	assert_int_equal(set_size(c, 1, 3), 0);
	assert_content(c, "file", "Alo");
	assert_int_equal(walk(c, TOP, 2, "file"), 0);
	assert_int_equal(walk(c, 2, 3, ".."), -ENOTDIR);
	assert_int_equal(trename(c, 2, TOP, "x"), -EACCES);
	assert_int_equal(lcreate(c, 2, "x", P9_DOTL_RDWR, 0644, ~0u), -ENOTDIR);
	assert_int_equal(tlink(c, 2, 2, "x"), -ENOTDIR);
	assert_int_equal(tremove(c, 2), -EACCES);
	assert_content(c, "file", "Alo");
}

/* What is mounted below an export is part of it, and a kernel file system there is empty and stays. */
static void kernel_file_systems_in_a_writable_export(void **state)
{
	struct client *c = *state;
	uint32_t kept = 20;

	if (!may_mount)
		skip_because("no right to mount anything");
	make_dir(c, "rw/m");
	make_file(c, "rw/env", "");
	assert_int_equal(mount("p", path_of(c, "rw/m"), "proc", 0, NULL), 0);
	assert_int_equal(mount("/proc/self/environ", path_of(c, "rw/env"), NULL, MS_BIND, NULL), 0);
	assert_int_equal(walk(c, RW, 10, "m"), 0);
	assert_int_equal(walk(c, 10, 11, "self"), -ENOENT);
	assert_int_equal(walk(c, 10, 11, "sysrq-trigger"), -ENOENT);
	assert_int_equal(lcreate(c, 10, "sysrq-trigger", P9_DOTL_WRONLY, 0644, ~0u), -EACCES);
	assert_int_equal(tmkdir(c, 10, "new", 0755, ~0u), -EACCES);
	assert_int_equal(tsymlink(c, 10, "new", "x"), -EACCES);
	assert_int_equal(tmknod(c, 10, "new", S_IFIFO | 0644), -EACCES);
	assert_int_equal(tlink(c, 10, RW_FILE, "new"), -EACCES);
	assert_int_equal(trename(c, RW_FILE, 10, "new"), -EACCES);
	assert_int_equal(trenameat(c, 10, "self", RW, "new"), -EACCES);
	assert_int_equal(tunlinkat(c, 10, "self", 0), -EACCES);
	assert_int_equal(set_mode(c, 10, 0777), -EACCES);
	assert_int_equal(xattrcreate(c, 10, "user.x", 0, 0), -EACCES);
	assert_int_equal(walk(c, RW, 12, "env"), 0);
	assert_int_equal(lopen(c, 12, P9_DOTL_RDWR), -EACCES);
	assert_int_equal(lopen(c, 12, P9_DOTL_RDONLY | P9_DOTL_TRUNC), -EACCES);
	assert_int_equal(set_size(c, 12, 0), -EACCES);
	assert_int_equal(tlink(c, RW, 12, "new"), -EACCES);
	assert_int_equal(walk(c, RW, kept, ""), 0);
	assert_int_equal(lcreate(c, kept, "env", P9_DOTL_RDWR, 0644, ~0u), -EACCES);
	/* Neither moved nor removed, walked to before or not. */
	for (int known = 1; known >= 0; known--) {
		assert_int_equal(trenameat(c, RW, "m", RW, "n"), -EACCES);
		assert_int_equal(trenameat(c, RW, "f", RW, "env"), -EACCES);
		assert_int_equal(tunlinkat(c, RW, "m", P9_DOTL_AT_REMOVEDIR), -EACCES);
		assert_int_equal(tunlinkat(c, RW, "env", 0), -EACCES);
		if (known) {
			assert_int_equal(tremove(c, 12), -EACCES);
			assert_int_equal(tremove(c, 10), -EACCES);
		}
	}
	assert_slurp(c, RW, "env", "");
	assert_int_equal(umount(path_of(c, "rw/m")), 0);
	assert_int_equal(umount(path_of(c, "rw/env")), 0);
}

/* Another file system below is no obstacle, but for what the kernel does not do across. */
static void another_file_system_in_a_writable_export(void **state)
{
	struct client *c = *state;

	if (!may_mount)
		skip_because("no right to mount anything");
	make_dir(c, "rw/m");
	assert_int_equal(mount("t", path_of(c, "rw/m"), "tmpfs", 0, NULL), 0);
	assert_int_equal(walk(c, RW, 10, "m"), 0);
	assert_int_equal(tmkdir(c, 10, "d", 0755, ~0u), 0);
	assert_int_equal(trenameat(c, RW, "f", 10, "f"), -EXDEV);
	assert_int_equal(tlink(c, 10, RW_FILE, "f"), -EXDEV);
	assert_int_equal(tunlinkat(c, RW, "m", P9_DOTL_AT_REMOVEDIR), -EBUSY);
	assert_true(is_there(c, "rw/m/d"));
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0); /* lets go of it */
	assert_int_equal(umount(path_of(c, "rw/m")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_exports, teardown_client)
		T(the_root_lists_the_exports),
		T(dot_dot_leads_to_the_other_exports),
		T(an_export_within_another),
		T(the_root_itself_cannot_be_changed),
		T(a_read_only_export_stays_as_it_is),
		T(writable_exports_are_as_two_file_systems),
		T(a_single_file_that_can_be_written),
		T(kernel_file_systems_in_a_writable_export),
		T(another_file_system_in_a_writable_export),
#undef T
	};

	return cmocka_run_group_tests_name("p9 exports", tests, enter_mount_namespace, NULL);
}
