/* SPDX-License-Identifier: Apache-2.0 */
/* The virtio 9P device with several requests in flight, of which some hang. */
#include "tests/unit/p9_device.h"

#include <signal.h>

#define THREADS 16 /* as many as virtio/p9.c has at most */

static int hanging_fd = -1;

/* As let_go(): a process in the middle of a request that hangs cannot be killed. */
static void too_late(int signal_number)
{
	(void)signal_number;
	if (hanging_fd >= 0)
		(void)close(hanging_fd);
	_exit(2);
}

/* A directory "m" that does not answer, and a session with fid 0. False if it cannot be had. */
static bool begin_hanging(struct device *d)
{
	char dir[128];

	(void)snprintf(dir, sizeof(dir), "%s/m", d->dir);
	assert_int_equal(mkdir(dir, 0755), 0);
	d->fuse_fd = may_mount ? mount_fuse(dir) : -1;
	if (d->fuse_fd < 0) {
		(void)rmdir(dir);
		print_message("skipped: no right to mount a FUSE file system\n");
		return false;
	}
	hanging_fd = d->fuse_fd;
	(void)signal(SIGALRM, too_late);
	(void)signal(SIGTERM, too_late);
	alarm(20);
	begin(d);
	attach_root(d);
	return true;
}

static void end_hanging(struct device *d)
{
	char dir[128];

	while (!virtio_p9_stop(d->p9))
		(void)sched_yield();
	(void)snprintf(dir, sizeof(dir), "%s/m", d->dir);
	(void)umount2(dir, MNT_DETACH);
	(void)rmdir(dir);
	alarm(0);
}

static void submit_hanging(struct device *d, unsigned slot)
{
	struct p9_writer *out = request_in(d, slot, P9_TWALK);

	p9_put_u32(out, 0);
	p9_put_u32(out, 100 + slot);
	p9_put_u16(out, 1);
	p9_put_str(out, "m", 1);
	submit_in(d, slot);
}

/* One more has been asked for by the kernel: its worker is in the middle of it. */
static void wait_until_it_hangs(struct device *d)
{
	char in[FUSE_MIN_READ_BUFFER];

	assert_true(read(d->fuse_fd, in, sizeof(in)) > 0);
}

static void submit_getattr(struct device *d, unsigned slot)
{
	struct p9_writer *out = request_in(d, slot, P9_TGETATTR);

	p9_put_u32(out, 0);
	p9_put_u64(out, P9_GETATTR_BASIC);
	submit_in(d, slot);
}

static void submit_flush(struct device *d, unsigned slot, uint16_t oldtag)
{
	p9_put_u16(request_in(d, slot, P9_TFLUSH), oldtag);
	submit_in(d, slot);
}

static void assert_nothing_comes(struct device *d)
{
	uint32_t id, len;

	usleep(50000);
	assert_false(take_used(&d->queue, &id, &len));
}

static void the_second_is_answered_while_the_first_hangs(void **state)
{
	struct device *d = *state;

	if (!begin_hanging(d))
		skip();
	submit_hanging(d, 1);
	wait_until_it_hangs(d);
	for (int i = 0; i < 100; i++) {
		submit_getattr(d, 2);
		assert_int_equal(wait_for_any(d), 2);
		assert_int_equal(reply_in(d, 2)[4], P9_TGETATTR + 1);
	}
	assert_nothing_comes(d);
	let_go(d);
	assert_int_equal(wait_for_any(d), 1);
	assert_int_equal(reply_in(d, 1)[4], P9_RLERROR);
	end_hanging(d);
}

static void a_flush_is_answered_after_what_it_is_about(void **state)
{
	struct device *d = *state;

	if (!begin_hanging(d))
		skip();
	submit_hanging(d, 1);
	wait_until_it_hangs(d);
	submit_flush(d, 2, 1);
	/* One that is about nothing, or about what was answered long ago, is answered. */
	submit_flush(d, 3, 0x1234);
	assert_int_equal(wait_for_any(d), 3);
	submit_getattr(d, 4);
	assert_int_equal(wait_for_any(d), 4);
	assert_nothing_comes(d);
	let_go(d);
	assert_int_equal(wait_for_any(d), 1);
	assert_int_equal(wait_for_any(d), 2);
	assert_int_equal(reply_in(d, 2)[4], P9_TFLUSH + 1);
	end_hanging(d);
}

static void flushes_of_each_other_are_answered(void **state)
{
	struct device *d = *state;

	alarm(20);
	begin(d);
	attach_root(d);
	for (int i = 0; i < 1000; i++) {
		unsigned a, b;

		submit_flush(d, 1, 2);
		submit_flush(d, 2, 1);
		a = wait_for_any(d);
		b = wait_for_any(d);
		assert_int_equal(a + b, 3);
		submit_flush(d, 3, 3);
		assert_int_equal(wait_for_any(d), 3);
	}
	alarm(0);
}

/* One that waits is none that another waits for; else two could wait for each other. */
static void a_flush_waits_for_no_flush(void **state)
{
	struct device *d = *state;

	if (!begin_hanging(d))
		skip();
	submit_hanging(d, 1);
	wait_until_it_hangs(d);
	submit_flush(d, 2, 1);
	assert_nothing_comes(d);
	submit_flush(d, 3, 2);
	assert_int_equal(wait_for_any(d), 3);
	let_go(d);
	assert_int_equal(wait_for_any(d), 1);
	assert_int_equal(wait_for_any(d), 2);
	end_hanging(d);
}

/* A version ends the session: it waits for what is under way, and nobody waits for it. */
static void a_version_waits_for_what_hangs(void **state)
{
	struct device *d = *state;
	struct p9_writer *out;

	if (!begin_hanging(d))
		skip();
	submit_hanging(d, 1);
	wait_until_it_hangs(d);
	for (unsigned slot = 2; slot <= 3; slot++) {
		out = request_in(d, slot, P9_TVERSION);
		p9_put_u32(out, 8192);
		p9_put_str(out, P9_VERSION, strlen(P9_VERSION));
		submit_in(d, slot);
	}
	submit_flush(d, 4, 2);
	assert_int_equal(wait_for_any(d), 4);
	assert_nothing_comes(d);
	let_go(d);
	assert_int_equal(wait_for_any(d), 1);
	assert_int_equal(wait_for_any(d) + wait_for_any(d), 5);
	end_hanging(d);
}

/* As many as there are threads; what is beyond waits, and all are answered in the end. */
static void as_many_hang_as_there_are_threads(void **state)
{
	struct device *d = *state;
	bool seen[THREADS + 3] = {false};

	if (!begin_hanging(d))
		skip();
	for (unsigned slot = 1; slot <= THREADS; slot++)
		submit_hanging(d, slot);
	for (unsigned i = 1; i <= THREADS; i++)
		wait_until_it_hangs(d);
	submit_getattr(d, THREADS + 1);
	assert_nothing_comes(d);
	assert_false(virtio_p9_stop(d->p9));
	let_go(d);
	for (unsigned i = 1; i <= THREADS; i++) {
		unsigned slot = wait_for_any(d);

		assert_in_range(slot, 1, THREADS);
		assert_false(seen[slot]);
		seen[slot] = true;
		assert_int_equal(reply_in(d, slot)[4], P9_RLERROR);
	}
	/* It was told to stop: what was not begun is not begun any more. */
	end_hanging(d);
	assert_nothing_comes(d);
}

struct resetter {
	struct device *d;
	_Atomic bool done;
};

static void *reset_device(void *arg)
{
	struct resetter *resetter = arg;

	reg_write(&resetter->d->mmio, VIRTIO_MMIO_STATUS, 0);
	resetter->done = true;
	return NULL;
}

/* Memory is the guest's again when the reset is over, and not before nobody writes to it any more. */
static void a_reset_while_several_hang(void **state)
{
	struct device *d = *state;
	struct resetter resetter = {.d = d};
	pthread_t thread;

	if (!begin_hanging(d))
		skip();
	for (unsigned slot = 1; slot <= 4; slot++)
		submit_hanging(d, slot);
	wait_until_it_hangs(d);
	submit_flush(d, 5, 1);
	assert_int_equal(pthread_create(&thread, NULL, reset_device, &resetter), 0);
	usleep(50000);
	assert_false(resetter.done);
	let_go(d);
	pthread_join(thread, NULL);
	memset(at_gpa(&d->mem, REPLY_GPA, 8 * REPLY_SIZE), 0x5a, 8 * REPLY_SIZE);
	memset(at_gpa(&d->mem, RING_GPA, VQ_DRIVER_BYTES), 0, VQ_DRIVER_BYTES);
	usleep(20000);
	for (unsigned i = 0; i < 8 * REPLY_SIZE; i++)
		assert_int_equal(*(uint8_t *)at_gpa(&d->mem, REPLY_GPA + i, 1), 0x5a);
	assert_int_equal(get16(&d->mem, RING_GPA + 0x2002), 0);
	/* And it works as new. */
	begin(d);
	attach_root(d);
	end_hanging(d);
}

/* Always as many as there is room for, and each answered once. */
static void many_in_flight(void **state)
{
	struct device *d = *state;

	alarm(120);
	begin(d);
	attach_root(d);
	for (unsigned i = 0; i < 1000; i++) {
		uint32_t missing = (1u << 21) - 2;

		for (unsigned slot = 1; slot <= 20; slot++) {
			if (slot % 5 == 0)
				submit_flush(d, slot, (uint16_t)(slot - 1));
			else
				submit_getattr(d, slot);
		}
		while (missing) {
			unsigned slot = wait_for_any(d);

			assert_true(missing & 1u << slot);
			missing &= ~(1u << slot);
			/* What a flush is about has been answered. */
			if (slot % 5 == 0)
				assert_false(missing & 1u << (slot - 1));
		}
	}
	alarm(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(the_second_is_answered_while_the_first_hangs),
		T(a_flush_is_answered_after_what_it_is_about),
		T(flushes_of_each_other_are_answered),
		T(a_flush_waits_for_no_flush),
		T(a_version_waits_for_what_hangs),
		T(as_many_hang_as_there_are_threads),
		T(a_reset_while_several_hang),
		T(many_in_flight),
#undef T
	};

	return cmocka_run_group_tests_name("p9 flight", tests, enter_mount_namespace, NULL);
}
