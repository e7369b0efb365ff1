/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues that break the rules (virtio 1.2, 2.7), on the 9P device: it must say DEVICE_NEEDS_RESET,
 * stay quiet until the reset, and work after it.
 */
#include "tests/guest/lib/p9.h"

#define READABLE 0
#define NEXT     VRING_DESC_F_NEXT
#define WRITE    VRING_DESC_F_WRITE
#define INDIRECT VRING_DESC_F_INDIRECT

static struct queue q;

/* Each prepares one wrong thing in a working queue, up to the kick. */

static void avail_jumps_beyond_the_size(void)
{
	p9_version_chain(&q);
	q.avail->idx = (uint16_t)(q.avail->idx + P9_QUEUE_SIZE + 1);
}

static void avail_goes_back(void)
{
	q.avail->idx = (uint16_t)(q.avail->idx - 1);
}

static void head_out_of_range(void)
{
	p9_version_chain(&q);
	queue_add(&q, P9_QUEUE_SIZE);
}

static void head_far_out_of_range(void)
{
	p9_version_chain(&q);
	queue_add(&q, 0xffff);
}

static void next_out_of_range(void)
{
	p9_version_chain(&q);
	q.desc[0].next = P9_QUEUE_SIZE;
	queue_add(&q, 0);
}

static void loop_of_one(void)
{
	p9_version_chain(&q);
	q.desc[0].next = 0;
	queue_add(&q, 0);
}

static void loop_of_all(void)
{
	for (uint16_t i = 0; i < P9_QUEUE_SIZE; i++)
		queue_desc(&q, i, P9_REQUEST, 4, NEXT, (uint16_t)((i + 1) % P9_QUEUE_SIZE));
	queue_add(&q, 3);
}

static void readable_after_writable(void)
{
	p9_version_chain(&q);
	queue_desc(&q, 0, P9_REPLY, P9_REPLY_ROOM, WRITE | NEXT, 1);
	queue_desc(&q, 1, P9_REQUEST, P9_VERSION_BYTES, READABLE, 0);
	queue_add(&q, 0);
}

/* The reply goes to [gpa, gpa + len). */
static void reply_at(uint64_t gpa, uint32_t len)
{
	p9_version_chain(&q);
	queue_desc(&q, 1, gpa, len, WRITE, 0);
	queue_add(&q, 0);
}

static void request_at(uint64_t gpa, uint32_t len)
{
	p9_version_chain(&q);
	queue_desc(&q, 0, gpa, len, NEXT, 1);
	queue_add(&q, 0);
}

static void buffer_outside_ram(void)
{
	reply_at(RAM_END, 64);
}

static void buffer_across_the_end_of_ram(void)
{
	reply_at(RAM_END - 63, 64);
}

static void buffer_as_long_as_can_be(void)
{
	reply_at(FREE_RAM, 0xffffffff);
}

static void buffer_that_wraps(void)
{
	request_at(UINT64_MAX - 15, 64);
}

static void buffer_that_wraps_to_ram(void)
{
	request_at(UINT64_MAX - 15, 0x100000);
}

static void buffer_in_the_device_hole(void)
{
	reply_at(q.dev, 64);
}

static void buffer_in_the_local_apic(void)
{
	request_at(LAYOUT_LAPIC, 64);
}

static void buffer_beyond_4_gib(void)
{
	reply_at(LAYOUT_HIGH_RAM_BASE + P9_REPLY, 64);
}

static void empty_buffer_outside_ram(void)
{
	p9_version_chain(&q);
	queue_desc(&q, 0, UINT64_MAX, 0, NEXT, 1);
	queue_add(&q, 0);
}

/* Indirect tables: the right one, of two descriptors, which each test below spoils. */
static struct vring_desc *table(uint64_t gpa, uint32_t len, uint16_t more_flags)
{
	struct vring_desc *table = (struct vring_desc *)P9_TABLE;

	p9_version_chain(&q);
	memcpy(table, q.desc, 2 * sizeof(*table));
	queue_desc(&q, 0, gpa, len, INDIRECT | more_flags, 1);
	queue_add(&q, 0);
	return table;
}

static void indirect_odd_length(void)
{
	(void)table(P9_TABLE, 33, 0);
}

static void indirect_zero_length(void)
{
	(void)table(P9_TABLE, 0, 0);
}

static void indirect_less_than_one(void)
{
	(void)table(P9_TABLE, 15, 0);
}

static void indirect_and_next(void)
{
	(void)table(P9_TABLE, 32, NEXT);
}

static void indirect_in_indirect(void)
{
	table(P9_TABLE, 32, 0)[0].flags = INDIRECT | NEXT;
}

static void indirect_at_the_end_of_indirect(void)
{
	/* A device that took it for a buffer would answer there. */
	table(P9_TABLE, 32, 0)[1].flags = INDIRECT | WRITE;
}

static void indirect_next_out_of_range(void)
{
	table(P9_TABLE, 32, 0)[0].next = 2;
}

static void indirect_loop(void)
{
	table(P9_TABLE, 32, 0)[0].next = 0;
}

static void indirect_table_outside_ram(void)
{
	(void)table(RAM_END, 32, 0);
}

static void indirect_table_across_the_end_of_ram(void)
{
	(void)table(RAM_END - 16, 32, 0);
}

static void indirect_table_that_wraps(void)
{
	(void)table(UINT64_MAX - 15, 32, 0);
}

static void indirect_table_in_the_device_hole(void)
{
	(void)table(q.dev, 32, 0);
}

static void indirect_table_of_4_gib(void)
{
	(void)table(P9_TABLE, 0xfffffff0, 0);
}

static void indirect_buffer_outside_ram(void)
{
	table(P9_TABLE, 32, 0)[1].addr = RAM_END;
}

/* A table may be longer than the queue; a chain may not. */
static void indirect_chain_too_long(void)
{
	struct vring_desc *t = table(P9_TABLE, 16 * 200, 0);

	for (uint16_t i = 0; i < 200; i++)
		t[i] = (struct vring_desc){.addr = P9_REQUEST,
					   .len = 1,
					   .flags = i < 199 ? NEXT : 0,
					   .next = (uint16_t)(i + 1)};
}

static void request_without_a_header(void)
{
	request_at(P9_REQUEST, 6);
}

static void request_missing(void)
{
	p9_version_chain(&q);
	queue_add(&q, 1);
}

static void reply_missing(void)
{
	p9_version_chain(&q);
	q.desc[0].flags = READABLE;
	queue_add(&q, 0);
}

static void reply_too_small_for_an_error(void)
{
	reply_at(P9_REPLY, 10);
}

static void reply_without_room(void)
{
	reply_at(P9_REPLY, 0);
}

static const struct hostile {
	const char *name;
	void (*prepare)(void);
} hostile[] = {
	{"avail index jumps by more than the size", avail_jumps_beyond_the_size},
	{"avail index goes back", avail_goes_back},
	{"head out of range", head_out_of_range},
	{"head far out of range", head_far_out_of_range},
	{"next out of range", next_out_of_range},
	{"loop of one descriptor", loop_of_one},
	{"loop of all descriptors", loop_of_all},
	{"readable after writable", readable_after_writable},
	{"buffer outside RAM", buffer_outside_ram},
	{"buffer across the end of RAM", buffer_across_the_end_of_ram},
	{"buffer of 4 GiB", buffer_as_long_as_can_be},
	{"buffer that wraps", buffer_that_wraps},
	{"buffer that wraps to RAM", buffer_that_wraps_to_ram},
	{"buffer in the device hole", buffer_in_the_device_hole},
	{"buffer in the local APIC", buffer_in_the_local_apic},
	{"buffer beyond 4 GiB", buffer_beyond_4_gib},
	{"empty buffer outside RAM", empty_buffer_outside_ram},
	{"indirect: odd length", indirect_odd_length},
	{"indirect: zero length", indirect_zero_length},
	{"indirect: less than one descriptor", indirect_less_than_one},
	{"indirect and next", indirect_and_next},
	{"indirect in indirect", indirect_in_indirect},
	{"indirect at the end of indirect", indirect_at_the_end_of_indirect},
	{"indirect: next out of range", indirect_next_out_of_range},
	{"indirect: loop", indirect_loop},
	{"indirect: table outside RAM", indirect_table_outside_ram},
	{"indirect: table across the end of RAM", indirect_table_across_the_end_of_ram},
	{"indirect: table that wraps", indirect_table_that_wraps},
	{"indirect: table in the device hole", indirect_table_in_the_device_hole},
	{"indirect: table of 4 GiB", indirect_table_of_4_gib},
	{"indirect: buffer outside RAM", indirect_buffer_outside_ram},
	{"indirect: chain of 200", indirect_chain_too_long},
	{"9P: request without a whole header", request_without_a_header},
	{"9P: no request", request_missing},
	{"9P: no room for a reply", reply_missing},
	{"9P: ten bytes of room", reply_too_small_for_an_error},
	{"9P: empty room", reply_without_room},
};

static void wait_for_needs_reset(void)
{
	while (!(reg(q.dev, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET))
		__asm__ volatile("pause");
}

/* Breaks a queue that has done work before, and looks at the device from then to after the reset. */
static void run_hostile(const struct hostile *h)
{
	uint16_t used;

	test_begin(h->name);
	if (!CHECK(p9_start(&q, P9_FEATURES)) || !CHECK(p9_version_works(&q)))
		goto out;
	h->prepare();
	queue_kick(&q);
	wait_for_needs_reset();
	/* 2.1.2: also a configuration change interrupt. */
	CHECK(reg(q.dev, VIRTIO_MMIO_INTERRUPT_STATUS) & VIRTIO_MMIO_INT_CONFIG);
	/* It is over for this queue: what is right again is not looked at. */
	used = q.used->idx;
	p9_version_chain(&q);
	q.avail->idx = 1;
	queue_add(&q, 0);
	queue_kick(&q);
	linger(q.dev);
	CHECK_EQ(q.used->idx, used);
	CHECK(reg(q.dev, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET);
	if (CHECK(p9_start(&q, P9_FEATURES)))
		CHECK(p9_version_works(&q));
out:
	test_end(h->name);
}

/* What looks odd and is allowed. */

static void start(void)
{
	CHECK(p9_start(&q, P9_FEATURES));
}

static void works_over_the_wrap(void)
{
	start();
	for (unsigned i = 0; i < 3 * P9_QUEUE_SIZE; i++)
		CHECK(p9_version_works(&q));
	CHECK_EQ(q.used->idx, 3 * P9_QUEUE_SIZE);
}

/* 4.2.2.2: a size written to a queue that is ready does not count, whatever it is. */
static void size_frozen_at_work(void)
{
	start();
	for (uint32_t size = 1; size <= 128; size *= 2) {
		set_reg(q.dev, VIRTIO_MMIO_QUEUE_NUM, size);
		for (unsigned i = 0; i < P9_QUEUE_SIZE; i++)
			CHECK(p9_version_works(&q));
	}
	CHECK_EQ(q.used->idx, 8 * P9_QUEUE_SIZE);
}

static void without_optional_features(void)
{
	CHECK(p9_start(&q, FEATURE(VIRTIO_F_VERSION_1)));
	CHECK(p9_version_works(&q));
	CHECK(p9_version_works(&q));
}

static void request_in_pieces(void)
{
	start();
	p9_version_chain(&q);
	queue_desc(&q, 2, P9_REQUEST, 3, NEXT, 7);
	queue_desc(&q, 7, P9_REQUEST + 3, 0, NEXT, 4);
	queue_desc(&q, 4, P9_REQUEST + 3, P9_VERSION_BYTES - 3, NEXT, 5);
	queue_desc(&q, 5, P9_REPLY, 1, WRITE | NEXT, 6);
	queue_desc(&q, 6, P9_REPLY + 1, P9_REPLY_ROOM, WRITE, 0);
	queue_add(&q, 2);
	queue_kick(&q);
	CHECK_EQ(queue_wait(&q, NULL), P9_VERSION_BYTES);
	CHECK(p9_version_answered());
}

static void chain_as_long_as_the_queue(void)
{
	start();
	p9_version_chain(&q);
	for (uint16_t i = 0; i < P9_QUEUE_SIZE - 1; i++)
		queue_desc(&q, i, P9_REQUEST + i * 3U, 3, NEXT, (uint16_t)(i + 1));
	queue_desc(&q, P9_QUEUE_SIZE - 1, P9_REPLY, P9_REPLY_ROOM, WRITE, 0);
	queue_add(&q, 0);
	queue_kick(&q);
	CHECK_EQ(queue_wait(&q, NULL), P9_VERSION_BYTES);
	CHECK(p9_version_answered());
}

static void indirect_works(void)
{
	start();
	(void)table(P9_TABLE, 32, 0);
	queue_kick(&q);
	CHECK_EQ(queue_wait(&q, NULL), P9_VERSION_BYTES);
	CHECK(p9_version_answered());
}

static void buffers_end_with_ram(void)
{
	start();
	p9_put_version(RAM_END - P9_VERSION_BYTES, P9_VERSION_BYTES);
	request_at(RAM_END - P9_VERSION_BYTES, P9_VERSION_BYTES);
	queue_kick(&q);
	CHECK_EQ(queue_wait(&q, NULL), P9_VERSION_BYTES);
	CHECK(p9_version_answered());
}

/* All at once: the ring is full, and the avail index exactly the size ahead. */
static void full_ring(void)
{
	start();
	p9_version_chain(&q);
	for (unsigned i = 0; i < P9_QUEUE_SIZE; i++)
		queue_add(&q, 0);
	queue_kick(&q);
	for (unsigned i = 0; i < P9_QUEUE_SIZE; i++)
		CHECK_EQ(queue_wait(&q, NULL), P9_VERSION_BYTES);
	CHECK(p9_version_works(&q));
}

/* A reply that does not fit is an error in the room there is, and never more than that. */
static void small_room(void)
{
	static const uint8_t untouched[4] = {0xaa, 0xaa, 0xaa, 0xaa};

	start();
	for (uint32_t room = 11; room < P9_VERSION_BYTES; room++) {
		memset((void *)P9_REPLY, 0xaa, 64);
		p9_put_version(P9_REQUEST, P9_VERSION_BYTES);
		queue_desc(&q, 0, P9_REQUEST, P9_VERSION_BYTES, NEXT, 1);
		queue_desc(&q, 1, P9_REPLY, room, WRITE, 0);
		queue_add(&q, 0);
		queue_kick(&q);
		CHECK_EQ(queue_wait(&q, NULL), 11);
		CHECK_EQ(read8(P9_REPLY + 4), P9_RLERROR);
		CHECK(memcmp((void *)(P9_REPLY + 11), untouched, sizeof(untouched)) == 0);
	}
	CHECK(p9_version_works(&q));
}

/* The size a message claims: too little is an error; too much means what was sent. */
static void claimed_size(void)
{
	static const struct {
		uint32_t size;
		uint8_t answer;
	} cases[] = {
		{0, P9_RLERROR},
		{6, P9_RLERROR},
		{7, P9_RLERROR},
		{P9_VERSION_BYTES - 1, P9_RLERROR},
		{P9_VERSION_BYTES, P9_TVERSION + 1},
		{0x7fffffff, P9_TVERSION + 1},
		{0xffffffff, P9_TVERSION + 1},
	};

	start();
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		p9_version_chain(&q);
		p9_put_version(P9_REQUEST, cases[i].size);
		queue_add(&q, 0);
		queue_kick(&q);
		(void)queue_wait(&q, NULL);
		CHECK_EQ(read8(P9_REPLY + 4), cases[i].answer);
	}
}

static void unknown_type(void)
{
	start();
	for (unsigned type = 0; type < 256; type += 5) {
		p9_version_chain(&q);
		write8(P9_REQUEST + 4, (uint8_t)type);
		queue_add(&q, 0);
		queue_kick(&q);
		(void)queue_wait(&q, NULL);
		if (type != P9_TVERSION)
			CHECK_EQ(read8(P9_REPLY + 4), P9_RLERROR);
	}
	CHECK(p9_version_works(&q));
}

/* Nothing is taken from a queue before DRIVER_OK, and then all of it without a kick. */
static void before_driver_ok(void)
{
	start();
	CHECK(virtio_negotiate(q.dev, P9_FEATURES));
	queue_place(&q, q.dev, 0, P9_QUEUE_SIZE, P9_RING);
	CHECK(queue_enable(&q));
	p9_version_chain(&q);
	queue_add(&q, 0);
	queue_kick(&q);
	linger(q.dev);
	CHECK_EQ(q.used->idx, 0);
	virtio_driver_ok(q.dev);
	CHECK_EQ(queue_wait(&q, NULL), P9_VERSION_BYTES);
	CHECK(p9_version_answered());
}

/* The rings are where the requests and replies are: nonsense, but the guest's own. */
static void rings_in_one_place(void)
{
	uint64_t dev = q.dev;

	CHECK(virtio_negotiate(dev, P9_FEATURES));
	queue_place(&q, dev, 0, P9_QUEUE_SIZE, P9_RING);
	queue_set_gpas(dev, P9_RING, P9_RING, P9_RING);
	CHECK(queue_enable(&q));
	virtio_driver_ok(dev);
	memset((void *)P9_RING, 0x01, 256);
	queue_kick(&q);
	linger(q.dev);
	CHECK(p9_start(&q, P9_FEATURES));
	CHECK(p9_version_works(&q));
}

/* Resets and new set-ups while requests are on their way. */
static void resets_at_work(void)
{
	for (unsigned i = 0; i < 20; i++) {
		start();
		p9_version_chain(&q);
		for (unsigned n = 0; n < P9_QUEUE_SIZE; n++)
			queue_add(&q, 0);
		queue_kick(&q);
		if (i % 2) {
			set_reg(q.dev, VIRTIO_MMIO_QUEUE_READY, 0);
			queue_kick(&q);
		}
	}
	start();
	CHECK(p9_version_works(&q));
}

static const struct test allowed[] = {
	{"requests over the wrap of the ring", works_over_the_wrap},
	{"size frozen at work", size_frozen_at_work},
	{"without the optional features", without_optional_features},
	{"request and reply in pieces", request_in_pieces},
	{"chain as long as the queue", chain_as_long_as_the_queue},
	{"indirect table", indirect_works},
	{"buffer that ends with RAM", buffers_end_with_ram},
	{"ring full of requests", full_ring},
	{"nothing before DRIVER_OK", before_driver_ok},
	{"rings in one place", rings_in_one_place},
	{"resets at work", resets_at_work},
	{"9P: small room", small_room},
	{"9P: claimed size", claimed_size},
	{"9P: unknown type", unknown_type},
};

int guest_main(const char *cmdline)
{
	(void)cmdline;
	for (unsigned i = 0; i < ARRAY_SIZE(hostile); i++)
		run_hostile(&hostile[i]);
	return run_tests(allowed, ARRAY_SIZE(allowed));
}
