/* SPDX-License-Identifier: Apache-2.0 */
/* The virtio 9P device and its thread: no kick is lost, a reset may come at any time, a share may hang. */
#include "tests/unit/virtio_driver.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/virtio_ids.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/util.h"
#include "virtio/p9.h"
#include "virtio/p9/proto.h"
#include "virtio/p9/wire.h"

#define RING_GPA    0x10000ULL
#define REQUEST_GPA 0x20000ULL
#define REPLY_GPA   0x30000ULL
#define REPLY_SIZE  0x2000U

struct device {
	struct guest_mem mem;
	struct virtio_p9 *p9;
	struct virtio_mmio mmio;
	struct vq_driver queue;
	_Atomic unsigned interrupts;
	struct p9_writer request;
	char dir[64]; /* the share */
	struct p9_export export;
	int proc_fd;
};

static bool may_mount;

/* So that no mount stays behind. Before any share is opened: that would show the old one. */
static int enter_mount_namespace(void **state)
{
	(void)state;
	may_mount = unshare(CLONE_NEWNS) == 0 &&
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return 0;
}

static void count_interrupt(void *chip, unsigned gsi)
{
	struct device *d = chip;

	(void)gsi;
	d->interrupts++;
}

static int setup(void **state)
{
	struct device *d = calloc(1, sizeof(*d));
	struct irq_line irq = {.raise = count_interrupt, .chip = d};
	struct p9_share share = {.exports = &d->export, .export_count = 1, .max_files = 100};

	assert_non_null(d);
	(void)snprintf(d->dir, sizeof(d->dir), "/tmp/snug-p9-XXXXXX");
	assert_non_null(mkdtemp(d->dir));
	d->export = (struct p9_export){.name = "",
				       .fd = open(d->dir, O_PATH | O_DIRECTORY | O_CLOEXEC)};
	share.proc_fd = d->proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(guest_mem_map(&d->mem, MIB(1)), 0);
	assert_int_equal(virtio_p9_new(&d->p9, &share, "root", 4, &d->mem, irq), 0);
	d->mmio = (struct virtio_mmio){.dev = virtio_p9_device(d->p9)};
	assert_int_equal(virtio_p9_start(d->p9), 0);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct device *d = *state;

	while (!virtio_p9_stop(d->p9))
		(void)sched_yield();
	virtio_p9_free(d->p9);
	close(d->proc_fd);
	guest_mem_unmap(&d->mem);
	(void)rmdir(d->dir);
	free(d);
	return 0;
}

static void begin(struct device *d)
{
	assert_true(negotiate(&d->mmio, offered_features(&d->mmio)));
	d->queue = start_queue(&d->mmio, &d->mem, 0, RING_GPA);
	driver_ok(&d->mmio);
}

static struct p9_writer *request(struct device *d, uint8_t type)
{
	d->request =
		(struct p9_writer){.start = at_gpa(&d->mem, REQUEST_GPA, 0x1000), .room = 0x1000};
	p9_put_u32(&d->request, 0);
	p9_put_u8(&d->request, type);
	p9_put_u16(&d->request, 1);
	return &d->request;
}

/* Kicks only if the device wants to hear of it, as Linux does. */
static void submit(struct device *d)
{
	uint16_t before = d->queue.avail_idx;

	p9_set_u32(&d->request, 0, (uint32_t)d->request.len);
	put_desc(&d->queue, 0, REQUEST_GPA, (uint32_t)d->request.len, VRING_DESC_F_NEXT, 1);
	put_desc(&d->queue, 1, REPLY_GPA, REPLY_SIZE, VRING_DESC_F_WRITE, 0);
	offer(&d->queue, 0);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (vring_need_event(get_avail_event(&d->queue), d->queue.avail_idx, before))
		reg_write(&d->mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
}

/* The type of the reply. */
static uint8_t wait_for_reply(struct device *d)
{
	uint32_t id, len;

	while (!take_used(&d->queue, &id, &len))
		(void)sched_yield();
	assert_int_equal(id, 0);
	assert_in_range(len, P9_HEAD_SIZE, REPLY_SIZE);
	return *(uint8_t *)at_gpa(&d->mem, REPLY_GPA + 4, 1);
}

static void put_version(struct device *d)
{
	struct p9_writer *out = request(d, P9_TVERSION);

	p9_put_u32(out, 8192);
	p9_put_str(out, P9_VERSION, strlen(P9_VERSION));
}

static void attach_root(struct device *d)
{
	struct p9_writer *out;

	put_version(d);
	submit(d);
	assert_int_equal(wait_for_reply(d), P9_TVERSION + 1);
	out = request(d, P9_TATTACH);
	p9_put_u32(out, 0);
	p9_put_u32(out, P9_NOFID);
	p9_put_str(out, "", 0);
	p9_put_str(out, "", 0);
	p9_put_u32(out, 0);
	submit(d);
	assert_int_equal(wait_for_reply(d), P9_TATTACH + 1);
}

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

/* A file system whose server, this test, answers nothing but the first greeting. */
static int mount_fuse(const char *dir)
{
	struct {
		struct fuse_out_header head;
		struct fuse_init_out init;
	} greeting = {.head = {.len = sizeof(greeting)},
		      .init = {.major = FUSE_KERNEL_VERSION,
			       .minor = FUSE_KERNEL_MINOR_VERSION,
			       .max_write = 4096}};
	union {
		struct fuse_in_header head;
		char room[FUSE_MIN_READ_BUFFER];
	} in;
	char options[128];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -1;
	(void)snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (!may_mount || mount("snug-test", dir, "fuse", 0, options)) {
		(void)close(fd);
		return -1;
	}
	assert_in_range(read(fd, &in, sizeof(in)), sizeof(in.head), sizeof(in));
	greeting.head.unique = in.head.unique;
	assert_int_equal(write(fd, &greeting, sizeof(greeting)), sizeof(greeting));
	return fd;
}

static void a_request_that_hangs_holds_nothing_up(void **state)
{
	struct device *d = *state;
	char dir[128], in[FUSE_MIN_READ_BUFFER];
	struct p9_writer *out;
	int fd;

	(void)snprintf(dir, sizeof(dir), "%s/m", d->dir);
	assert_int_equal(mkdir(dir, 0755), 0);
	fd = mount_fuse(dir);
	if (fd < 0) {
		(void)rmdir(dir);
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
	assert_true(read(fd, in, sizeof(in)) > 0);
	assert_false(virtio_p9_stop(d->p9));
	assert_false(virtio_p9_stop(d->p9));
	/* Without a server there is an answer. */
	(void)close(fd);
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
