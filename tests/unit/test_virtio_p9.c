/* SPDX-License-Identifier: Apache-2.0 */
/* The virtio 9P device and its thread: no kick is lost, a reset may come at any time, a share may hang. */
#include "tests/unit/p9_device.h"

static void no_kick_is_lost(void **state)
{
	struct device *d = *state;

	begin(d);
	for (unsigned i = 0; i < 20000; i++) {
		put_version(d);
		submit(d);
		assert_int_equal(wait_for_reply(d), P9_TVERSION + 1);
	}
	assert_in_range(d->interrupts, 1, 20000);
}

static void a_reset_while_requests_are_served(void **state)
{
	struct device *d = *state;

	for (unsigned i = 0; i < 2000; i++) {
		begin(d);
		put_version(d);
		submit(d);
		for (unsigned n = 0; n < i % 50; n++)
			(void)reg_read(&d->mmio, VIRTIO_MMIO_STATUS);
		/* In two ways; after either nothing is written any more. */
		if (i % 2)
			reg_write(&d->mmio, VIRTIO_MMIO_QUEUE_READY, 0);
		else
			reg_write(&d->mmio, VIRTIO_MMIO_STATUS, 0);
		memset(at_gpa(&d->mem, REPLY_GPA, REPLY_SIZE), 0x5a, REPLY_SIZE);
		memset(at_gpa(&d->mem, RING_GPA, VQ_DRIVER_BYTES), 0, VQ_DRIVER_BYTES);
		reg_write(&d->mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
		(void)sched_yield();
		assert_int_equal(get16(&d->mem, RING_GPA + 0x2002), 0);
		assert_int_equal(*(uint8_t *)at_gpa(&d->mem, REPLY_GPA, 1), 0x5a);
	}
	begin(d);
	attach_root(d);
}

static void a_thread_with_nothing_to_do_stops(void **state)
{
	struct device *d = *state;

	begin(d);
	attach_root(d);
	/* The reply is out before the thread has looked for more. */
	while (!virtio_p9_stop(d->p9))
		(void)sched_yield();
	assert_true(virtio_p9_stop(d->p9));
}

static void a_request_that_hangs_holds_nothing_up(void **state)
{
	struct device *d = *state;
	char dir[128], in[FUSE_MIN_READ_BUFFER];
	struct p9_writer *out;

	(void)snprintf(dir, sizeof(dir), "%s/m", d->dir);
	assert_int_equal(mkdir(dir, 0755), 0);
	d->fuse_fd = may_mount ? mount_fuse(dir) : -1;
	if (d->fuse_fd < 0) {
		(void)rmdir(dir);
		print_message("skipped: no right to mount a FUSE file system\n");
		skip();
	}
	begin(d);
	attach_root(d);
	out = request(d, P9_TWALK);
	p9_put_u32(out, 0);
	p9_put_u32(out, 1);
	p9_put_u16(out, 1);
	p9_put_str(out, "m", 1);
	submit(d);
	/* What the file system is asked for, and does not tell. */
	assert_true(read(d->fuse_fd, in, sizeof(in)) > 0);
	assert_false(virtio_p9_stop(d->p9));
	assert_false(virtio_p9_stop(d->p9));
	/* Without a server there is an answer. */
	let_go(d);
	assert_int_equal(wait_for_reply(d), P9_RLERROR);
	while (!virtio_p9_stop(d->p9))
		(void)sched_yield();
	(void)umount2(dir, MNT_DETACH);
	(void)rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(no_kick_is_lost),
		T(a_reset_while_requests_are_served),
		T(a_thread_with_nothing_to_do_stops),
		T(a_request_that_hangs_holds_nothing_up),
#undef T
	};

	return cmocka_run_group_tests_name("virtio 9p", tests, enter_mount_namespace, NULL);
}
