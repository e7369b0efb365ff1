/* SPDX-License-Identifier: Apache-2.0 */
/* 9P: the host kernel's own file systems are empty to the guest. */
#include "tests/unit/p9_client.h"

#include <sys/sysmacros.h>

#include "core/util.h"

/* path of fid 0 leads to a hidden directory. */
static void assert_hidden_dir(struct client *c, const char *path, const char *inside)
{
	size_t before = descriptors(), walked = 0, count = 0;
	struct p9_qid qid;
	struct entry entry;
	struct attr attr;

	assert_int_equal(walk_some(c, 0, 500, path, &walked, &qid), 0);
	assert_int_equal(walk(c, 500, 501, inside), -ENOENT);
	assert_int_equal(walk(c, 500, 501, "anything"), -ENOENT);
	assert_int_equal(getattr(c, 500, &attr), 0);
	assert_int_equal(attr.mode, S_IFDIR | 0555);
	assert_int_equal(attr.nlink, 2);
	assert_int_equal(attr.size, 0);
	for (size_t i = 0; i < ARRAY_SIZE(attr.times); i++)
		assert_int_equal(attr.times[i], 0);
	assert_int_equal(attr.qid.path, qid.path);
	assert_int_equal(xattrwalk(c, 500, 501, ""), -EOPNOTSUPP);
	assert_int_equal(call_fid(c, P9_TSTATFS, 500), 0);
	(void)p9_get_u64(&c->in);
	assert_int_equal(p9_get_u64(&c->in), 0);

	assert_int_equal(walk(c, 500, 501, ""), 0);
	assert_int_equal(lopen(c, 501, P9_DOTL_RDONLY | P9_DOTL_DIRECTORY), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 501, 0, 100), -EISDIR);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 501, 0, 10), -EINVAL);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 501, 0, 30), 25);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 501, 0, 1000), 51);
	while (next_entry(c, &entry)) {
		assert_string_equal(entry.name, count == 0 ? "." : "..");
		count++;
		assert_int_equal(entry.offset, count);
	}
	assert_int_equal(read_bytes(c, P9_TREADDIR, 501, 1, 1000), 26);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 501, 2, 1000), 0);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 501, UINT64_MAX, 1000), 0);
	assert_int_equal(clunk(c, 501), 0);
	/* Nothing of it is held: only, at most, the directories on the way. */
	assert_in_range(descriptors(), before, before + walked - 1);
	assert_int_equal(clunk(c, 500), 0);
	assert_int_equal(descriptors(), before);
}

static void kernel_file_systems_are_empty(void **state)
{
	struct client *c = client_new("/");

	(void)state;
	assert_hidden_dir(c, "proc", "self");
	assert_hidden_dir(c, "sys", "kernel");
	assert_hidden_dir(c, "dev", "null");
	assert_hidden_dir(c, "../proc", "1");
	/* The way back leads to the share, not into it. */
	assert_int_equal(walk(c, 0, 1, "proc/../etc/passwd"), 0);
	client_free(c);
}

static void mounts_of_kernel_file_systems(void **state)
{
	struct client *c = *state;
	struct attr attr;

	if (!may_mount)
		skip();
	make_dir(c, "m");
	make_file(c, "f", "covered");
	make_file(c, "g", "covered");
	/* An ordinary mount is ordinary. */
	assert_int_equal(mount("t", path_of(c, "m"), "tmpfs", 0, NULL), 0);
	make_file(c, "m/f", "on tmpfs");
	assert_slurp(c, 0, "m/f", "on tmpfs");
	/* A kernel file system on the same place, perhaps with the device number just freed. */
	assert_int_equal(umount(path_of(c, "m")), 0);
	assert_int_equal(mount("p", path_of(c, "m"), "proc", 0, NULL), 0);
	assert_hidden_dir(c, "m", "self");
	assert_int_equal(umount(path_of(c, "m")), 0);
	assert_int_equal(mount("d", path_of(c, "m"), "devtmpfs", 0, NULL), 0);
	assert_hidden_dir(c, "m", "null");
	assert_int_equal(umount(path_of(c, "m")), 0);
	/* A part of one. */
	assert_int_equal(mount("/proc/self", path_of(c, "m"), NULL, MS_BIND, NULL), 0);
	assert_hidden_dir(c, "m", "environ");
	assert_int_equal(umount(path_of(c, "m")), 0);
	/* A file of one. */
	assert_int_equal(mount("/proc/self/environ", path_of(c, "f"), NULL, MS_BIND, NULL), 0);
	assert_slurp(c, 0, "f", "");
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.mode, S_IFREG | 0444);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY | P9_DOTL_DIRECTORY), -ENOTDIR);
	assert_int_equal(umount(path_of(c, "f")), 0);
	/* One that comes between walk and open does not come between a fid and its file. */
	assert_int_equal(walk(c, 0, 2, "g"), 0);
	assert_int_equal(mount("/proc/self/environ", path_of(c, "g"), NULL, MS_BIND, NULL), 0);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 2, 0, 100), strlen("covered"));
	assert_int_equal(umount(path_of(c, "g")), 0);
}

static void a_part_of_dev_mounted_elsewhere(void **state)
{
	struct client *c = *state, *root;
	char path[128];

	if (!may_mount)
		skip();
	make_dir(c, "m");
	make_file(c, "null", "");
	(void)mkdir("/dev/snug-test", 0755);
	if (mount("/dev/snug-test", path_of(c, "m"), NULL, MS_BIND, NULL)) {
		(void)rmdir("/dev/snug-test");
		skip();
	}
	close(open("/dev/snug-test/name", O_CREAT | O_WRONLY, 0644));
	assert_int_equal(mount("/dev/null", path_of(c, "null"), NULL, MS_BIND, NULL), 0);
	root = client_new("/");
	/* The device's file system is first seen as a file, then as a directory, then as a whole. */
	(void)snprintf(path, sizeof(path), "%s/null", c->dir + 1);
	assert_int_equal(walk(root, 0, 1, path), 0);
	(void)snprintf(path, sizeof(path), "%s/m", c->dir + 1);
	assert_hidden_dir(root, path, "name");
	assert_hidden_dir(root, "dev", "null");
	client_free(root);
	assert_int_equal(umount(path_of(c, "m")), 0);
	assert_int_equal(umount(path_of(c, "null")), 0);
	assert_int_equal(unlink("/dev/snug-test/name"), 0);
	assert_int_equal(rmdir("/dev/snug-test"), 0);
}

/* A live system or a container may have everything, /dev included, on one tmpfs. */
static void a_share_that_is_a_tmpfs(void **state)
{
	struct client *c = *state, *share;

	if (!may_mount)
		skip();
	make_dir(c, "m");
	assert_int_equal(mount("t", path_of(c, "m"), "tmpfs", 0, NULL), 0);
	make_file(c, "m/f", "visible");
	make_dir(c, "m/dev");
	assert_int_equal(mknodat(c->dir_fd, "m/dev/null", S_IFCHR | 0666, makedev(1, 3)), 0);
	share = client_new(path_of(c, "m"));
	assert_slurp(share, 0, "f", "visible");
	assert_int_equal(walk(share, 0, 1, "dev/null"), 0);
	assert_int_equal(lopen(share, 1, P9_DOTL_RDONLY), -ENXIO);
	client_free(share);
	assert_slurp(c, 0, "m/f", "visible");
	assert_int_equal(umount(path_of(c, "m")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_client, teardown_client)
		cmocka_unit_test(kernel_file_systems_are_empty),
		T(mounts_of_kernel_file_systems),
		T(a_part_of_dev_mounted_elsewhere),
		T(a_share_that_is_a_tmpfs),
#undef T
	};

	return cmocka_run_group_tests_name("p9 hidden", tests, enter_mount_namespace, NULL);
}
