/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 9P: what must hold whatever the guest asks for and whatever the host does at the same time: nothing
 * outside the share, nothing of the host kernel's own, nothing that blocks, no descriptor lost.
 */
#include "tests/unit/p9_client.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "core/util.h"
#include "virtio/p9/node.h"

#define SECRET "not in the share"

/* The client's share is "share" in its temporary directory; "outside" is beside it and holds a secret. */
static int setup_inner(void **state)
{
	struct client *c = client_new_temporary();
	char path[128];

	p9_server_free(c->server);
	make_dir(c, "share");
	make_dir(c, "outside");
	make_file(c, "outside/secret", SECRET);
	(void)snprintf(path, sizeof(path), "%s/share", c->dir);
	{
		struct p9_share share = {.root_fd = open(path, O_PATH), .read_only = true};

		assert_int_equal(p9_server_new(&c->server, &share), 0);
	}
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
	assert_int_equal(attach(c, 0), 0);
	*state = c;
	return 0;
}

static uint64_t inode(struct client *c, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(c->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_ino;
}

/* Walks from fid 0 to the qid path of where it ends. */
static uint64_t walk_to(struct client *c, const char *path)
{
	struct p9_qid qid = {0};
	size_t walked;

	assert_int_equal(walk_some(c, 0, 900, path, &walked, &qid), 0);
	assert_int_equal(clunk(c, 900), 0);
	return qid.path;
}

static void bad_names_are_refused(void **state)
{
	struct client *c = *state;
	char longest[256];

	make_dir(c, "share/d");
	make_file(c, "share/d/f", "x");
	assert_int_equal(walk_bytes(c, 0, 1, "", 0), -EINVAL);
	assert_int_equal(walk_bytes(c, 0, 1, ".", 1), -EINVAL);
	assert_int_equal(walk_bytes(c, 0, 1, "/", 1), -EINVAL);
	assert_int_equal(walk_bytes(c, 0, 1, "d/f", 3), -EINVAL);
	assert_int_equal(walk_bytes(c, 0, 1, "d/", 2), -EINVAL);
	assert_int_equal(walk_bytes(c, 0, 1, "/etc", 4), -EINVAL);
	assert_int_equal(walk_bytes(c, 0, 1, "../outside", 10), -EINVAL);
	assert_int_equal(walk_bytes(c, 0, 1, "d\0", 2), -EINVAL);
	assert_int_equal(walk_bytes(c, 0, 1, "\0d", 2), -EINVAL);
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(walk_bytes(c, 0, 1, longest, 256), -ENAMETOOLONG);
	assert_int_equal(walk_bytes(c, 0, 1, longest, 255), -ENOENT);
	assert_int_equal(walk_bytes(c, 0, 1, "...", 3), -ENOENT);
	assert_int_equal(walk_bytes(c, 0, 1, "d", 1), 0);
}

/* Behind the check of names stands the kernel: what got past it would still not leave the directory. */
static void the_kernel_refuses_them_too(void **state)
{
	struct client *c = *state;
	int fd = openat(c->dir_fd, "share", O_PATH);

	make_dir(c, "share/d");
	make_file(c, "share/d/f", "x");
	assert_int_equal(symlinkat("d", c->dir_fd, "share/l"), 0);
	assert_int_equal(symlinkat("/etc", c->dir_fd, "share/etc"), 0);
	assert_int_equal(p9_fs_lookup(fd, ".."), -EXDEV);
	assert_int_equal(p9_fs_lookup(fd, "../outside"), -EXDEV);
	assert_int_equal(p9_fs_lookup(fd, "/etc/passwd"), -EXDEV);
	assert_int_equal(p9_fs_lookup(fd, "l/f"), -ELOOP);
	assert_int_equal(p9_fs_open_file(fd, "etc/passwd"), -ELOOP);
	assert_int_equal(p9_fs_open_file(fd, "l"), -ELOOP);
	close(fd);
}

static void dot_dot_stops_at_the_root(void **state)
{
	struct client *c = *state;
	uint64_t root = inode(c, "share");

	make_dir(c, "share/a");
	make_dir(c, "share/a/b");
	assert_int_equal(walk_to(c, ".."), root);
	assert_int_equal(walk_to(c, "../../../.."), root);
	assert_int_equal(walk_to(c, "a/.."), root);
	assert_int_equal(walk_to(c, "a/b/../../.."), root);
	assert_int_equal(walk_to(c, "a/b/.."), inode(c, "share/a"));
	assert_int_equal(walk_to(c, "../a/../a/b"), inode(c, "share/a/b"));
	assert_int_equal(walk(c, 0, 1, "../outside"), 1);
}

static void dot_dot_survives_a_move_by_the_host(void **state)
{
	struct client *c = *state;
	struct p9_qid qid;
	size_t walked;

	make_dir(c, "share/a");
	make_dir(c, "share/a/b");
	assert_int_equal(walk(c, 0, 1, "a/b"), 0);
	assert_int_equal(renameat(c->dir_fd, "share/a", c->dir_fd, "outside/a"), 0);
	assert_int_equal(walk_some(c, 1, 2, "../..", &walked, &qid), 0);
	assert_int_equal(qid.path, inode(c, "share"));
	assert_int_equal(walk(c, 1, 3, "../../secret"), 1);
	assert_int_equal(walk(c, 1, 3, "../../../outside"), 1);
}

/* A host that never rests: does and undoes, until told to stop. */
struct host {
	struct client *c;
	const char *from, *to;
	unsigned int flags;
	atomic_bool stop;
	pthread_t thread;
};

static void *keep_renaming(void *arg)
{
	struct host *host = arg;

	while (!host->stop) {
		(void)renameat2(host->c->dir_fd, host->from, host->c->dir_fd, host->to,
				host->flags);
		(void)renameat2(host->c->dir_fd, host->to, host->c->dir_fd, host->from,
				host->flags);
	}
	return NULL;
}

static void host_starts(struct host *host)
{
	assert_int_equal(pthread_create(&host->thread, NULL, keep_renaming, host), 0);
}

static void host_stops(struct host *host)
{
	host->stop = true;
	pthread_join(host->thread, NULL);
}

#define RACES 20000

static void dot_dot_never_escapes_a_busy_host(void **state)
{
	struct client *c = *state;
	struct host host = {.c = c, .from = "share/a/b", .to = "outside/b"};
	uint64_t outside = inode(c, "outside"), top;
	struct stat st;

	assert_int_equal(fstat(c->dir_fd, &st), 0);
	top = st.st_ino;
	make_dir(c, "share/a");
	make_dir(c, "share/a/b");
	host_starts(&host);
	for (int i = 0; i < RACES; i++) {
		struct p9_qid qid;
		size_t walked;
		int r = walk_some(c, 0, 1, "a/b/../../..", &walked, &qid);

		assert_true(r == 0 || r == 1 || r == -ENOENT);
		if (r == 0) {
			assert_int_not_equal(qid.path, outside);
			assert_int_not_equal(qid.path, top);
			assert_int_equal(clunk(c, 1), 0);
		}
	}
	host_stops(&host);
}

static void symlinks_are_never_followed(void **state)
{
	struct client *c = *state;
	struct attr attr;

	assert_int_equal(symlinkat("../outside", c->dir_fd, "share/dir"), 0);
	assert_int_equal(symlinkat("../outside/secret", c->dir_fd, "share/file"), 0);
	assert_int_equal(symlinkat("/etc", c->dir_fd, "share/etc"), 0);
	assert_int_equal(symlinkat(".", c->dir_fd, "share/self"), 0);
	assert_int_equal(walk(c, 0, 1, "dir/secret"), 1);
	assert_int_equal(walk(c, 0, 1, "etc/passwd"), 1);
	assert_int_equal(walk(c, 0, 1, "self/dir"), 1);
	assert_int_equal(walk(c, 0, 1, "file"), 0);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_true(S_ISLNK(attr.mode));
	assert_int_equal(attr.qid.type, P9_QTSYMLINK);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), -ELOOP);
	assert_int_equal(walk(c, 0, 2, "dir"), 0);
	assert_int_equal(walk(c, 2, 3, "secret"), -ENOTDIR);
	assert_int_equal(walk(c, 2, 3, ".."), -ENOTDIR);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY | P9_DOTL_DIRECTORY), -ENOTDIR);
}

/* The guest reads path while the host exchanges it with other, a way out of the share. */
static void race_for_secret(struct client *c, const char *path, const char *from, const char *to)
{
	struct host host = {.c = c, .from = from, .to = to, .flags = RENAME_EXCHANGE};
	char data[64];
	int reads = 0;

	/* Whatever blocks here ends the test. */
	alarm(120);
	host_starts(&host);
	for (int i = 0; i < RACES; i++) {
		int r = slurp(c, 0, path, data, sizeof(data));

		if (r > 0) {
			assert_string_equal(data, "harmless");
			reads++;
		} else {
			assert_true(r == 1 || r == -ENOENT || r == -ESTALE || r == -ELOOP ||
				    r == -ENOTDIR || r == -ENXIO);
		}
	}
	host_stops(&host);
	alarm(0);
	assert_true(reads > 0);
}

static void a_file_that_becomes_a_symlink(void **state)
{
	struct client *c = *state;

	make_file(c, "share/f", "harmless");
	assert_int_equal(symlinkat("../outside/secret", c->dir_fd, "share/l"), 0);
	race_for_secret(c, "f", "share/f", "share/l");
}

static void a_directory_that_becomes_a_symlink(void **state)
{
	struct client *c = *state;

	make_dir(c, "share/d");
	make_file(c, "share/d/secret", "harmless");
	assert_int_equal(symlinkat("../outside", c->dir_fd, "share/l"), 0);
	race_for_secret(c, "d/secret", "share/d", "share/l");
}

static void a_file_that_becomes_a_fifo(void **state)
{
	struct client *c = *state;

	make_file(c, "share/f", "harmless");
	assert_int_equal(mkfifoat(c->dir_fd, "share/p", 0666), 0);
	race_for_secret(c, "f", "share/f", "share/p");
}

static void make_socket(struct client *c, const char *name)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", c->dir, name);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
}

static void special_files_are_not_opened(void **state)
{
	struct client *c = *state;
	static const char *const names[] = {"fifo", "socket", "device"};
	struct attr attr;

	assert_int_equal(mkfifoat(c->dir_fd, "share/fifo", 0666), 0);
	make_socket(c, "share/socket");
	if (mknodat(c->dir_fd, "share/device", S_IFCHR | 0666, makedev(1, 3)))
		print_message("no right to make a device node: not tested with one\n");
	/* Whatever blocks here ends the test. */
	alarm(10);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (walk(c, 0, 1, names[i]))
			continue;
		assert_int_equal(getattr(c, 1, &attr), 0);
		assert_int_equal(attr.qid.type, P9_QTFILE);
		assert_false(S_ISREG(attr.mode));
		assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), -ENXIO);
		assert_int_equal(xattrwalk(c, 1, 2, "user.x"), -EOPNOTSUPP);
		assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, 1), -EBADF);
		assert_int_equal(clunk(c, 1), 0);
	}
	alarm(0);
}

static void a_file_replaced_by_a_fifo(void **state)
{
	struct client *c = *state;

	make_file(c, "share/f", "x");
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(unlinkat(c->dir_fd, "share/f", 0), 0);
	assert_int_equal(mkfifoat(c->dir_fd, "share/f", 0666), 0);
	alarm(10);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), -ESTALE);
	alarm(0);
}

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

static void a_share_on_a_kernel_file_system_is_empty(void **state)
{
	struct client *c = client_new("/proc");
	struct attr attr;

	(void)state;
	assert_int_equal(walk(c, 0, 1, "self"), -ENOENT);
	assert_int_equal(getattr(c, 0, &attr), 0);
	assert_int_equal(attr.mode, S_IFDIR | 0555);
	assert_int_equal(lopen(c, 0, P9_DOTL_RDONLY), 0);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 0, 0, 1000), 51);
	client_free(c);
}

static bool may_mount;

/*
 * A mount namespace of this program's own, so that nothing it mounts stays behind. Descriptors opened
 * before would still show the old one.
 */
static int enter_mount_namespace(void **state)
{
	(void)state;
	may_mount = unshare(CLONE_NEWNS) == 0 &&
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	if (!may_mount)
		print_message("no right to mount anything: what needs that is skipped\n");
	return 0;
}

static const char *path_of(struct client *c, const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", c->dir, name);
	return path;
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
	/* One that comes between walk and open. */
	assert_int_equal(walk(c, 0, 2, "g"), 0);
	assert_int_equal(mount("/proc/self/environ", path_of(c, "g"), NULL, MS_BIND, NULL), 0);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), -ESTALE);
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

/* A server that may have 16 descriptors. */
static int setup_few(void **state)
{
	struct rlimit limit, few;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = (struct rlimit){.rlim_cur = 64 + 16, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	*state = client_new_temporary();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return 0;
}

static void more_files_than_descriptors(void **state)
{
	struct client *c = *state;
	size_t before = descriptors();
	struct attr attr;
	char name[16];
	uint32_t open = 0;
	int r;

	for (uint32_t i = 1; i <= 200; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		make_file(c, name, name);
		assert_int_equal(walk(c, 0, i, name), 0);
	}
	assert_in_range(descriptors(), before, before + 15);
	for (uint32_t i = 1; i <= 200; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		assert_int_equal(getattr(c, i, &attr), 0);
		assert_int_equal(attr.qid.path, inode(c, name));
	}
	do
		r = lopen(c, ++open, P9_DOTL_RDONLY);
	while (r == 0);
	assert_int_equal(r, -EMFILE);
	assert_in_range(open, 12, 16);
	assert_in_range(descriptors(), before, before + 15);
	for (uint32_t i = 1; i < open; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		assert_int_equal(read_bytes(c, P9_TREAD, i, 0, 100), strlen(name));
		assert_memory_equal(c->in.at, name, strlen(name));
	}
	assert_int_equal(clunk(c, 1), 0);
	assert_int_equal(lopen(c, open, P9_DOTL_RDONLY), 0);
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
	assert_int_equal(descriptors(), before);
}

/* Makes the server close what it has not used for long: everything but what is used here. */
static void use_others(struct client *c)
{
	char name[16];

	for (uint32_t i = 0; i < 16; i++) {
		(void)snprintf(name, sizeof(name), "other%u", i);
		make_file(c, name, "");
		assert_int_equal(walk(c, 0, 700 + i, name), 0);
	}
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(clunk(c, 700 + i), 0);
}

static void deep_directories_are_found_again(void **state)
{
	struct client *c = *state;
	int at = dup(c->dir_fd);
	struct attr attr;
	uint64_t ino = 0;
	struct stat st;

	assert_int_equal(walk(c, 0, 1, ""), 0);
	for (int i = 0; i < 100; i++) {
		int down;

		assert_int_equal(mkdirat(at, "d", 0755), 0);
		down = openat(at, "d", O_RDONLY);
		close(at);
		at = down;
		assert_int_equal(fstat(at, &st), 0);
		ino = st.st_ino;
		assert_int_equal(walk(c, 1, 1, "d"), 0);
	}
	close(at);
	use_others(c);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.qid.path, ino);
	use_others(c);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 1, 0, 100), 51);
}

static void a_file_closed_meanwhile_must_be_the_same(void **state)
{
	struct client *c = *state;
	struct attr attr;

	make_file(c, "gone", "x");
	make_file(c, "replaced", "x");
	make_file(c, "new", SECRET);
	make_file(c, "linked", "x");
	assert_int_equal(walk(c, 0, 1, "gone"), 0);
	assert_int_equal(walk(c, 0, 2, "replaced"), 0);
	assert_int_equal(walk(c, 0, 3, "linked"), 0);
	use_others(c);
	assert_int_equal(unlinkat(c->dir_fd, "gone", 0), 0);
	assert_int_equal(renameat(c->dir_fd, "new", c->dir_fd, "replaced"), 0);
	assert_int_equal(unlinkat(c->dir_fd, "linked", 0), 0);
	assert_int_equal(symlinkat("replaced", c->dir_fd, "linked"), 0);
	assert_int_equal(getattr(c, 1, &attr), -ENOENT);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), -ENOENT);
	assert_int_equal(getattr(c, 2, &attr), -ESTALE);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), -ESTALE);
	assert_int_equal(getattr(c, 3, &attr), -ESTALE);
	assert_true(lopen(c, 3, P9_DOTL_RDONLY) < 0);
}

static void a_file_closed_meanwhile_is_still_open(void **state)
{
	struct client *c = *state;
	struct attr attr;

	make_file(c, "f", "x");
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	use_others(c);
	assert_int_equal(unlinkat(c->dir_fd, "f", 0), 0);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.nlink, 0);
	assert_int_equal(call_fid(c, P9_TSTATFS, 1), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, 10), 1);
}

static void a_directory_covered_meanwhile(void **state)
{
	struct client *c = *state;
	struct attr attr;

	if (!may_mount)
		skip();
	make_dir(c, "d");
	make_file(c, "d/version", "harmless");
	assert_int_equal(walk(c, 0, 1, "d"), 0);
	assert_int_equal(walk(c, 0, 2, "d/version"), 0);
	use_others(c);
	assert_int_equal(mount("p", path_of(c, "d"), "proc", 0, NULL), 0);
	assert_int_equal(getattr(c, 1, &attr), -ESTALE);
	assert_int_equal(walk(c, 1, 3, "version"), -ESTALE);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), -ESTALE);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), -ESTALE);
	assert_int_equal(umount(path_of(c, "d")), 0);
	assert_slurp(c, 1, "version", "harmless");
}

static void a_process_out_of_descriptors(void **state)
{
	struct client *c = *state;
	struct rlimit limit, none;
	int lowest = dup(0);

	assert_true(lowest >= 0);
	make_file(c, "f", "x");
	make_file(c, "g", "x");
	make_file(c, "h", "x");
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(walk(c, 0, 2, "g"), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	close(lowest);
	/* Not one descriptor more for anybody. */
	none = (struct rlimit){.rlim_cur = (rlim_t)lowest, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	{
		int walked = walk(c, 0, 3, "h"), opened = lopen(c, 2, P9_DOTL_RDONLY);

		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		/* What it closes to go on is numbered above the limit: it stays without. */
		assert_int_equal(walked, -EMFILE);
		assert_int_equal(opened, -EMFILE);
	}
	assert_int_equal(walk(c, 0, 3, "h"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), 0);
}

static void closes_others_when_the_process_runs_out(void **state)
{
	struct client *c = *state;
	struct rlimit limit, none;
	struct attr attr;
	int walked, highest;
	char name[16];

	for (uint32_t i = 1; i <= 50; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		make_file(c, name, "x");
		assert_int_equal(walk(c, 0, i, name), 0);
	}
	highest = dup(0);
	close(highest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){.rlim_cur = (rlim_t)highest, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	walked = walk(c, 0, 51, "1");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(walked, 0);
	for (uint32_t i = 1; i <= 51; i++)
		assert_int_equal(getattr(c, i, &attr), 0);
}

static void descriptors_stay_flat_over_errors(void **state)
{
	struct client *c = *state;
	size_t before;

	make_dir(c, "share/d");
	make_file(c, "share/d/f", "x");
	make_file(c, "share/replaced", "x");
	make_file(c, "outside/new", "y");
	assert_int_equal(mkfifoat(c->dir_fd, "share/p", 0666), 0);
	assert_int_equal(symlinkat("d", c->dir_fd, "share/l"), 0);
	assert_int_equal(walk(c, 0, 1, "d/f"), 0);
	assert_int_equal(walk(c, 0, 2, "p"), 0);
	assert_int_equal(walk(c, 0, 3, "replaced"), 0);
	assert_int_equal(renameat(c->dir_fd, "outside/new", c->dir_fd, "share/replaced"), 0);
	before = descriptors();
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(walk(c, 0, 9, "none"), -ENOENT);
		assert_int_equal(walk(c, 0, 9, "d/none"), 1);
		assert_int_equal(walk(c, 0, 9, "d/f/none"), 1);
		assert_int_equal(walk(c, 0, 9, "l/f"), 1);
		assert_int_equal(walk(c, 0, 9, "d/../d/../d/./f"), 1);
		assert_int_equal(walk(c, 0, 1, "d"), -EBADF);
		assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), -ENXIO);
		assert_int_equal(lopen(c, 3, P9_DOTL_RDONLY), -ESTALE);
		assert_int_equal(lopen(c, 1, P9_DOTL_RDWR), -EROFS);
		assert_true(xattrwalk(c, 1, 9, "user.none") < 0);
		assert_true(xattrwalk(c, 1, 2, "") < 0);
		assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, 10), -EBADF);
	}
	assert_int_equal(descriptors(), before);
}

static void nodes_are_bounded(void **state)
{
	struct client *c = *state;
	struct p9_nodes nodes;
	struct p9_node *a, *b;
	struct statx stx;

	make_dir(c, "share/d");
	make_dir(c, "share/d/e");
	assert_int_equal(p9_nodes_init(&nodes, dup(c->dir_fd), 16), 0);
	nodes.max = 3;
	assert_int_equal(p9_node_child(&nodes, nodes.root, "share", &a, &stx), 0);
	assert_int_equal(p9_node_child(&nodes, a, "d", &b, &stx), 0);
	p9_node_put(&nodes, a);
	/* The parent lives as long as its child. */
	assert_int_equal(p9_node_child(&nodes, b, "e", &a, &stx), -ENFILE);
	p9_node_put(&nodes, b);
	assert_int_equal(nodes.count, 1);
	assert_int_equal(nodes.descriptors, 1);
	p9_nodes_destroy(&nodes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name)     cmocka_unit_test_setup_teardown(name, setup_client, teardown_client)
#define INNER(name) cmocka_unit_test_setup_teardown(name, setup_inner, teardown_client)
#define FEW(name)   cmocka_unit_test_setup_teardown(name, setup_few, teardown_client)
		INNER(bad_names_are_refused),
		INNER(the_kernel_refuses_them_too),
		INNER(dot_dot_stops_at_the_root),
		INNER(dot_dot_survives_a_move_by_the_host),
		INNER(dot_dot_never_escapes_a_busy_host),
		INNER(symlinks_are_never_followed),
		INNER(a_file_that_becomes_a_symlink),
		INNER(a_directory_that_becomes_a_symlink),
		INNER(a_file_that_becomes_a_fifo),
		INNER(special_files_are_not_opened),
		INNER(a_file_replaced_by_a_fifo),
		cmocka_unit_test(kernel_file_systems_are_empty),
		cmocka_unit_test(a_share_on_a_kernel_file_system_is_empty),
		T(mounts_of_kernel_file_systems),
		T(a_part_of_dev_mounted_elsewhere),
		T(a_share_that_is_a_tmpfs),
		FEW(more_files_than_descriptors),
		FEW(deep_directories_are_found_again),
		FEW(a_file_closed_meanwhile_must_be_the_same),
		FEW(a_file_closed_meanwhile_is_still_open),
		FEW(a_directory_covered_meanwhile),
		T(a_process_out_of_descriptors),
		T(closes_others_when_the_process_runs_out),
		INNER(descriptors_stay_flat_over_errors),
		INNER(nodes_are_bounded),
#undef T
#undef INNER
#undef FEW
	};

	return cmocka_run_group_tests_name("p9 share", tests, enter_mount_namespace, NULL);
}
