/* SPDX-License-Identifier: Apache-2.0 */
/* The virtio 9P device over a temporary directory, and a driver that may have many requests in flight. */
#ifndef TESTS_UNIT_P9_DEVICE_H
#define TESTS_UNIT_P9_DEVICE_H

#include "tests/unit/fuse_mount.h"
#include "tests/unit/virtio_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_ids.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/util.h"
#include "virtio/p9.h"
#include "virtio/p9/proto.h"
#include "virtio/p9/wire.h"
#include "vmm/confine/seccomp.h"

#define RING_GPA    0x10000ULL
#define REQUEST_GPA 0x20000ULL /* a page for each slot, of which there are 32 */
#define REPLY_GPA   0x40000ULL
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
	int fuse_fd; /* of what hangs in the share; -1: nothing does */
};

/* From now on there is an answer: that nobody is there. */
static inline void let_go(struct device *d)
{
	if (d->fuse_fd >= 0)
		(void)close(d->fuse_fd);
	d->fuse_fd = -1;
}

static bool may_mount;

/* So that no mount stays behind. Before any share is opened: that would show the old one. */
static inline int enter_mount_namespace(void **state)
{
	(void)state;
	may_mount = unshare(CLONE_NEWNS) == 0 &&
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return 0;
}

static inline void count_interrupt(void *chip, unsigned pin)
{
	struct device *d = chip;

	(void)pin;
	d->interrupts++;
}

/* As in a run: the threads that are added later, too. (Sanitizers make calls of their own.) */
static inline int confine_thread(void *ctx)
{
	(void)ctx;
#ifdef SNUG_SANITIZED
	return 0;
#else
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : seccomp_enter(CONFINE_READER);
#endif
}

static inline int setup(void **state)
{
	struct device *d = calloc(1, sizeof(*d));
	struct irq_line irq = {.raise = count_interrupt, .chip = d};
	struct p9_share share = {.exports = &d->export, .export_count = 1, .max_files = 100};

	assert_non_null(d);
	d->fuse_fd = -1;
	(void)snprintf(d->dir, sizeof(d->dir), "/tmp/snug-p9-XXXXXX");
	assert_non_null(mkdtemp(d->dir));
	d->export = (struct p9_export){.name = "",
				       .fd = open(d->dir, O_PATH | O_DIRECTORY | O_CLOEXEC)};
	share.proc_fd = d->proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(guest_mem_map(&d->mem, MIB(1)), 0);
	assert_int_equal(virtio_p9_new(&d->p9, &share, "root", 4, &d->mem, irq), 0);
	d->mmio = (struct virtio_mmio){.dev = virtio_p9_device(d->p9)};
	assert_int_equal(virtio_p9_start(d->p9, confine_thread, NULL), 0);
	*state = d;
	return 0;
}

static inline int teardown(void **state)
{
	struct device *d = *state;

	/* A test that failed may have left something hanging, which not even SIGKILL ends. */
	let_go(d);
	while (!virtio_p9_stop(d->p9))
		(void)sched_yield();
	virtio_p9_free(d->p9);
	close(d->proc_fd);
	guest_mem_unmap(&d->mem);
	(void)rmdir(d->dir);
	free(d);
	return 0;
}

static inline void begin(struct device *d)
{
	assert_true(negotiate(&d->mmio, offered_features(&d->mmio)));
	d->queue = start_queue(&d->mmio, &d->mem, 0, RING_GPA);
	driver_ok(&d->mmio);
}

/* A request in a slot, whose number is its tag. */
static inline struct p9_writer *request_in(struct device *d, unsigned slot, uint8_t type)
{
	d->request = (struct p9_writer){
		.start = at_gpa(&d->mem, REQUEST_GPA + slot * 0x1000, 0x1000), .room = 0x1000};
	p9_put_u32(&d->request, 0);
	p9_put_u8(&d->request, type);
	p9_put_u16(&d->request, (uint16_t)slot);
	return &d->request;
}

static inline struct p9_writer *request(struct device *d, uint8_t type)
{
	return request_in(d, 0, type);
}

/* Kicks only if the device wants to hear of it, as Linux does. */
static inline void submit_in(struct device *d, unsigned slot)
{
	uint16_t before = d->queue.avail_idx, desc = (uint16_t)(2 * slot);

	p9_set_u32(&d->request, 0, (uint32_t)d->request.len);
	put_desc(&d->queue, desc, REQUEST_GPA + slot * 0x1000, (uint32_t)d->request.len,
		 VRING_DESC_F_NEXT, (uint16_t)(desc + 1));
	put_desc(&d->queue, desc + 1u, REPLY_GPA + slot * REPLY_SIZE, REPLY_SIZE,
		 VRING_DESC_F_WRITE, 0);
	offer(&d->queue, desc);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (vring_need_event(get_avail_event(&d->queue), d->queue.avail_idx, before))
		reg_write(&d->mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
}

static inline void submit(struct device *d)
{
	submit_in(d, 0);
}

static inline uint8_t *reply_in(struct device *d, unsigned slot)
{
	return at_gpa(&d->mem, REPLY_GPA + slot * REPLY_SIZE, REPLY_SIZE);
}

/* The slot that is answered next. */
static inline unsigned wait_for_any(struct device *d)
{
	uint32_t id, len;

	while (!take_used(&d->queue, &id, &len))
		(void)sched_yield();
	assert_in_range(len, P9_HEAD_SIZE, REPLY_SIZE);
	assert_int_equal(id % 2, 0);
	/* The tag is the request's. */
	assert_int_equal(reply_in(d, id / 2)[5],
			 *(uint8_t *)at_gpa(&d->mem, REQUEST_GPA + id / 2 * 0x1000 + 5, 1));
	return id / 2;
}

/* The type of the reply in slot 0, the only request in flight. */
static inline uint8_t wait_for_reply(struct device *d)
{
	assert_int_equal(wait_for_any(d), 0);
	return reply_in(d, 0)[4];
}

static inline void put_version(struct device *d)
{
	struct p9_writer *out = request(d, P9_TVERSION);

	p9_put_u32(out, 8192);
	p9_put_str(out, P9_VERSION, strlen(P9_VERSION));
}

static inline void attach_root(struct device *d)
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

#endif
