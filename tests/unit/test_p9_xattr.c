/* SPDX-License-Identifier: Apache-2.0 */
/* 9P: extended attributes that a guest sets. */
#include "tests/unit/p9_client.h"

#include <malloc.h>
#include <sys/xattr.h>

#include "core/util.h"
#include "virtio/p9/fid.h"

#define VALUE_MAX 65536u /* XATTR_SIZE_MAX */

static bool have_user_attributes;

/* "f" in a file system that has user.* attributes, if there is one. */
static int setup_xattr(void **state)
{
	int r = setup_writable(state);
	struct client *c = *state;

	make_file(c, "f", "x");
	have_user_attributes = setxattr(path_of(c, "f"), "user.probe", "", 0, 0) == 0;
	(void)removexattr(path_of(c, "f"), "user.probe");
	return r;
}

#define need_attributes()                                                                          \
	do {                                                                                       \
		if (!have_user_attributes)                                                         \
			skip_because(                                                              \
				"the temporary directory's file system has no user.* attributes"); \
	} while (0)

/* Sets an attribute of "f" as Linux does: what Tclunk answers, or whatever went wrong before. */
static int set(struct client *c, const char *name, const char *value, uint32_t flags)
{
	uint32_t size = (uint32_t)strlen(value);
	int r;

	assert_int_equal(walk(c, 0, 5, "f"), 0);
	r = xattrcreate(c, 5, name, size, flags);
	if (r) {
		assert_int_equal(clunk(c, 5), 0);
		return r;
	}
	if (size)
		assert_int_equal(twrite(c, 5, 0, value, size), size);
	return clunk(c, 5);
}

static void assert_attribute(struct client *c, const char *name, const char *expected)
{
	char value[256];
	ssize_t n = getxattr(path_of(c, "f"), name, value, sizeof(value));

	assert_int_equal(n, strlen(expected));
	assert_memory_equal(value, expected, (size_t)n);
}

static void attributes_are_made_replaced_and_removed(void **state)
{
	struct client *c = *state;

	need_attributes();
	assert_int_equal(set(c, "user.a", "one", 0), 0);
	assert_attribute(c, "user.a", "one");
	assert_int_equal(set(c, "user.a", "longer", 0), 0);
	assert_attribute(c, "user.a", "longer");
	assert_int_equal(set(c, "user.a", "x", XATTR_CREATE), -EEXIST);
	assert_int_equal(set(c, "user.b", "x", XATTR_REPLACE), -ENODATA);
	assert_attribute(c, "user.a", "longer");
	assert_int_equal(set(c, "user.b", "two", XATTR_CREATE), 0);
	assert_int_equal(set(c, "user.b", "2", XATTR_REPLACE), 0);
	assert_attribute(c, "user.b", "2");
	/* An empty value is one; but to replace one by it is to remove it. */
	assert_int_equal(set(c, "user.empty", "", 0), 0);
	assert_attribute(c, "user.empty", "");
	assert_int_equal(set(c, "user.a", "", XATTR_REPLACE), 0);
	assert_int_equal(getxattr(path_of(c, "f"), "user.a", NULL, 0), -1);
	assert_int_equal(errno, ENODATA);
	assert_int_equal(set(c, "user.a", "", XATTR_REPLACE), -ENODATA);
	assert_int_equal(set(c, "user.c", "x", 4), -EINVAL);
	/* Read back by the guest. */
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(xattrwalk(c, 1, 2, "user.b"), 1);
	assert_int_equal(read_bytes(c, P9_TREAD, 2, 0, 100), 1);
	assert_int_equal(c->in.at[0], '2');
	/* Of a directory, and of a file nobody may read. */
	assert_int_equal(walk(c, 0, 3, ""), 0);
	assert_int_equal(xattrcreate(c, 3, "user.d", 0, 0), 0);
	assert_int_equal(clunk(c, 3), 0);
	assert_int_equal(fchmodat(c->dir_fd, "f", 0200, 0), 0);
	assert_int_equal(set(c, "user.w", "yes", 0), 0);
	assert_int_equal(fchmodat(c->dir_fd, "f", 0644, 0), 0);
	assert_attribute(c, "user.w", "yes");
}

static void a_value_in_pieces(void **state)
{
	struct client *c = *state;

	need_attributes();
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(xattrcreate(c, 1, "user.a", 6, 0), 0);
	assert_int_equal(twrite(c, 1, 0, "ab", 2), 2);
	assert_int_equal(twrite(c, 1, 2, "", 0), 0);
	/* In order, without gaps, and no more than was said. */
	assert_int_equal(twrite(c, 1, 0, "xy", 2), -ENOSPC);
	assert_int_equal(twrite(c, 1, 3, "d", 1), -ENOSPC);
	assert_int_equal(twrite(c, 1, UINT64_MAX, "d", 1), -ENOSPC);
	assert_int_equal(twrite(c, 1, 2, "cdefg", 5), -ENOSPC);
	assert_int_equal(twrite(c, 1, 2, "c", 1), 1);
	assert_int_equal(twrite(c, 1, 3, "def", 3), 3);
	assert_int_equal(twrite(c, 1, 6, "g", 1), -ENOSPC);
	assert_int_equal(clunk(c, 1), 0);
	assert_attribute(c, "user.a", "abcdef");
}

static void a_value_that_is_not_complete(void **state)
{
	struct client *c = *state;

	need_attributes();
	assert_int_equal(set(c, "user.a", "before", 0), 0);
	for (uint32_t written = 0; written < 6; written++) {
		assert_int_equal(walk(c, 0, 1, "f"), 0);
		assert_int_equal(xattrcreate(c, 1, "user.a", 6, 0), 0);
		assert_int_equal(twrite(c, 1, 0, "nothing", written), written);
		assert_int_equal(clunk(c, 1), -EINVAL);
		assert_int_equal(clunk(c, 1), -EBADF);
		assert_attribute(c, "user.a", "before");
	}
	/* Nor is it set by the end of the session. */
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(xattrcreate(c, 1, "user.a", 1, 0), 0);
	assert_int_equal(twrite(c, 1, 0, "x", 1), 1);
	assert_int_equal(version(c, CLIENT_MSIZE, P9_VERSION), 0);
	assert_attribute(c, "user.a", "before");
}

/* What a fid of that kind is not good for. */
static void the_fid_of_a_value_is_no_file(void **state)
{
	struct client *c = *state;

	need_attributes();
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(xattrcreate(c, 1, "user.a", 1, 0), 0);
	assert_int_equal(read_bytes(c, P9_TREAD, 1, 0, 10), -EBADF);
	assert_int_equal(lopen(c, 1, P9_DOTL_RDWR), -EBADF);
	assert_int_equal(walk(c, 1, 2, ""), -EBADF);
	assert_int_equal(xattrcreate(c, 1, "user.b", 1, 0), -EBADF);
	assert_int_equal(xattrwalk(c, 1, 2, ""), -EBADF);
	assert_int_equal(set_size(c, 1, 0), -EBADF);
	assert_int_equal(tfsync(c, 1, 0), -EBADF);
	assert_int_equal(tlink(c, 0, 1, "g"), -EBADF);
	assert_int_equal(clunk(c, 1), -EINVAL);
	/* One that is read is not written. */
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_true(xattrwalk(c, 1, 2, "") >= 0);
	assert_int_equal(twrite(c, 2, 0, "x", 1), -EBADF);
	assert_int_equal(xattrcreate(c, 2, "user.a", 1, 0), -EBADF);
	/* An open file keeps being one. */
	assert_int_equal(lopen(c, 1, P9_DOTL_RDWR), 0);
	assert_int_equal(xattrcreate(c, 1, "user.a", 1, 0), -EBADF);
	assert_content(c, "f", "x");
}

static void names_that_are_not_the_guests(void **state)
{
	static const char *const names[] = {"security.capability",
					    "security.selinux",
					    "trusted.overlay.opaque",
					    "trusted.x",
					    "system.posix_acl_access",
					    "",
					    "user",
					    "USER.x",
					    "other.x"};
	struct client *c = *state;
	char name[257];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(set(c, names[i], "", 0), -EOPNOTSUPP);
	memset(name, 'x', sizeof(name));
	memcpy(name, "user.", 5);
	name[256] = 0;
	assert_int_equal(set(c, name, "", 0), -ERANGE);
	assert_true(listxattr(path_of(c, "f"), NULL, 0) <= 40);
	/* What has none: a link, a FIFO. */
	assert_int_equal(symlinkat("f", c->dir_fd, "l"), 0);
	assert_int_equal(mkfifoat(c->dir_fd, "p", 0666), 0);
	alarm(10);
	assert_int_equal(walk(c, 0, 1, "l"), 0);
	assert_int_equal(xattrcreate(c, 1, "user.a", 0, 0), -EOPNOTSUPP);
	assert_int_equal(walk(c, 0, 2, "p"), 0);
	assert_int_equal(xattrcreate(c, 2, "user.a", 0, 0), -EOPNOTSUPP);
	alarm(0);
}

static void the_list_has_what_may_be_read(void **state)
{
	struct client *c = *state;
	char list[256];
	int n;

	need_attributes();
	assert_int_equal(set(c, "user.a", "1", 0), 0);
	assert_int_equal(set(c, "user.b", "2", 0), 0);
	if (setxattr(path_of(c, "f"), "trusted.t", "y", 1, 0) ||
	    setxattr(path_of(c, "f"), "security.s", "y", 1, 0))
		skip_because("no right to set trusted.* and security.*");
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	n = xattrwalk(c, 1, 2, "");
	assert_int_equal(n, strlen("user.a") + strlen("user.b") + 2);
	assert_int_equal(read_bytes(c, P9_TREAD, 2, 0, sizeof(list)), n);
	memcpy(list, c->in.at, (size_t)n);
	assert_non_null(memmem(list, (size_t)n, "user.a", 7));
	assert_non_null(memmem(list, (size_t)n, "user.b", 7));
	assert_int_equal(clunk(c, 2), 0);
	assert_int_equal(xattrwalk(c, 1, 2, "trusted.t"), -ENODATA);
	assert_int_equal(xattrwalk(c, 1, 2, "security.s"), -ENODATA);
	/* A read-only export tells labels and capabilities, as a program would be run with them. */
	client_stop(c);
	c->exports[0].fd = dup(c->dir_fd);
	c->exports[0].writable = false;
	client_serve(c, 1, NULL);
	assert_int_equal(walk(c, 0, 1, "f"), 0);
	assert_int_equal(xattrwalk(c, 1, 2, "security.s"), 1);
	assert_int_equal(xattrwalk(c, 1, 3, "trusted.t"), -ENODATA);
}

/* However large it is said to be, and however many there are. */
static void values_are_bounded(void **state)
{
	static const uint64_t sizes[] = {VALUE_MAX + 1, UINT32_MAX, 1ULL << 32, INT64_MAX,
					 UINT64_MAX};
	struct client *c = *state;
	uint32_t fid = 10, most = P9_XATTR_BYTES_MAX / VALUE_MAX;
	size_t before;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_int_equal(walk(c, 0, 1, "f"), 0);
		assert_int_equal(xattrcreate(c, 1, "user.a", sizes[i], 0), -E2BIG);
		assert_int_equal(clunk(c, 1), 0);
	}
	before = mallinfo2().uordblks;
	for (;; fid++) {
		int r;

		assert_int_equal(walk(c, 0, fid, "f"), 0);
		r = xattrcreate(c, fid, "user.a", VALUE_MAX, 0);
		if (r == 0)
			continue;
		assert_int_equal(r, -ENOSPC);
		break;
	}
	assert_int_equal(fid, 10 + most);
	assert_true(mallinfo2().uordblks < before + P9_XATTR_BYTES_MAX + 65536);
	/* Room comes back. */
	assert_int_equal(clunk(c, 10), -EINVAL);
	assert_int_equal(xattrcreate(c, fid, "user.a", VALUE_MAX, 0), 0);
	for (fid = 11; fid <= 10 + most; fid++)
		assert_int_equal(clunk(c, fid), -EINVAL);
	assert_true(mallinfo2().uordblks < before + 65536);
}

/*
 * A value shorter than said would be set to whatever the memory held before. There is no way to that: what
 * was not written is not set, and the server's memory is zeroed besides.
 */
static void nothing_of_the_servers_memory_is_in_a_value(void **state)
{
	struct p9_fids fids;
	struct p9_fid *fid;

	/* Dirt where the value will be. */
	for (int i = 0; i < 10; i++) {
		uint8_t *dirt = malloc(4097);

		assert_non_null(dirt);
		memset(dirt, 0x5a, 4097);
		__asm__ volatile("" : : "r"(dirt) : "memory");
		free(dirt);
	}
	assert_int_equal(p9_fids_init(&fids, NULL, 10), 0);
	(void)state;
	fid = calloc(1, sizeof(*fid));
	assert_non_null(fid);
	fid->fids = &fids;
	assert_int_equal(p9_fid_set_xattr(fid, "user.a", NULL, 4096), 0);
	for (size_t i = 0; i <= 4096; i++)
		assert_int_equal(fid->xattr.value[i], 0);
	free(fid->xattr.value);
	free(fid->xattr.name);
	free(fid);
	p9_fids_destroy(&fids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_xattr, teardown_client)
		T(attributes_are_made_replaced_and_removed),
		T(a_value_in_pieces),
		T(a_value_that_is_not_complete),
		T(the_fid_of_a_value_is_no_file),
		T(names_that_are_not_the_guests),
		T(the_list_has_what_may_be_read),
		T(values_are_bounded),
		cmocka_unit_test(nothing_of_the_servers_memory_is_in_a_value),
#undef T
	};

	return cmocka_run_group_tests_name("p9 xattr", tests, NULL, NULL);
}
