/* SPDX-License-Identifier: Apache-2.0 */
/* 9P: each request and its errors, over a temporary directory. */
#include "tests/unit/p9_client.h"

#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "core/util.h"
#include "virtio/p9/request.h"

static void version_agrees_on_msize(void **state)
{
	struct client *c = *state;

	assert_int_equal(version(c, 8192, P9_VERSION), 0);
	assert_int_equal(p9_get_u32(&c->in), 8192);
	assert_int_equal(p9_get_str(&c->in).len, strlen(P9_VERSION));
	assert_int_equal(version(c, UINT32_MAX, P9_VERSION), 0);
	assert_int_equal(p9_get_u32(&c->in), P9_MSIZE_MAX);
	assert_int_equal(version(c, 4096, P9_VERSION), 0);
	assert_int_equal(version(c, 4095, P9_VERSION), -EMSGSIZE);
}

static void version_unknown_is_no_session(void **state)
{
	struct client *c = *state;
	struct p9_str name;

	assert_int_equal(version(c, 8192, "9P2000.u"), 0);
	assert_int_equal(p9_get_u32(&c->in), 8192);
	name = p9_get_str(&c->in);
	assert_int_equal(name.len, 7);
	assert_memory_equal(name.bytes, "unknown", 7);
	assert_int_equal(attach(c, 0), -EPROTO);
	assert_int_equal(clunk(c, 0), -EPROTO);
	/* A prefix, or more, is another version. */
	assert_int_equal(version(c, 8192, "9P2000."), 0);
	assert_int_equal(attach(c, 0), -EPROTO);
	assert_int_equal(version(c, 8192, "9P2000.LL"), 0);
	assert_int_equal(attach(c, 0), -EPROTO);
	assert_int_equal(version(c, 8192, P9_VERSION), 0);
	assert_int_equal(attach(c, 0), 0);
}

static void version_clunks_every_fid(void **state)
{
	struct client *c = *state;
	size_t before = descriptors();

	make_file(c, "f", "x");
	for (uint32_t fid = 1; fid <= 20; fid++) {
		assert_int_equal(walk(c, 0, fid, "f"), 0);
		assert_int_equal(lopen(c, fid, P9_DOTL_RDONLY), 0);
	}
	/* One node for the file, and a descriptor for each time it is open. */
	assert_int_equal(descriptors(), before + 1 + 20);
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
	assert_int_equal(descriptors(), before);
	assert_int_equal(clunk(c, 1), -EBADF);
	assert_int_equal(attach(c, 1), 0);
	p9_server_reset(c->server);
	assert_int_equal(clunk(c, 1), -EPROTO);
}

static void attach_and_auth(void **state)
{
	struct client *c = *state;

	assert_int_equal(attach(c, 0), -EBADF);
	assert_int_equal(attach(c, P9_NOFID), -EBADF);
	assert_int_equal(attach(c, 7), 0);
	start(c, P9_TATTACH);
	p9_put_u32(&c->out, 8);
	p9_put_u32(&c->out, 7);
	put_name(c, "root");
	put_name(c, "/etc");
	p9_put_u32(&c->out, 0);
	assert_int_equal(call(c), -EBADF);
	start(c, P9_TAUTH);
	p9_put_u32(&c->out, 8);
	put_name(c, "root");
	put_name(c, "");
	p9_put_u32(&c->out, 0);
	assert_int_equal(call(c), -EOPNOTSUPP);
}

static void walk_goes_as_far_as_it_can(void **state)
{
	struct client *c = *state;
	struct p9_qid qid, clone;
	struct attr attr;
	struct stat st;
	size_t walked;

	make_dir(c, "a");
	make_dir(c, "a/b");
	make_file(c, "a/b/f", "deep");
	assert_int_equal(walk_some(c, 0, 1, "a/b/f", &walked, &qid), 0);
	assert_int_equal(walked, 3);
	assert_int_equal(qid.type, P9_QTFILE);
	assert_int_equal(fstatat(c->dir_fd, "a/b/f", &st, 0), 0);
	assert_int_equal(qid.path, st.st_ino);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_memory_equal(&attr.qid.path, &qid.path, sizeof(qid.path));
	assert_int_equal(attr.qid.version, qid.version);

	assert_int_equal(walk_some(c, 0, 2, "a/none/f", &walked, &qid), 1);
	assert_int_equal(walked, 1);
	assert_int_equal(clunk(c, 2), -EBADF);
	assert_int_equal(walk(c, 0, 2, "none"), -ENOENT);
	assert_int_equal(walk_some(c, 0, 2, "a/b/f/g", &walked, &qid), 1);
	assert_int_equal(walked, 3);
	assert_int_equal(walk(c, 1, 2, "g"), -ENOTDIR);
	assert_int_equal(walk(c, 1, 2, ".."), -ENOTDIR);

	/* A clone, and a fid that moves. */
	assert_int_equal(walk_some(c, 1, 2, "", &walked, &clone), 0);
	assert_int_equal(walked, 0);
	assert_int_equal(walk(c, 0, 3, "a"), 0);
	assert_int_equal(walk(c, 3, 3, "b/f"), 0);
	assert_int_equal(getattr(c, 3, &attr), 0);
	assert_int_equal(attr.qid.path, st.st_ino);
	/* A walk that fails leaves the fid where it was. */
	assert_int_equal(walk(c, 0, 4, "a"), 0);
	assert_int_equal(walk(c, 4, 4, "b/none"), 1);
	assert_slurp(c, 4, "b/f", "deep");
}

static void walk_needs_the_right_fids(void **state)
{
	struct client *c = *state;

	make_file(c, "f", "x");
	assert_int_equal(walk(c, 5, 6, ""), -EBADF);
	assert_int_equal(walk(c, 0, P9_NOFID, ""), -EBADF);
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(walk(c, 0, 1, "f"), -EBADF);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	/* An open fid can be cloned, but not moved; the clone is not open. */
	assert_int_equal(walk(c, 1, 1, ""), -EBADF);
	assert_int_equal(walk(c, 1, 2, ""), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 2, 0, 1), -EBADF);
	assert_int_equal(walk(c, 0, 3, "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"), -EPROTO);
}

static void getattr_says_what_stat_says(void **state)
{
	struct client *c = *state;
	struct stat st;
	struct attr attr;

	make_file(c, "f", "0123456789");
	assert_int_equal(fchmodat(c->dir_fd, "f", 04711, 0), 0);
	assert_int_equal(linkat(c->dir_fd, "f", c->dir_fd, "g", 0), 0);
	assert_int_equal(fstatat(c->dir_fd, "f", &st, 0), 0);
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.mode, st.st_mode);
	assert_int_equal(attr.uid, st.st_uid);
	assert_int_equal(attr.gid, st.st_gid);
	assert_int_equal(attr.nlink, 2);
	assert_int_equal(attr.size, 10);
	assert_int_equal(attr.blksize, st.st_blksize);
	assert_int_equal(attr.blocks, st.st_blocks);
	assert_int_equal(attr.times[0], st.st_atim.tv_sec);
	assert_int_equal(attr.times[2], st.st_mtim.tv_sec);
	assert_int_equal(attr.times[3], st.st_mtim.tv_nsec);
	assert_int_equal(attr.times[4], st.st_ctim.tv_sec);
	assert_int_equal(attr.times[5], st.st_ctim.tv_nsec);
	assert_int_equal(attr.times[6] | attr.times[7], 0);
	assert_int_equal(getattr(c, 2, &attr), -EBADF);
}

static void qid_version_tells_of_a_change(void **state)
{
	struct client *c = *state;
	struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 2}};
	struct attr before, after;

	make_file(c, "f", "one");
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(getattr(c, 1, &before), 0);
	assert_int_equal(utimensat(c->dir_fd, "f", times, 0), 0);
	assert_int_equal(getattr(c, 1, &after), 0);
	assert_int_equal(after.times[2], 2);
	assert_int_not_equal(before.qid.version, after.qid.version);
	assert_int_equal(before.qid.path, after.qid.path);
}

static void statfs_is_the_hosts_but_for_the_type(void **state)
{
	struct client *c = *state;
	struct statvfs fs;

	assert_int_equal(fstatvfs(c->dir_fd, &fs), 0);
	assert_int_equal(call_fid(c, P9_TSTATFS, 0), 0);
	assert_int_equal(p9_get_u32(&c->in), V9FS_MAGIC);
	assert_int_equal(p9_get_u32(&c->in), fs.f_bsize);
	assert_int_equal(p9_get_u64(&c->in), fs.f_blocks);
	(void)p9_get_u64(&c->in);
	(void)p9_get_u64(&c->in);
	assert_int_equal(p9_get_u64(&c->in), fs.f_files);
	(void)p9_get_u64(&c->in);
	assert_int_equal(p9_get_u64(&c->in), fs.f_fsid);
	assert_int_equal(p9_get_u32(&c->in), fs.f_namemax);
	end(c);
	assert_int_equal(call_fid(c, P9_TSTATFS, 1), -EBADF);
}

static void readlink_gives_the_text(void **state)
{
	struct client *c = *state;
	char longest[PATH_MAX];
	struct p9_str target;

	memset(longest, 'x', sizeof(longest));
	longest[PATH_MAX - 1] = 0;
	assert_int_equal(symlinkat("/etc/../passwd", c->dir_fd, "l"), 0);
	assert_int_equal(symlinkat(longest, c->dir_fd, "long"), 0);
	assert_int_equal(walk(c, 0, 1, "l"), 0);
	assert_int_equal(call_fid(c, P9_TREADLINK, 1), 0);
	target = p9_get_str(&c->in);
	assert_int_equal(target.len, 14);
	assert_memory_equal(target.bytes, "/etc/../passwd", 14);
	end(c);
	assert_int_equal(walk(c, 0, 2, "long"), 0);
	assert_int_equal(call_fid(c, P9_TREADLINK, 2), 0);
	target = p9_get_str(&c->in);
	assert_int_equal(target.len, PATH_MAX - 1);
	assert_memory_equal(target.bytes, longest, PATH_MAX - 1);
	/* Where the guest left no room for it, that is an error and not a part of it. */
	c->rx_room = 100;
	assert_int_equal(call_fid(c, P9_TREADLINK, 2), -EMSGSIZE);
	assert_int_equal(call_fid(c, P9_TREADLINK, 1), 0);
	assert_int_equal(call_fid(c, P9_TREADLINK, 0), -EINVAL);
	assert_int_equal(call_fid(c, P9_TREADLINK, 9), -EBADF);
}

static void clunk_takes_everything_back(void **state)
{
	struct client *c = *state;
	size_t before = descriptors();

	make_dir(c, "d");
	make_dir(c, "d/e");
	make_file(c, "d/e/f", "x");
	assert_int_equal(walk(c, 0, 1, "d/e/f"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	/* The file, its two ancestors, and the open one. */
	assert_int_equal(descriptors(), before + 4);
	assert_int_equal(clunk(c, 1), 0);
	assert_int_equal(descriptors(), before);
	assert_int_equal(clunk(c, 1), -EBADF);
	/* The root's fid is one like others. */
	assert_int_equal(clunk(c, 0), 0);
	assert_int_equal(attach(c, 0), 0);
}

static void flush_is_answered(void **state)
{
	struct client *c = *state;

	start(c, P9_TFLUSH);
	p9_put_u16(&c->out, 0x4321);
	assert_int_equal(call(c), 0);
	end(c);
}

static void locks_are_the_guests_own(void **state)
{
	struct client *c = *state;

	make_file(c, "f", "x");
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	for (uint8_t type = P9_TLOCK; type <= P9_TGETLOCK; type += 2) {
		for (uint32_t fid = 1; fid <= 2; fid++) {
			start(c, type);
			p9_put_u32(&c->out, fid);
			p9_put_u8(&c->out, P9_LOCK_TYPE_RDLCK);
			if (type == P9_TLOCK)
				p9_put_u32(&c->out, 1);
			p9_put_u64(&c->out, 10);
			p9_put_u64(&c->out, 20);
			p9_put_u32(&c->out, 4242);
			put_name(c, "guest");
			assert_int_equal(call(c), fid == 1 ? 0 : -EBADF);
			if (fid == 2)
				continue;
			assert_int_equal(p9_get_u8(&c->in),
					 type == P9_TLOCK ? P9_LOCK_SUCCESS : P9_LOCK_TYPE_UNLCK);
			if (type == P9_TGETLOCK) {
				assert_int_equal(p9_get_u64(&c->in), 10);
				assert_int_equal(p9_get_u64(&c->in), 20);
				assert_int_equal(p9_get_u32(&c->in), 4242);
				assert_int_equal(p9_get_str(&c->in).len, 5);
			}
			end(c);
		}
	}
}

static void fsync_is_harmless(void **state)
{
	struct client *c = *state;

	for (uint32_t fid = 0; fid < 2; fid++) {
		start(c, P9_TFSYNC);
		p9_put_u32(&c->out, fid);
		p9_put_u32(&c->out, 1);
		assert_int_equal(call(c), fid == 0 ? 0 : -EBADF);
	}
}

static void every_change_is_refused(void **state)
{
	static const uint8_t types[] = {P9_TLCREATE,     P9_TSYMLINK, P9_TMKNOD,   P9_TRENAME,
					P9_TSETATTR,     P9_TLINK,    P9_TMKDIR,   P9_TRENAMEAT,
					P9_TXATTRCREATE, P9_TWRITE,   P9_TUNLINKAT};
	static const uint32_t flags[] = {P9_DOTL_WRONLY, P9_DOTL_RDWR, P9_DOTL_TRUNC,
					 P9_DOTL_RDWR | P9_DOTL_APPEND};
	struct client *c = *state;
	struct stat before, after;

	make_file(c, "f", "stays");
	assert_int_equal(fstatat(c->dir_fd, "f", &before, 0), 0);
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		assert_int_equal(lopen(c, 1, flags[i]), -EROFS);
	assert_int_equal(lopen(c, 1, P9_DOTL_NOACCESS), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		put_change(c, types[i], 0, 1);
		assert_int_equal(call(c), types[i] == P9_TWRITE ? -EBADF : -EROFS);
	}
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	put_change(c, P9_TWRITE, 0, 1);
	assert_int_equal(call(c), -EROFS);
	/* Tremove takes the fid with it, as it must even when it fails. */
	assert_int_equal(call_fid(c, P9_TREMOVE, 1), -EROFS);
	assert_int_equal(call_fid(c, P9_TREMOVE, 1), -EBADF);

	assert_int_equal(fstatat(c->dir_fd, "new", &after, 0), -1);
	assert_int_equal(fstatat(c->dir_fd, "f", &after, 0), 0);
	assert_int_equal(after.st_size, before.st_size);
	assert_int_equal(after.st_ctim.tv_nsec, before.st_ctim.tv_nsec);
	assert_slurp(c, 0, "f", "stays");
}

/* What p9_server_new says to a share of fd alone, which stays the caller's and is closed here. */
static int try_to_share(int fd, int proc_fd)
{
	struct p9_export export = {.name = "", .fd = fd};
	struct p9_share share = {
		.exports = &export, .export_count = 1, .proc_fd = proc_fd, .max_files = 100};
	struct p9_server *server;
	int r = p9_server_new(&server, &share);

	if (fd >= 0)
		assert_int_equal(close(fd), 0);
	return r;
}

static void what_cannot_be_shared(void **state)
{
	struct client *c = *state;
	struct p9_share nothing = {.proc_fd = c->proc_fd, .max_files = 100};
	struct p9_server *server;
	int other = open("/proc/1/fd", O_PATH);

	assert_int_equal(p9_server_new(&server, &nothing), -EINVAL);
	assert_int_equal(try_to_share(-1, c->proc_fd), -EBADF);
	assert_int_equal(symlinkat("/", c->dir_fd, "l"), 0);
	assert_int_equal(try_to_share(openat(c->dir_fd, "l", O_PATH | O_NOFOLLOW), c->proc_fd),
			 -ENOTDIR);
	assert_int_equal(try_to_share(open("/dev/null", O_PATH), c->proc_fd), -ENOTDIR);
	assert_int_equal(try_to_share(open("/proc", O_PATH), c->proc_fd), -ENOTSUP);
	/* A /proc/self/fd that is none, or another process's. */
	assert_int_equal(try_to_share(dup(c->dir_fd), c->dir_fd), -EBADF);
	assert_int_equal(try_to_share(dup(c->dir_fd), -1), -EBADF);
	if (other >= 0 && getpid() != 1)
		assert_int_equal(try_to_share(dup(c->dir_fd), other), -EBADF);
	(void)close(other);
}

static void xattrs_can_be_read(void **state)
{
	struct client *c = *state;
	char path[128], list[64];
	int n;

	make_file(c, "f", "x");
	assert_int_equal(symlinkat("f", c->dir_fd, "l"), 0);
	(void)snprintf(path, sizeof(path), "%s/f", c->dir);
	if (setxattr(path, "user.colour", "blue", 4, 0) && errno == EOPNOTSUPP) {
		print_message("the temporary directory's file system has no user.* attributes\n");
		skip();
	}
	assert_int_equal(setxattr(path, "user.empty", "", 0, 0), 0);
	/* Only root can set it; nobody in the guest shall see it. */
	(void)setxattr(path, "trusted.overlay.opaque", "y", 1, 0);
	assert_int_equal(walk(c, 0, 1, "f"), 0);

	assert_int_equal(xattrwalk(c, 1, 2, "user.colour"), 4);
	assert_int_equal(read_bytes(c, P9_TREAD, 2, 0, 100), 4);
	assert_memory_equal(c->in.at, "blue", 4);
	assert_int_equal(read_bytes(c, P9_TREAD, 2, 1, 2), 2);
	assert_memory_equal(c->in.at, "lu", 2);
	assert_int_equal(read_bytes(c, P9_TREAD, 2, 4, 100), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 2, UINT64_MAX, 100), 0);
	/* It is no file: not opened, walked, listed or asked again. */
	assert_int_equal(lopen(c, 2, P9_DOTL_RDONLY), -EBADF);
	assert_int_equal(walk(c, 2, 3, ""), -EBADF);
	assert_int_equal(read_bytes(c, P9_TREADDIR, 2, 0, 100), -EBADF);
	assert_int_equal(xattrwalk(c, 2, 3, "user.colour"), -EBADF);
	assert_int_equal(xattrwalk(c, 1, 2, "user.colour"), -EBADF);
	assert_int_equal(clunk(c, 2), 0);

	n = xattrwalk(c, 1, 2, "");
	assert_in_range(n, strlen("user.colour") + strlen("user.empty") + 2, sizeof(list));
	assert_int_equal(read_bytes(c, P9_TREAD, 2, 0, sizeof(list)), n);
	assert_null(memmem(c->in.at, (size_t)n, "trusted", 7));
	assert_non_null(memmem(c->in.at, (size_t)n, "user.colour", 12));
	assert_non_null(memmem(c->in.at, (size_t)n, "user.empty", 11));
	assert_int_equal(clunk(c, 2), 0);

	assert_int_equal(xattrwalk(c, 1, 2, "user.empty"), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 2, 0, 10), 0);
	assert_int_equal(clunk(c, 2), 0);
	assert_int_equal(xattrwalk(c, 1, 2, "user.none"), -ENODATA);
	assert_int_equal(xattrwalk(c, 1, 2, "trusted.overlay.opaque"), -ENODATA);
	assert_int_equal(xattrwalk(c, 0, 2, "user.none"), -ENODATA);
	assert_int_equal(xattrwalk(c, 9, 2, "user.none"), -EBADF);
	assert_int_equal(walk(c, 0, 3, "l"), 0);
	assert_int_equal(xattrwalk(c, 3, 2, "user.none"), -EOPNOTSUPP);
	/* Also of an open file, and then without opening it again. */
	assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), 0);
	assert_int_equal(unlinkat(c->dir_fd, "f", 0), 0);
	assert_int_equal(xattrwalk(c, 1, 2, "user.colour"), 4);
}

static void xattr_names_are_checked(void **state)
{
	struct client *c = *state;
	char name[257];

	memset(name, 'x', sizeof(name));
	memcpy(name, "user.", 5);
	start(c, P9_TXATTRWALK);
	p9_put_u32(&c->out, 0);
	p9_put_u32(&c->out, 1);
	p9_put_str(&c->out, name, 256);
	assert_int_equal(call(c), -ERANGE);
	start(c, P9_TXATTRWALK);
	p9_put_u32(&c->out, 0);
	p9_put_u32(&c->out, 1);
	p9_put_str(&c->out, "user\0x", 6);
	assert_int_equal(call(c), -EINVAL);
}

static void unknown_requests(void **state)
{
	struct client *c = *state;
	static const uint8_t known[] = {P9_TSTATFS,  P9_TLOPEN,     P9_TLCREATE,     P9_TSYMLINK,
					P9_TMKNOD,   P9_TRENAME,    P9_TREADLINK,    P9_TGETATTR,
					P9_TSETATTR, P9_TXATTRWALK, P9_TXATTRCREATE, P9_TREADDIR,
					P9_TFSYNC,   P9_TLOCK,      P9_TGETLOCK,     P9_TLINK,
					P9_TMKDIR,   P9_TRENAMEAT,  P9_TUNLINKAT,    P9_TVERSION,
					P9_TATTACH,  P9_TFLUSH,     P9_TWALK,        P9_TREAD,
					P9_TWRITE,   P9_TCLUNK,     P9_TREMOVE};

	for (unsigned int type = 0; type < 256; type++) {
		if (memchr(known, (int)type, sizeof(known)))
			continue;
		start(c, (uint8_t)type);
		assert_int_equal(call(c), -EOPNOTSUPP);
	}
}

static void little_room_for_the_reply(void **state)
{
	struct client *c = *state;
	struct iovec request = {c->tx, 0}, reply = {c->rx, 0};
	struct attr attr;

	start(c, P9_TCLUNK);
	p9_put_u32(&c->out, 77);
	p9_set_u32(&c->out, 0, (uint32_t)c->out.len);
	request.iov_len = c->out.len;
	for (size_t room = 0; room < P9_RLERROR_SIZE; room++) {
		reply.iov_len = room;
		assert_int_equal(serve(c->worker, &request, 1, &reply, 1), 0);
	}
	assert_int_equal(serve(c->worker, &request, 1, NULL, 0), 0);
	/* A request that is no head. */
	reply.iov_len = sizeof(c->rx);
	for (size_t len = 0; len < P9_HEAD_SIZE; len++) {
		request.iov_len = len;
		assert_int_equal(serve(c->worker, &request, 1, &reply, 1), 0);
	}
	for (c->rx_room = P9_RLERROR_SIZE; c->rx_room < 160; c->rx_room++)
		assert_int_equal(getattr(c, 0, &attr), -EMSGSIZE);
	c->rx_room = 160;
	assert_int_equal(getattr(c, 0, &attr), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_client, teardown_client)
		T(version_agrees_on_msize),
		T(version_unknown_is_no_session),
		T(version_clunks_every_fid),
		T(attach_and_auth),
		T(walk_goes_as_far_as_it_can),
		T(walk_needs_the_right_fids),
		T(getattr_says_what_stat_says),
		T(qid_version_tells_of_a_change),
		T(statfs_is_the_hosts_but_for_the_type),
		T(readlink_gives_the_text),
		T(clunk_takes_everything_back),
		T(flush_is_answered),
		T(locks_are_the_guests_own),
		T(fsync_is_harmless),
		T(every_change_is_refused),
		T(what_cannot_be_shared),
		T(xattrs_can_be_read),
		T(xattr_names_are_checked),
		T(unknown_requests),
		T(little_room_for_the_reply),
#undef T
	};

	return cmocka_run_group_tests_name("p9 requests", tests, NULL, NULL);
}
