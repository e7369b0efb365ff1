/* SPDX-License-Identifier: Apache-2.0 */
/* 9P: what a guest makes in a writable share, and what the host finds there. */
#include "tests/unit/p9_client.h"

#include <sys/sysmacros.h>

#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "core/util.h"

static void a_new_file_is_open_and_has_its_mode(void **state)
{
	struct client *c = *state;
	struct attr attr;

	/* The umask is the guest's business, and done with. */
	assert_int_equal(walk(c, 0, 1, ""), 0);
	assert_int_equal(lcreate(c, 1, "f", P9_DOTL_RDWR | P9_DOTL_EXCL, 0666, ~0u), 0);
	assert_int_equal(twrite(c, 1, 0, "hello", 5), 5);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 1, 100), 4);
	assert_memory_equal(c->in.at, "ello", 4);
	assert_content(c, "f", "hello");
	assert_int_equal(stat_of(c, "f").st_mode, S_IFREG | 0666);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.qid.path, inode(c, "f"));
	assert_int_equal(attr.size, 5);
	/* The fid is no directory any more; what it was cloned from still is. */
	assert_int_equal(lcreate(c, 1, "g", P9_DOTL_RDWR, 0644, ~0u), -EBADF);
	assert_int_equal(walk(c, 0, 2, "f"), 0);
	assert_int_equal(lcreate(c, 2, "g", P9_DOTL_RDWR, 0644, ~0u), -ENOTDIR);
	assert_int_equal(lcreate(c, 9, "g", P9_DOTL_RDWR, 0644, ~0u), -EBADF);
	assert_false(is_there(c, "g"));
}

static void a_new_file_is_open_as_was_asked(void **state)
{
	struct client *c = *state;

	assert_int_equal(walk(c, 0, 1, ""), 0);
	assert_int_equal(lcreate(c, 1, "w", P9_DOTL_WRONLY, 0644, ~0u), 0);
	assert_int_equal(twrite(c, 1, 0, "x", 1), 1);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, 1), -EBADF);
	assert_int_equal(walk(c, 0, 2, ""), 0);
	assert_int_equal(lcreate(c, 2, "r", P9_DOTL_RDONLY, 0644, ~0u), 0);
	assert_int_equal(twrite(c, 2, 0, "x", 1), -EBADF);
	assert_int_equal(walk(c, 0, 3, ""), 0);
	assert_int_equal(lcreate(c, 3, "n", P9_DOTL_NOACCESS, 0644, ~0u), -EINVAL);
	assert_false(is_there(c, "n"));
	/* A request that fails leaves the fid as it was. */
	assert_int_equal(lcreate(c, 3, "n", P9_DOTL_RDWR, 0644, ~0u), 0);
}

static void a_file_that_is_there_is_opened(void **state)
{
	struct client *c = *state;

	make_file(c, "f", "before");
	assert_int_equal(walk(c, 0, 1, ""), 0);
	assert_int_equal(lcreate(c, 1, "f", P9_DOTL_RDWR | P9_DOTL_EXCL, 0600, ~0u), -EEXIST);
	assert_int_equal(lcreate(c, 1, "f", P9_DOTL_RDWR | P9_DOTL_EXCL | P9_DOTL_TRUNC, 0600, ~0u),
			 -EEXIST);
	assert_content(c, "f", "before");
	assert_int_equal(lcreate(c, 1, "f", P9_DOTL_RDWR | P9_DOTL_CREATE, 0600, ~0u), 0);
	assert_int_equal(twrite(c, 1, 0, "B", 1), 1);
	assert_content(c, "f", "Before");
	assert_int_equal(stat_of(c, "f").st_mode, S_IFREG | 0644);
	assert_int_equal(walk(c, 0, 2, ""), 0);
	assert_int_equal(lcreate(c, 2, "f", P9_DOTL_WRONLY | P9_DOTL_TRUNC, 0600, ~0u), 0);
	assert_content(c, "f", "");
	assert_int_equal(twrite(c, 2, 0, "after", 5), 5);
	assert_content(c, "f", "after");
	assert_int_equal(stat_of(c, "f").st_mode, S_IFREG | 0644);
}

static void what_is_in_the_way_of_a_new_file(void **state)
{
	static const struct {
		const char *name;
		int error;
	} ways[] = {{"fifo", -ENXIO},
		    {"link", -ELOOP},
		    {"dangling", -ELOOP},
		    {"d", -EISDIR},
		    {"device", -ENXIO}};
	struct client *c = *state;

	assert_int_equal(mkfifoat(c->dir_fd, "share/fifo", 0666), 0);
	assert_int_equal(symlinkat("../outside/secret", c->dir_fd, "share/link"), 0);
	assert_int_equal(symlinkat("../outside/new", c->dir_fd, "share/dangling"), 0);
	make_dir(c, "share/d");
	(void)mknodat(c->dir_fd, "share/device", S_IFCHR | 0666, makedev(1, 3));
	/* Whatever blocks here ends the test. */
	alarm(10);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "share/%s", ways[i].name);
		if (!is_there(c, name))
			continue;
		for (uint32_t mode = P9_DOTL_RDONLY; mode <= P9_DOTL_RDWR; mode++) {
			assert_int_equal(walk(c, 0, 1, ""), 0);
			assert_int_equal(
				lcreate(c, 1, ways[i].name, mode | P9_DOTL_EXCL, 0666, ~0u),
				-EEXIST);
			assert_int_equal(lcreate(c, 1, ways[i].name, mode, 0666, ~0u),
					 ways[i].error);
			assert_int_equal(
				lcreate(c, 1, ways[i].name, mode | P9_DOTL_TRUNC, 0666, ~0u),
				ways[i].error);
			assert_int_equal(clunk(c, 1), 0);
		}
	}
	alarm(0);
	assert_content(c, "outside/secret", SECRET);
	assert_false(is_there(c, "outside/new"));
}

static void a_file_without_rights_can_be_used_by_who_made_it(void **state)
{
	struct client *c = *state;
	struct attr attr;

	assert_int_equal(create(c, 1, "f", 0), 0);
	assert_int_equal(twrite(c, 1, 0, "0123456789", 10), 10);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, 100), 10);
	assert_int_equal(set_size(c, 1, 4), 0);
	assert_int_equal(tfsync(c, 1, 0), 0);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.mode, S_IFREG);
	assert_int_equal(attr.size, 4);
	assert_int_equal(set_mode(c, 1, 0600), 0);
	assert_content(c, "f", "0123");
}

/* What was created is what is written to, whatever the name is by then. */
static void a_new_file_is_never_opened_again_by_name(void **state)
{
	struct client *c = *state;
	struct attr attr;

	assert_int_equal(create(c, 1, "f", 0644), 0);
	assert_int_equal(renameat(c->dir_fd, "f", c->dir_fd, "mine"), 0);
	make_file(c, "f", "theirs");
	use_others(c);
	assert_int_equal(twrite(c, 1, 0, "mine", 4), 4);
	assert_int_equal(set_size(c, 1, 3), 0);
	assert_int_equal(set_mode(c, 1, 0600), 0);
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.qid.path, inode(c, "mine"));
	assert_content(c, "mine", "min");
	assert_int_equal(stat_of(c, "mine").st_mode, S_IFREG | 0600);
	/* By name there is another file now, and not for what asks for the first. */
	assert_int_equal(walk(c, 1, 2, ""), 0);
	assert_true(lopen(c, 2, P9_DOTL_RDWR) < 0);
	assert_int_equal(tremove(c, 2), -ESTALE);
	assert_content(c, "f", "theirs");
}

static void directories_and_links(void **state)
{
	struct client *c = *state;
	char target[64];

	assert_int_equal(tmkdir(c, 0, "d", 0777, ~0u), 0);
	assert_int_equal(stat_of(c, "d").st_mode, S_IFDIR | 0777);
	assert_int_equal(tmkdir(c, 0, "d", 0777, ~0u), -EEXIST);
	assert_int_equal(walk(c, 0, 1, "d"), 0);
	assert_int_equal(tmkdir(c, 1, "sticky", 01700, ~0u), 0);
	assert_int_equal(stat_of(c, "d/sticky").st_mode, S_IFDIR | 01700);
	/* Text, and no more to the server. */
	assert_int_equal(tsymlink(c, 1, "l", "/etc/../passwd"), 0);
	assert_int_equal(readlinkat(c->dir_fd, "d/l", target, sizeof(target)), 14);
	assert_memory_equal(target, "/etc/../passwd", 14);
	assert_int_equal(tsymlink(c, 1, "l", "other"), -EEXIST);
	assert_int_equal(tsymlink(c, 1, "e", ""), -EINVAL);
	assert_int_equal(tmkdir(c, 9, "x", 0755, ~0u), -EBADF);
	assert_int_equal(walk(c, 1, 2, "l"), 0);
	assert_int_equal(tmkdir(c, 2, "x", 0755, ~0u), -ENOTDIR);
}

static void the_longest_link_there_is(void **state)
{
	struct client *c = *state;
	char target[PATH_MAX + 1], found[PATH_MAX];

	memset(target, 't', sizeof(target));
	target[PATH_MAX] = 0;
	assert_int_equal(tsymlink(c, 0, "l", target), -ENAMETOOLONG);
	target[PATH_MAX - 1] = 0;
	assert_int_equal(tsymlink(c, 0, "l", target), 0);
	assert_int_equal(readlinkat(c->dir_fd, "l", found, sizeof(found)), PATH_MAX - 1);
	assert_memory_equal(found, target, PATH_MAX - 1);
	start(c, P9_TSYMLINK);
	p9_put_u32(&c->out, 0);
	put_name(c, "n");
	p9_put_str(&c->out, "a\0b", 3);
	p9_put_u32(&c->out, ~0u);
	assert_int_equal(call(c), -EINVAL);
	assert_false(is_there(c, "n"));
}

static void fifos_and_sockets_and_nothing_stranger(void **state)
{
	static const uint32_t refused[] = {S_IFDIR | 0777, S_IFLNK | 0777, 0150000};
	struct client *c = *state;

	alarm(10);
	assert_int_equal(tmknod(c, 0, "fifo", S_IFIFO | 0622), 0);
	assert_int_equal(stat_of(c, "fifo").st_mode, S_IFIFO | 0622);
	assert_int_equal(tmknod(c, 0, "socket", S_IFSOCK | 0700), 0);
	assert_int_equal(stat_of(c, "socket").st_mode, S_IFSOCK | 0700);
	assert_int_equal(tmknod(c, 0, "file", S_IFREG | 0640), 0);
	assert_int_equal(stat_of(c, "file").st_mode, S_IFREG | 0640);
	assert_int_equal(tmknod(c, 0, "plain", 0604), 0);
	assert_int_equal(stat_of(c, "plain").st_mode, S_IFREG | 0604);
	assert_int_equal(tmknod(c, 0, "fifo", S_IFIFO | 0666), -EEXIST);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		assert_int_equal(tmknod(c, 0, "device", refused[i]), -EPERM);
		assert_false(is_there(c, "device"));
	}
	/* They are changed and moved like others, and still not opened. */
	assert_int_equal(walk(c, 0, 1, "fifo"), 0);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDWR), -ENXIO);
	assert_int_equal(set_mode(c, 1, 0600), 0);
	assert_int_equal(set_size(c, 1, 0), -EINVAL);
	assert_int_equal(trename(c, 1, 0, "moved"), 0);
	assert_int_equal(stat_of(c, "moved").st_mode, S_IFIFO | 0600);
	assert_int_equal(tremove(c, 1), 0);
	alarm(0);
}

static void a_second_name(void **state)
{
	struct client *c = *state;
	struct attr attr;

	make_file(c, "f", "x");
	make_dir(c, "d");
	make_file(c, "there", "y");
	assert_int_equal(symlinkat("f", c->dir_fd, "l"), 0);
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(walk(c, 0, 2, "d"), 0);
	assert_int_equal(walk(c, 0, 3, "l"), 0);
	assert_int_equal(tlink(c, 2, 1, "f"), 0);
	assert_int_equal(inode(c, "d/f"), inode(c, "f"));
	assert_int_equal(getattr(c, 1, &attr), 0);
	assert_int_equal(attr.nlink, 2);
	/* Of the link itself, not of what it leads to. */
	assert_int_equal(tlink(c, 2, 3, "l"), 0);
	assert_int_equal(inode(c, "d/l"), inode(c, "l"));
	assert_int_equal(tlink(c, 0, 1, "there"), -EEXIST);
	assert_int_equal(tlink(c, 0, 2, "d2"), -EPERM);
	assert_int_equal(tlink(c, 1, 1, "x"), -ENOTDIR);
	assert_int_equal(tlink(c, 0, 9, "x"), -EBADF);
	assert_int_equal(tlink(c, 9, 1, "x"), -EBADF);
	assert_content(c, "there", "y");
}

static void names_of_any_length(void **state)
{
	struct client *c = *state;
	char name[257];

	memset(name, 'n', sizeof(name));
	name[256] = 0;
	assert_int_equal(create(c, 1, name, 0644), -ENAMETOOLONG);
	assert_int_equal(tmkdir(c, 0, name, 0755, ~0u), -ENAMETOOLONG);
	name[255] = 0;
	assert_int_equal(lcreate(c, 1, name, P9_DOTL_RDWR, 0644, ~0u), 0);
	assert_true(is_there(c, name));
	assert_int_equal(tlink(c, 0, 1, name), -EEXIST);
	name[254] = 'd';
	assert_int_equal(tmkdir(c, 0, name, 0755, ~0u), 0);
	assert_int_equal(walk(c, 0, 2, name), 0);
	assert_int_equal(tsymlink(c, 2, name, name), 0);
	assert_int_equal(trenameat(c, 2, name, 0, "short"), 0);
	assert_int_equal(trenameat(c, 0, "short", 2, name), 0);
	assert_int_equal(tunlinkat(c, 2, name, 0), 0);
	assert_int_equal(tunlinkat(c, 0, name, P9_DOTL_AT_REMOVEDIR), 0);
	assert_false(is_there(c, name));
}

/* Puts a name that is none into each request that takes one: as many bytes as the valid "new" or "f". */
static int call_with_name(struct client *c, uint8_t type, const char *valid, const char *name,
			  size_t len)
{
	size_t valid_len = strlen(valid);
	uint8_t *at;

	put_change(c, type, 0, 1);
	at = memmem(c->tx + P9_HEAD_SIZE, c->out.len - P9_HEAD_SIZE, valid, valid_len);
	assert_non_null(at);
	memmove(at + len, at + valid_len, c->out.len - (size_t)(at + valid_len - c->tx));
	memcpy(at, name, len);
	at[-2] = (uint8_t)len;
	c->out.len += len - valid_len;
	return call(c);
}

static void bad_names_are_refused_by_every_request(void **state)
{
	static const uint8_t types[] = {P9_TLCREATE, P9_TSYMLINK,  P9_TMKNOD, P9_TRENAME,
					P9_TLINK,    P9_TRENAMEAT, P9_TMKDIR};
	static const struct {
		const char *bytes;
		size_t len;
	} names[] = {{"", 0},         {".", 1},     {"..", 2},      {"/", 1},
		     {"/tmp/new", 8}, {"d/new", 5}, {"../new", 6},  {"../outside/new", 14},
		     {"d/", 2},       {"new\0", 4}, {"\0new", 4},   {"d/../new", 8},
		     {"./new", 5},    {"l/new", 5}, {"../share", 8}};
	struct client *c = *state;

	make_dir(c, "share/d");
	make_file(c, "share/f", "x");
	assert_int_equal(symlinkat("../outside", c->dir_fd, "share/l"), 0);
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		for (size_t t = 0; t < ARRAY_SIZE(types); t++)
			assert_int_equal(
				call_with_name(c, types[t], "new", names[i].bytes, names[i].len),
				-EINVAL);
		assert_int_equal(call_with_name(c, P9_TRENAMEAT, "f", names[i].bytes, names[i].len),
				 -EINVAL);
		assert_int_equal(call_with_name(c, P9_TUNLINKAT, "f", names[i].bytes, names[i].len),
				 -EINVAL);
	}
	assert_content(c, "share/f", "x");
	assert_content(c, "outside/secret", SECRET);
	assert_false(is_there(c, "outside/new"));
	assert_false(is_there(c, "new"));
	assert_false(is_there(c, "share/new"));
	assert_int_equal(stat_of(c, "share").st_nlink, 3);
}

/* fid 9 is the entry, as the guest sees it. */
static struct attr attr_of(struct client *c, const char *name)
{
	struct attr attr;

	assert_int_equal(walk(c, 0, 9, name), 0);
	assert_int_equal(getattr(c, 9, &attr), 0);
	assert_int_equal(clunk(c, 9), 0);
	return attr;
}

static void skip_without_xattrs(struct client *c)
{
	make_file(c, "probe", "");
	if (setxattr(path_of(c, "probe"), "user.x", "", 0, 0)) {
		print_message("the temporary directory's file system has no user.* attributes\n");
		skip();
	}
}

/* The host has no device, and the guest sees one that it can handle like any other file. */
static void devices_are_stood_in_for(void **state)
{
	static const uint32_t types[] = {S_IFCHR, S_IFBLK};
	struct client *c = *state;
	struct attr attr;

	skip_without_xattrs(c);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		assert_int_equal(tmknod(c, 0, "d", types[i] | 0622), 0);
		assert_int_equal(stat_of(c, "d").st_mode, S_IFREG | 0622);
		attr = attr_of(c, "d");
		assert_int_equal(attr.mode, types[i] | 0622);
		assert_int_equal(attr.rdev, makedev(1, 3));
		assert_int_equal(attr.size, 0);
		assert_int_equal(tmknod(c, 0, "d", types[i] | 0622), -EEXIST);

		assert_int_equal(walk(c, 0, 1, "d"), 0);
		assert_int_equal(lopen(c, 1, P9_DOTL_RDONLY), -ENXIO);
		assert_int_equal(xattrwalk(c, 1, 2, ""), -EOPNOTSUPP);
		assert_int_equal(set_size(c, 1, 5), -EINVAL);
		assert_int_equal(set_mode(c, 1, types[i] | 01640), 0);
		assert_int_equal(getattr(c, 1, &attr), 0);
		assert_int_equal(attr.mode, types[i] | 01640);
		assert_int_equal(attr.size | attr.blocks, 0);
		assert_int_equal(tlink(c, 0, 1, "l"), 0);
		assert_int_equal(attr_of(c, "l").mode, types[i] | 01640);
		assert_int_equal(trenameat(c, 0, "l", 0, "m"), 0);
		assert_int_equal(tunlinkat(c, 0, "d", 0), 0);
		assert_int_equal(getattr(c, 1, &attr), 0);
		assert_int_equal(attr.rdev, makedev(1, 3));
		assert_int_equal(clunk(c, 1), 0);
		assert_int_equal(attr_of(c, "m").mode, types[i] | 01640);
		assert_int_equal(tunlinkat(c, 0, "m", 0), 0);
	}
}

/* Else anybody in the guest could have one of any device. */
static void a_stand_in_is_the_servers_to_make(void **state)
{
	struct client *c = *state;
	struct client *reader;

	skip_without_xattrs(c);
	make_file(c, "f", "This file stands for a device node that a guest of snug has made.\n");
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(xattrcreate(c, 1, "user.snug.device", 5, 0), -EPERM);
	assert_int_equal(attr_of(c, "f").mode, S_IFREG | 0644);
	/* What is no proper one is a file. */
	assert_int_equal(setxattr(path_of(c, "f"), "user.snug.device", "p 1 3", 5, 0), 0);
	assert_int_equal(attr_of(c, "f").mode, S_IFREG | 0644);
	assert_int_equal(setxattr(path_of(c, "f"), "user.snug.device", "c 1", 3, 0), 0);
	assert_int_equal(attr_of(c, "f").mode, S_IFREG | 0644);
	/* In a read-only share one is a file too, and its attribute is not shown. */
	assert_int_equal(tmknod(c, 0, "d", S_IFCHR | 0644), 0);
	reader = client_new(c->dir);
	assert_int_equal(attr_of(reader, "d").mode, S_IFREG | 0644);
	assert_int_equal(walk(reader, 0, 1, "d"), 0);
	assert_int_equal(xattrwalk(reader, 1, 2, "user.snug.device"), -ENODATA);
	assert_int_equal(xattrwalk(reader, 1, 2, ""), 0);
	client_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name)     cmocka_unit_test_setup_teardown(name, setup_writable, teardown_client)
#define INNER(name) cmocka_unit_test_setup_teardown(name, setup_inner_writable, teardown_client)
#define FEW(name)   cmocka_unit_test_setup_teardown(name, setup_few_writable, teardown_client)
		T(a_new_file_is_open_and_has_its_mode),
		T(a_new_file_is_open_as_was_asked),
		T(a_file_that_is_there_is_opened),
		INNER(what_is_in_the_way_of_a_new_file),
		T(a_file_without_rights_can_be_used_by_who_made_it),
		FEW(a_new_file_is_never_opened_again_by_name),
		T(directories_and_links),
		T(the_longest_link_there_is),
		T(fifos_and_sockets_and_nothing_stranger),
		T(devices_are_stood_in_for),
		T(a_stand_in_is_the_servers_to_make),
		T(a_second_name),
		T(names_of_any_length),
		INNER(bad_names_are_refused_by_every_request),
#undef T
#undef FEW
#undef INNER
	};

	return cmocka_run_group_tests_name("p9 create", tests, NULL, NULL);
}
