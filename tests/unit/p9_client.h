/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end of the 9P server, for its tests: a temporary directory as the share, and one function per
 * request. Each returns 0 or the -errno of an Rlerror; a reply that is not one, or not of the right
 * shape, fails the test at once.
 */
#ifndef TESTS_UNIT_P9_CLIENT_H
#define TESTS_UNIT_P9_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "virtio/p9/proto.h"
#include "virtio/p9/server.h"
#include "virtio/p9/wire.h"

#define CLIENT_MSIZE 65536u
#define CLIENT_FILES 10000u /* fids, files */

#define SECRET "not in the share"

struct client {
	struct p9_server *server;
	struct p9_worker *worker;
	struct p9_export exports[4]; /* as many as the share has */
	int proc_fd;
	char dir[64]; /* the share, if it is a temporary directory */
	int dir_fd;
	uint8_t tx[CLIENT_MSIZE];
	uint8_t rx[CLIENT_MSIZE];
	size_t rx_room; /* of rx, offered for the next reply */
	struct p9_writer out;
	struct p9_reader in; /* the body of the last reply */
};

struct attr {
	struct p9_qid qid;
	uint32_t mode, uid, gid;
	uint64_t nlink, rdev, size, blksize, blocks, times[8];
};

static inline void start(struct client *c, uint8_t type)
{
	c->out = (struct p9_writer){.start = c->tx, .room = sizeof(c->tx)};
	p9_put_u32(&c->out, 0);
	p9_put_u8(&c->out, type);
	p9_put_u16(&c->out, 0x1234);
}

static inline void put_name(struct client *c, const char *name)
{
	p9_put_str(&c->out, name, strlen(name));
}

/* One request, by a worker. */
static inline size_t serve(struct p9_worker *worker, const struct iovec *request, size_t count,
			   const struct iovec *reply, size_t reply_count)
{
	return p9_worker_take(worker, request, count) ? p9_worker_serve(worker, reply, reply_count)
						      : 0;
}

/* Sends what start() and the puts after it made. */
static inline int call(struct client *c)
{
	struct iovec request = {c->tx, c->out.len}, reply = {c->rx, c->rx_room};
	uint8_t type;
	size_t n;

	assert_false(c->out.failed);
	p9_set_u32(&c->out, 0, (uint32_t)c->out.len);
	n = serve(c->worker, &request, 1, &reply, 1);
	assert_in_range(n, P9_HEAD_SIZE, c->rx_room);
	c->in = (struct p9_reader){.at = c->rx, .left = n};
	assert_int_equal(p9_get_u32(&c->in), n);
	type = p9_get_u8(&c->in);
	assert_int_equal(p9_get_u16(&c->in), 0x1234);
	if (type == P9_RLERROR) {
		int error = (int)p9_get_u32(&c->in);

		assert_int_equal(n, P9_RLERROR_SIZE);
		assert_in_range(error, 1, 4095);
		return -error;
	}
	assert_int_equal(type, c->tx[4] + 1);
	return 0;
}

/* A reply has been decoded to its end, and nothing was missing. */
static inline int end(struct client *c)
{
	assert_int_equal(p9_get_end(&c->in), 0);
	return 0;
}

static inline struct p9_qid get_qid(struct client *c)
{
	struct p9_qid qid = {.type = p9_get_u8(&c->in)};

	qid.version = p9_get_u32(&c->in);
	qid.path = p9_get_u64(&c->in);
	return qid;
}

static inline int version(struct client *c, uint32_t msize, const char *name)
{
	start(c, P9_TVERSION);
	p9_put_u32(&c->out, msize);
	put_name(c, name);
	return call(c);
}

static inline int attach(struct client *c, uint32_t fid)
{
	int r;

	start(c, P9_TATTACH);
	p9_put_u32(&c->out, fid);
	p9_put_u32(&c->out, P9_NOFID);
	put_name(c, "nobody");
	put_name(c, "");
	p9_put_u32(&c->out, ~0u);
	r = call(c);
	if (r)
		return r;
	assert_int_equal(get_qid(c).type, P9_QTDIR);
	return end(c);
}

/* Walks names separated by '/'; "" clones. *walked, if asked for, is the number of qids. */
static inline int walk_some(struct client *c, uint32_t fid, uint32_t newfid, const char *path,
			    size_t *walked, struct p9_qid *last)
{
	uint16_t count = 0;
	size_t at, n;
	int r;

	start(c, P9_TWALK);
	p9_put_u32(&c->out, fid);
	p9_put_u32(&c->out, newfid);
	at = c->out.len;
	p9_put_u16(&c->out, 0);
	while (*path) {
		size_t len = strcspn(path, "/");

		p9_put_str(&c->out, path, len);
		path += len + (path[len] == '/');
		count++;
	}
	c->tx[at] = (uint8_t)count;
	r = call(c);
	if (r)
		return r;
	n = p9_get_u16(&c->in);
	for (size_t i = 0; i < n; i++)
		*last = get_qid(c);
	*walked = n;
	end(c);
	return n == count ? 0 : 1;
}

/* 0 only if it got all the way. */
static inline int walk(struct client *c, uint32_t fid, uint32_t newfid, const char *path)
{
	struct p9_qid qid;
	size_t walked;

	return walk_some(c, fid, newfid, path, &walked, &qid);
}

/* One name, of any bytes. */
static inline int walk_bytes(struct client *c, uint32_t fid, uint32_t newfid, const char *name,
			     size_t len)
{
	start(c, P9_TWALK);
	p9_put_u32(&c->out, fid);
	p9_put_u32(&c->out, newfid);
	p9_put_u16(&c->out, 1);
	p9_put_str(&c->out, name, len);
	return call(c);
}

/* Requests of a fid, or a fid and one number. */
static inline int call_fid(struct client *c, uint8_t type, uint32_t fid)
{
	start(c, type);
	p9_put_u32(&c->out, fid);
	return call(c);
}

static inline int clunk(struct client *c, uint32_t fid)
{
	int r = call_fid(c, P9_TCLUNK, fid);

	return r ? r : end(c);
}

/* A request to change something, as Linux encodes it; file is "f" in the directory dir. */
static inline void put_change(struct client *c, uint8_t type, uint32_t dir, uint32_t file)
{
	struct p9_writer *out = &c->out;

	start(c, type);
	p9_put_u32(out, type == P9_TSETATTR || type == P9_TWRITE || type == P9_TXATTRCREATE ||
					type == P9_TRENAME
				? file
				: dir);
	switch (type) {
	case P9_TLCREATE: /* name flags mode gid */
		put_name(c, "new");
		p9_put_u32(out, P9_DOTL_CREATE | P9_DOTL_RDWR);
		p9_put_u32(out, 0644);
		p9_put_u32(out, 0);
		break;
	case P9_TSYMLINK: /* name target gid */
		put_name(c, "new");
		put_name(c, "target");
		p9_put_u32(out, 0);
		break;
	case P9_TMKNOD: /* name mode major minor gid */
		put_name(c, "new");
		p9_put_u32(out, S_IFIFO | 0666);
		p9_put_u32(out, 1);
		p9_put_u32(out, 3);
		p9_put_u32(out, 0);
		break;
	case P9_TRENAME: /* dfid name */
		p9_put_u32(out, dir);
		put_name(c, "new");
		break;
	case P9_TSETATTR: /* valid mode uid gid size atime mtime */
		p9_put_u32(out, 0xff);
		for (int i = 0; i < 3; i++)
			p9_put_u32(out, 0);
		for (int i = 0; i < 5; i++)
			p9_put_u64(out, 0);
		break;
	case P9_TXATTRCREATE: /* name size flags */
		put_name(c, "user.new");
		p9_put_u64(out, 1);
		p9_put_u32(out, 0);
		break;
	case P9_TLINK: /* fid name */
		p9_put_u32(out, file);
		put_name(c, "new");
		break;
	case P9_TMKDIR: /* name mode gid */
		put_name(c, "new");
		p9_put_u32(out, 0755);
		p9_put_u32(out, 0);
		break;
	case P9_TRENAMEAT: /* oldname newdirfid newname */
		put_name(c, "f");
		p9_put_u32(out, dir);
		put_name(c, "new");
		break;
	case P9_TUNLINKAT: /* name flags */
		put_name(c, "f");
		p9_put_u32(out, 0);
		break;
	case P9_TWRITE: /* offset count data */
		p9_put_u64(out, 0);
		p9_put_u32(out, 3);
		p9_put_u8(out, 'n');
		p9_put_u8(out, 'e');
		p9_put_u8(out, 'w');
		break;
	default:
		fail();
	}
}

static inline int lopen(struct client *c, uint32_t fid, uint32_t flags)
{
	int r;

	start(c, P9_TLOPEN);
	p9_put_u32(&c->out, fid);
	p9_put_u32(&c->out, flags);
	r = call(c);
	if (r)
		return r;
	(void)get_qid(c);
	assert_int_equal(p9_get_u32(&c->in), 0);
	return end(c);
}

static inline int getattr(struct client *c, uint32_t fid, struct attr *attr)
{
	int r;

	start(c, P9_TGETATTR);
	p9_put_u32(&c->out, fid);
	p9_put_u64(&c->out, P9_GETATTR_BASIC);
	r = call(c);
	if (r)
		return r;
	assert_int_equal(p9_get_u64(&c->in), P9_GETATTR_BASIC);
	attr->qid = get_qid(c);
	attr->mode = p9_get_u32(&c->in);
	attr->uid = p9_get_u32(&c->in);
	attr->gid = p9_get_u32(&c->in);
	attr->nlink = p9_get_u64(&c->in);
	attr->rdev = p9_get_u64(&c->in);
	attr->size = p9_get_u64(&c->in);
	attr->blksize = p9_get_u64(&c->in);
	attr->blocks = p9_get_u64(&c->in);
	for (size_t i = 0; i < 8; i++)
		attr->times[i] = p9_get_u64(&c->in);
	assert_int_equal(p9_get_u64(&c->in), 0);
	assert_int_equal(p9_get_u64(&c->in), 0);
	return end(c);
}

/* Tread or Treaddir: the count, with c->in at the data. */
static inline int read_bytes(struct client *c, uint8_t type, uint32_t fid, uint64_t offset,
			     uint32_t count)
{
	uint32_t n;
	int r;

	start(c, type);
	p9_put_u32(&c->out, fid);
	p9_put_u64(&c->out, offset);
	p9_put_u32(&c->out, count);
	r = call(c);
	if (r)
		return r;
	n = p9_get_u32(&c->in);
	assert_int_equal(n, c->in.left);
	assert_in_range(n, 0, count);
	return (int)n;
}

struct entry {
	struct p9_qid qid;
	uint64_t offset;
	uint8_t type;
	char name[256];
};

/* The next entry of an Rreaddir; false at its end. */
static inline bool next_entry(struct client *c, struct entry *entry)
{
	struct p9_str name;

	if (c->in.left == 0)
		return false;
	entry->qid = get_qid(c);
	entry->offset = p9_get_u64(&c->in);
	entry->type = p9_get_u8(&c->in);
	name = p9_get_str(&c->in);
	assert_false(c->in.failed);
	assert_in_range(name.len, 1, 255);
	memcpy(entry->name, name.bytes, name.len);
	entry->name[name.len] = 0;
	return true;
}

static inline int xattrwalk(struct client *c, uint32_t fid, uint32_t newfid, const char *name)
{
	int r;

	start(c, P9_TXATTRWALK);
	p9_put_u32(&c->out, fid);
	p9_put_u32(&c->out, newfid);
	put_name(c, name);
	r = call(c);
	if (r)
		return r;
	r = (int)p9_get_u64(&c->in);
	end(c);
	return r;
}

/* How many descriptors this process has. */
static inline size_t descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* A server for the first `count` of c->exports, with a session; root is fid 0. */
static inline void client_serve(struct client *c, size_t count, const struct p9_hides *hides)
{
	struct p9_share share = {
		.exports = c->exports,
		.export_count = count,
		.proc_fd = c->proc_fd,
		.hides = hides,
		.max_files = CLIENT_FILES,
	};
	mode_t mask = umask(022);

	assert_int_equal(p9_server_new(&c->server, &share), 0);
	(void)umask(mask); /* it is for the server to do without it; the tests' files want one */
	c->worker = p9_worker_new(c->server);
	assert_non_null(c->worker);
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
	assert_int_equal(attach(c, 0), 0);
}

static inline void client_stop(struct client *c)
{
	p9_worker_free(c->worker);
	p9_server_free(c->server);
}

/* A client without a server yet: its exports[0] is path, read-only. */
static inline struct client *client_prepare(const char *path)
{
	struct client *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->rx_room = sizeof(c->rx);
	c->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(c->dir_fd >= 0);
	c->proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(c->proc_fd >= 0);
	c->exports[0] = (struct p9_export){
		.name = "",
		.fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	return c;
}

/* A server over path, read-only, with a session; root is fid 0. */
static inline struct client *client_new(const char *path)
{
	struct client *c = client_prepare(path);

	client_serve(c, 1, NULL);
	return c;
}

static inline struct client *client_new_temporary(bool writable)
{
	char dir[] = "/tmp/snug-p9-XXXXXX";
	struct client *c;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	c = client_prepare(dir);
	c->exports[0].writable = writable;
	client_serve(c, 1, NULL);
	strcpy(c->dir, dir);
	return c;
}

/* rm(1), as a path below may be longer than a system call takes. */
static inline void remove_tree(const char *dir)
{
	char command[PATH_MAX];

	(void)snprintf(command, sizeof(command), "rm -rf --one-file-system %s", dir);
	assert_int_equal(system(command), 0);
}

static inline void client_free(struct client *c)
{
	client_stop(c);
	close(c->proc_fd);
	close(c->dir_fd);
	if (c->dir[0])
		remove_tree(c->dir);
	free(c);
}

/* cmocka fixtures: *state is a client over a temporary directory. */
static inline int setup_client(void **state)
{
	*state = client_new_temporary(false);
	return 0;
}

/* The same, writable. */
static inline int setup_writable(void **state)
{
	*state = client_new_temporary(true);
	return 0;
}

static inline int teardown_client(void **state)
{
	client_free(*state);
	return 0;
}

static inline void make_file(struct client *c, const char *name, const char *content)
{
	int fd = openat(c->dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	close(fd);
}

static inline void make_dir(struct client *c, const char *name)
{
	assert_int_equal(mkdirat(c->dir_fd, name, 0755), 0);
}

/* The client's share is "share" in its temporary directory; "outside" is beside it and holds a secret. */
static inline int setup_inner(void **state)
{
	struct client *c = client_new_temporary(false);
	char path[128];

	client_stop(c);
	make_dir(c, "share");
	make_dir(c, "outside");
	make_file(c, "outside/secret", SECRET);
	(void)snprintf(path, sizeof(path), "%s/share", c->dir);
	c->exports[0].fd = open(path, O_PATH | O_CLOEXEC);
	client_serve(c, 1, NULL);
	*state = c;
	return 0;
}

static inline uint64_t inode(struct client *c, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(c->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_ino;
}

static inline const char *path_of(struct client *c, const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", c->dir, name);
	return path;
}

static bool may_mount;

/*
 * A mount namespace of this program's own, so that nothing it mounts stays behind. Descriptors opened
 * before would still show the old one.
 */
static inline int enter_mount_namespace(void **state)
{
	(void)state;
	may_mount = unshare(CLONE_NEWNS) == 0 &&
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	if (!may_mount)
		print_message("no right to mount anything: what needs that is skipped\n");
	return 0;
}

/* Reads a whole small file as the guest would: walk, open, read, clunk. */
static inline int slurp(struct client *c, uint32_t fid, const char *path, char *data, size_t size)
{
	int r = walk(c, fid, 999, path);

	if (r)
		return r;
	r = lopen(c, 999, P9_DOTL_RDONLY);
	if (r == 0)
		r = read_bytes(c, P9_TREAD, 999, 0, (uint32_t)size - 1);
	if (r >= 0) {
		memcpy(data, c->in.at, (size_t)r);
		data[r] = 0;
	}
	assert_int_equal(clunk(c, 999), 0);
	return r;
}

#define assert_slurp(c, fid, path, expected)                                                   \
	do {                                                                                   \
		char data_[256];                                                               \
		assert_int_equal(slurp(c, fid, path, data_, sizeof(data_)), strlen(expected)); \
		assert_string_equal(data_, expected);                                          \
	} while (0)

#endif
