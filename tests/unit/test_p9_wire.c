/* SPDX-License-Identifier: Apache-2.0 */
/* 9P: bytes, scatter lists, qids and fids, without a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/util.h"
#include "virtio/p9/fid.h"
#include "virtio/p9/kernel_fs.h"
#include "virtio/p9/qid.h"
#include "virtio/p9/scatter.h"
#include "virtio/p9/wire.h"

/* Fids at most, where that is not the point. */
#define FIDS_MAX 20000

static void reads_little_endian(void **state)
{
	static const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a,
					0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 3,    0,    'a',  'b',  'c'};
	struct p9_reader in = {.at = bytes, .left = sizeof(bytes)};
	struct p9_str str;

	(void)state;
	assert_int_equal(p9_get_u8(&in), 0x01);
	assert_int_equal(p9_get_u16(&in), 0x0302);
	assert_int_equal(p9_get_u32(&in), 0x07060504);
	assert_int_equal(p9_get_end(&in), -EPROTO);
	assert_int_equal(p9_get_u64(&in), 0x0f0e0d0c0b0a0908);
	str = p9_get_str(&in);
	assert_int_equal(str.len, 3);
	assert_memory_equal(str.bytes, "abc", 3);
	assert_int_equal(p9_get_end(&in), 0);
}

static void a_failed_read_sticks(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3};
	struct p9_reader in = {.at = bytes, .left = sizeof(bytes)};

	(void)state;
	assert_int_equal(p9_get_u32(&in), 0);
	assert_true(in.failed);
	/* One byte is there, but the message is broken. */
	assert_int_equal(p9_get_u8(&in), 0);
	assert_int_equal(p9_get_str(&in).len, 0);
	assert_int_equal(p9_get_end(&in), -EPROTO);
}

static void a_string_ends_with_the_message(void **state)
{
	uint8_t bytes[] = {0xff, 0xff, 'a'};
	struct p9_reader in = {.at = bytes, .left = sizeof(bytes)};

	(void)state;
	assert_int_equal(p9_get_str(&in).len, 0);
	assert_true(in.failed);

	bytes[0] = 1;
	bytes[1] = 0;
	in = (struct p9_reader){.at = bytes, .left = sizeof(bytes)};
	assert_int_equal(p9_get_str(&in).len, 1);
	assert_int_equal(p9_get_end(&in), 0);
}

static void a_failed_write_sticks(void **state)
{
	uint8_t bytes[8];
	struct p9_writer out = {.start = bytes, .room = 5};

	(void)state;
	memset(bytes, 0xee, sizeof(bytes));
	p9_put_u32(&out, 0x04030201);
	p9_put_u16(&out, 0xffff);
	assert_true(out.failed);
	p9_put_u8(&out, 0xff);
	assert_int_equal(out.len, 4);
	assert_memory_equal(bytes, "\1\2\3\4\xee\xee\xee\xee", 8);
}

static void a_string_too_long_fails(void **state)
{
	static uint8_t bytes[70000];
	static const char text[65536];
	struct p9_writer out = {.start = bytes, .room = sizeof(bytes)};

	(void)state;
	p9_put_str(&out, text, 65535);
	assert_false(out.failed);
	assert_int_equal(out.len, 65537);
	out.len = 0;
	p9_put_str(&out, text, 65536);
	assert_true(out.failed);
}

static void sets_only_what_was_written(void **state)
{
	uint8_t bytes[8] = {0};
	struct p9_writer out = {.start = bytes, .room = 8, .len = 6};

	(void)state;
	p9_set_u32(&out, 2, 0xffffffff);
	assert_false(out.failed);
	assert_memory_equal(bytes, "\0\0\xff\xff\xff\xff\0\0", 8);
	p9_set_u32(&out, 3, 0);
	assert_true(out.failed);
	out.failed = false;
	p9_set_u32(&out, SIZE_MAX, 0);
	assert_true(out.failed);
}

static void scatters_in_odd_pieces(void **state)
{
	char a[1], b[5], c[3];
	struct iovec iov[] = {{a, 1}, {NULL, 0}, {b, 5}, {c, 3}}, slice[4];
	char back[16];

	(void)state;
	assert_int_equal(scatter_size(iov, 4), 9);
	assert_int_equal(scatter_write(iov, 4, "012345678", 9), 9);
	assert_memory_equal(b, "12345", 5);
	assert_int_equal(scatter_read(iov, 4, back, sizeof(back)), 9);
	assert_memory_equal(back, "012345678", 9);
	assert_int_equal(scatter_read(iov, 4, back, 4), 4);

	assert_int_equal(scatter_slice(iov, 4, 3, 4, slice, 4), 2);
	assert_ptr_equal(slice[0].iov_base, b + 2);
	assert_int_equal(slice[0].iov_len, 3);
	assert_ptr_equal(slice[1].iov_base, c);
	assert_int_equal(slice[1].iov_len, 1);
	assert_int_equal(scatter_slice(iov, 4, 0, 9, slice, 2), 2);
	assert_int_equal(scatter_size(slice, 2), 6);
	assert_int_equal(scatter_slice(iov, 4, 9, 1, slice, 4), 0);
	assert_int_equal(scatter_slice(iov, 4, 0, 0, slice, 4), 0);
}

static void a_scatter_list_larger_than_memory(void **state)
{
	struct iovec iov[] = {{NULL, SIZE_MAX}, {NULL, 2}};

	(void)state;
	assert_int_equal(scatter_size(iov, 2), SIZE_MAX);
}

static void qid_paths_differ_across_devices(void **state)
{
	struct p9_devices devices = P9_DEVICES_INIT;
	uint64_t huge = 1ULL << 48;

	(void)state;
	assert_int_equal(p9_qid_path(&devices, makedev(8, 1), 2), 2);
	assert_int_equal(p9_qid_path(&devices, makedev(8, 2), 2), 1ULL << 48 | 2);
	assert_int_equal(p9_qid_path(&devices, makedev(8, 1), huge - 1), huge - 1);
	/* A large inode number is not the second device's. */
	assert_true(p9_qid_path(&devices, makedev(8, 1), huge | 2) >> 63);
	assert_int_not_equal(p9_qid_path(&devices, makedev(8, 1), huge | 2),
			     p9_qid_path(&devices, makedev(8, 2), huge | 2));
	assert_int_equal(p9_qid_path(&devices, makedev(8, 1), huge | 2),
			 p9_qid_path(&devices, makedev(8, 1), huge | 2));
}

static void qid_paths_survive_many_devices(void **state)
{
	struct p9_devices devices = P9_DEVICES_INIT;
	uint64_t last = 0;

	(void)state;
	for (uint64_t dev = 1; dev <= 1000; dev++) {
		uint64_t path = p9_qid_path(&devices, dev, 42);

		assert_int_not_equal(path, last);
		assert_int_equal(path >> 63, dev > P9_DEVICES_MAX);
		assert_int_equal(path, p9_qid_path(&devices, dev, 42));
		last = path;
	}
	assert_int_equal(devices.count, P9_DEVICES_MAX);
}

static void qid_version_follows_the_times(void **state)
{
	struct p9_devices devices = P9_DEVICES_INIT;
	struct statx stx = {.stx_mode = S_IFREG, .stx_ino = 5};
	uint32_t before = p9_qid_of(&devices, &stx, false).version;

	(void)state;
	assert_int_not_equal(before, 0);
	stx.stx_mtime.tv_nsec = 1;
	assert_int_not_equal(p9_qid_of(&devices, &stx, false).version, before);
	stx.stx_mtime.tv_nsec = 0;
	stx.stx_ctime.tv_nsec = 1;
	assert_int_not_equal(p9_qid_of(&devices, &stx, false).version, before);
	stx.stx_ctime.tv_nsec = 0;
	assert_int_equal(p9_qid_of(&devices, &stx, false).version, before);
}

static void qid_types(void **state)
{
	(void)state;
	assert_int_equal(p9_qid_type(S_IFDIR | 0755), P9_QTDIR);
	assert_int_equal(p9_qid_type(S_IFLNK | 0777), P9_QTSYMLINK);
	assert_int_equal(p9_qid_type(S_IFREG), P9_QTFILE);
	assert_int_equal(p9_qid_type(S_IFIFO), P9_QTFILE);
	assert_int_equal(p9_qid_type(0), P9_QTFILE);
}

/* Fids over the host's root. */
struct table {
	struct p9_export export;
	struct p9_share share;
	struct p9_nodes nodes;
	struct p9_fids fids;
};

static void table_init(struct table *t, size_t max)
{
	*t = (struct table){.export = {.name = "", .fd = open("/", O_PATH)}};
	t->share = (struct p9_share){.exports = &t->export, .export_count = 1, .proc_fd = -1};
	assert_int_equal(p9_nodes_init(&t->nodes, &t->share, 10, 16), 0);
	assert_int_equal(p9_fids_init(&t->fids, &t->nodes, max), 0);
}

static void table_destroy(struct table *t)
{
	p9_fids_destroy(&t->fids);
	assert_int_equal(t->nodes.root->refs, 1);
	p9_nodes_destroy(&t->nodes);
}

static int add(struct table *t, uint32_t number)
{
	struct p9_fid *fid = p9_fid_new(&t->fids, t->nodes.root, 0);
	int r = p9_fid_add(&t->fids, number, fid);

	p9_fid_put(fid);
	return r;
}

static void take(struct table *t, uint32_t number)
{
	struct p9_fid *fid = p9_fid_take(&t->fids, number);

	assert_non_null(fid);
	p9_fid_put(fid);
}

static void fids_are_found_among_many(void **state)
{
	struct p9_fid *fid;
	struct table t;

	(void)state;
	table_init(&t, FIDS_MAX);
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(add(&t, i * 65537), 0);
	assert_int_equal(add(&t, 65537), -EBADF);
	assert_int_equal(add(&t, P9_NOFID), -EBADF);
	for (uint32_t i = 0; i < 10000; i++) {
		fid = p9_fid_get(&t.fids, i * 65537);
		assert_non_null(fid);
		assert_int_equal(fid->number, i * 65537);
		p9_fid_put(fid);
		if (i % 2)
			take(&t, i * 65537);
	}
	assert_null(p9_fid_get(&t.fids, 65537));
	assert_null(p9_fid_take(&t.fids, 65537));
	take(&t, 2 * 65537);
	assert_int_equal(t.fids.count, 4999);
	table_destroy(&t);
}

/* Whoever has a fid keeps what it is, whatever becomes of the number. */
static void fids_outlive_their_number(void **state)
{
	struct p9_fid *old, *new;
	struct table t;

	(void)state;
	table_init(&t, FIDS_MAX);
	assert_int_equal(add(&t, 1), 0);
	old = p9_fid_get(&t.fids, 1);
	new = p9_fid_new(&t.fids, t.nodes.root, 0);
	assert_int_equal(p9_fid_replace(old, new), 0);
	assert_int_equal(p9_fid_replace(old, new), -EBADF);
	assert_int_equal(t.fids.count, 1);
	assert_ptr_equal(old->node, t.nodes.root);
	p9_fid_put(old);
	take(&t, 1);
	assert_int_equal(p9_fid_replace(new, new), -EBADF);
	assert_int_equal(t.fids.count, 0);
	p9_fid_put(new);
	table_destroy(&t);
}

static void fids_are_bounded(void **state)
{
	struct table t;

	(void)state;
	table_init(&t, 10);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(add(&t, i), 0);
	assert_int_equal(add(&t, 10), -ENFILE);
	take(&t, 5);
	assert_int_equal(add(&t, 10), 0);
	table_destroy(&t);
}

static void xattr_memory_is_bounded(void **state)
{
	static const char value[65536];
	struct p9_fid *fid;
	struct table t;
	uint32_t i = 0;
	int r = 0;

	(void)state;
	table_init(&t, FIDS_MAX);
	while (r == 0 && i < 1000) {
		fid = p9_fid_new(&t.fids, t.nodes.root, 0);
		/* One that is read, then one that is to be written. */
		r = p9_fid_set_xattr(fid, "user.x", i % 2 ? value : NULL, sizeof(value));
		assert_int_equal(p9_fid_add(&t.fids, i++, fid), 0);
		p9_fid_put(fid);
	}
	assert_int_equal(r, -ENOSPC);
	assert_int_equal(t.fids.xattr_bytes, P9_XATTR_BYTES_MAX);
	p9_fid_remove_all(&t.fids);
	assert_int_equal(t.fids.xattr_bytes, 0);
	table_destroy(&t);
}

static void kernel_magics(void **state)
{
	(void)state;
	assert_true(kernel_fs_magic(0x9fa0));
	assert_true(kernel_fs_magic(0x62656572));
	/* efivarfs: bit 31 is set, and statfs's field is signed. */
	assert_true(kernel_fs_magic(0xde5e81e4));
	assert_true(kernel_fs_magic((uint64_t)(int32_t)0xde5e81e4));
	assert_false(kernel_fs_magic(0xef53));
	assert_false(kernel_fs_magic(0x01021994));
	assert_false(kernel_fs_magic(0x65735546));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_little_endian),
		cmocka_unit_test(a_failed_read_sticks),
		cmocka_unit_test(a_string_ends_with_the_message),
		cmocka_unit_test(a_failed_write_sticks),
		cmocka_unit_test(a_string_too_long_fails),
		cmocka_unit_test(sets_only_what_was_written),
		cmocka_unit_test(scatters_in_odd_pieces),
		cmocka_unit_test(a_scatter_list_larger_than_memory),
		cmocka_unit_test(qid_paths_differ_across_devices),
		cmocka_unit_test(qid_paths_survive_many_devices),
		cmocka_unit_test(qid_version_follows_the_times),
		cmocka_unit_test(qid_types),
		cmocka_unit_test(fids_are_found_among_many),
		cmocka_unit_test(fids_outlive_their_number),
		cmocka_unit_test(fids_are_bounded),
		cmocka_unit_test(xattr_memory_is_bounded),
		cmocka_unit_test(kernel_magics),
	};

	return cmocka_run_group_tests_name("p9 wire", tests, NULL, NULL);
}
