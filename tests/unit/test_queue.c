/* SPDX-License-Identifier: Apache-2.0 */
/* The virtqueue with a driver that keeps the rules; test_queue_hostile.c has the one that does not. */
#include "tests/unit/vq_driver.h"

#include <errno.h>
#include <stdlib.h>

#include "core/layout.h"
#include "core/util.h"
#include "virtio/queue.h"

#define LOW_SIZE  MIB(1)
#define HIGH_SIZE KIB(64)
#define RING      0x1000ULL
#define BUFFERS   0x10000ULL
#define TABLE     0x8000ULL
#define SIZE      8

struct fixture {
	struct guest_mem mem;
	struct virtq vq;
	struct vq_driver driver;
	struct virtq_chain chain;
};

static void set_registers(struct virtq *vq, const struct vq_driver *d)
{
	vq->size = d->size;
	vq->desc_gpa = d->desc_gpa;
	vq->avail_gpa = d->avail_gpa;
	vq->used_gpa = d->used_gpa;
}

static void start(struct fixture *f, uint16_t size, bool event_idx)
{
	f->vq = (struct virtq){.size_max = VIRTQ_SIZE_MAX};
	virtq_reset(&f->vq);
	f->driver = vq_driver_at(&f->mem, RING, size);
	set_registers(&f->vq, &f->driver);
	assert_int_equal(virtq_activate(&f->vq, &f->mem, event_idx), 0);
}

/* Two regions, as a guest above 3 GiB has, of which little is really there. */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->mem.count = 2;
	f->mem.regions[0] = (struct guest_mem_region){
		.gpa = 0, .size = LOW_SIZE, .host = aligned_alloc(4096, LOW_SIZE)};
	f->mem.regions[1] = (struct guest_mem_region){.gpa = LAYOUT_HIGH_RAM_BASE,
						      .size = HIGH_SIZE,
						      .host = aligned_alloc(4096, HIGH_SIZE)};
	assert_non_null(f->mem.regions[0].host);
	assert_non_null(f->mem.regions[1].host);
	memset(f->mem.regions[0].host, 0, LOW_SIZE);
	memset(f->mem.regions[1].host, 0, HIGH_SIZE);
	start(f, SIZE, false);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free(f->mem.regions[0].host);
	free(f->mem.regions[1].host);
	free(f);
	return 0;
}

static void *host(const struct fixture *f, uint64_t gpa)
{
	return at_gpa(&f->mem, gpa, 1);
}

static void pop_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(virtq_pop(&f->vq, &f->chain), 0);
	assert_false(virtq_enable_kicks(&f->vq));
	assert_false(virtq_wants_interrupt(&f->vq));
}

static void a_queue_that_is_not_ready_is_empty(void **state)
{
	struct fixture *f = *state;

	offer_one(&f->driver, 0, BUFFERS, 16, 0);
	f->vq.ready = false;
	assert_int_equal(virtq_pop(&f->vq, &f->chain), 0);
	assert_false(virtq_enable_kicks(&f->vq));
}

static void direct_buffer(void **state)
{
	struct fixture *f = *state;
	uint32_t id, len;

	offer_one(&f->driver, 5, BUFFERS, 100, VRING_DESC_F_WRITE);
	assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
	assert_int_equal(f->chain.head, 5);
	assert_int_equal(f->chain.readable, 0);
	assert_int_equal(f->chain.writable, 1);
	assert_int_equal(f->chain.writable_bytes, 100);
	assert_int_equal(f->chain.readable_bytes, 0);
	assert_ptr_equal(f->chain.iov[0].iov_base, host(f, BUFFERS));
	assert_int_equal(f->chain.iov[0].iov_len, 100);
	assert_int_equal(virtq_pop(&f->vq, &f->chain), 0);

	assert_false(take_used(&f->driver, &id, &len));
	virtq_push(&f->vq, 5, 42);
	assert_true(take_used(&f->driver, &id, &len));
	assert_int_equal(id, 5);
	assert_int_equal(len, 42);
	assert_false(take_used(&f->driver, &id, &len));
}

static void chained_buffers(void **state)
{
	struct fixture *f = *state;

	put_desc(&f->driver, 3, BUFFERS, 10, VRING_DESC_F_NEXT, 7);
	put_desc(&f->driver, 7, BUFFERS + 0x1000, 20, VRING_DESC_F_NEXT, 0);
	put_desc(&f->driver, 0, BUFFERS + 0x2000, 30, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 1);
	/* The last byte of RAM is RAM; a high address too. */
	put_desc(&f->driver, 1, LOW_SIZE - 4, 4, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 2);
	put_desc(&f->driver, 2, LAYOUT_HIGH_RAM_BASE + HIGH_SIZE - 8, 8, VRING_DESC_F_WRITE, 99);
	offer(&f->driver, 3);
	assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
	assert_int_equal(f->chain.readable, 2);
	assert_int_equal(f->chain.writable, 3);
	assert_int_equal(f->chain.readable_bytes, 30);
	assert_int_equal(f->chain.writable_bytes, 42);
	assert_ptr_equal(f->chain.iov[0].iov_base, host(f, BUFFERS));
	assert_ptr_equal(f->chain.iov[1].iov_base, host(f, BUFFERS + 0x1000));
	assert_ptr_equal(f->chain.iov[2].iov_base, host(f, BUFFERS + 0x2000));
	assert_ptr_equal(f->chain.iov[3].iov_base, host(f, LOW_SIZE - 4));
	assert_ptr_equal(f->chain.iov[4].iov_base, host(f, LAYOUT_HIGH_RAM_BASE + HIGH_SIZE - 8));
	assert_int_equal(f->chain.iov[4].iov_len, 8);
}

static void a_chain_may_be_as_long_as_the_queue(void **state)
{
	struct fixture *f = *state;

	start(f, VIRTQ_SIZE_MAX, false);
	for (unsigned i = 0; i < VIRTQ_SIZE_MAX; i++)
		put_desc(&f->driver, i, BUFFERS + i, 1,
			 i + 1 < VIRTQ_SIZE_MAX ? VRING_DESC_F_NEXT : 0, (uint16_t)(i + 1));
	offer(&f->driver, 0);
	assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
	assert_int_equal(f->chain.readable, VIRTQ_SIZE_MAX);
}

static void indirect_table(void **state)
{
	struct fixture *f = *state;

	put_desc_at(&f->mem, TABLE, 0, BUFFERS, 11, VRING_DESC_F_NEXT, 2);
	put_desc_at(&f->mem, TABLE, 1, BUFFERS + 64, 13, VRING_DESC_F_WRITE, 0);
	put_desc_at(&f->mem, TABLE, 2, BUFFERS + 32, 12, VRING_DESC_F_NEXT, 1);
	/* WRITE on the table itself is to be ignored (2.7.5.3.2). */
	offer_one(&f->driver, 6, TABLE, 3 * 16, VRING_DESC_F_INDIRECT | VRING_DESC_F_WRITE);
	assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
	assert_int_equal(f->chain.head, 6);
	assert_int_equal(f->chain.readable, 2);
	assert_int_equal(f->chain.writable, 1);
	assert_int_equal(f->chain.readable_bytes, 23);
	assert_int_equal(f->chain.writable_bytes, 13);
	assert_ptr_equal(f->chain.iov[1].iov_base, host(f, BUFFERS + 32));
	assert_ptr_equal(f->chain.iov[2].iov_base, host(f, BUFFERS + 64));
}

static void indirect_after_direct(void **state)
{
	struct fixture *f = *state;

	put_desc(&f->driver, 0, BUFFERS, 5, VRING_DESC_F_NEXT, 1);
	put_desc(&f->driver, 1, TABLE, 2 * 16, VRING_DESC_F_INDIRECT, 0);
	put_desc_at(&f->mem, TABLE, 0, BUFFERS + 64, 6, VRING_DESC_F_NEXT, 1);
	put_desc_at(&f->mem, TABLE, 1, BUFFERS + 128, 7, VRING_DESC_F_WRITE, 0);
	offer(&f->driver, 0);
	assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
	assert_int_equal(f->chain.readable, 2);
	assert_int_equal(f->chain.writable, 1);
}

static void an_indirect_table_may_be_longer_than_its_chain(void **state)
{
	struct fixture *f = *state;

	put_desc_at(&f->mem, TABLE, 0, BUFFERS, 5, 0, 0);
	offer_one(&f->driver, 0, TABLE, 1000 * 16, VRING_DESC_F_INDIRECT);
	assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
	assert_int_equal(f->chain.readable, 1);
}

static void unpop_gives_the_same_again(void **state)
{
	struct fixture *f = *state;

	offer_one(&f->driver, 2, BUFFERS, 5, 0);
	offer_one(&f->driver, 4, BUFFERS, 6, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
		assert_int_equal(f->chain.head, 2);
		virtq_unpop(&f->vq);
	}
	assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
	assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
	assert_int_equal(f->chain.head, 4);
	virtq_unpop(&f->vq);
	assert_true(virtq_enable_kicks(&f->vq));
	assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
	assert_int_equal(f->chain.head, 4);
	assert_false(virtq_enable_kicks(&f->vq));
}

/*
 * 70,000 buffers, a varying number in flight, returned out of order: the 16-bit indices wrap, every
 * buffer comes once and goes back once.
 */
static void play_many(struct fixture *f, bool event_idx)
{
	unsigned sent = 0, returned = 0;
	bool busy[SIZE] = {false};

	start(f, SIZE, event_idx);
	for (unsigned round = 0; returned < 70000; round++) {
		uint16_t heads[SIZE];
		unsigned batch = 1 + round % SIZE, taken = 0;
		uint32_t id, len;

		for (unsigned i = 0; i < batch; i++) {
			uint16_t head = (uint16_t)((sent * 3) % SIZE);

			assert_false(busy[head]);
			busy[head] = true;
			put_desc(&f->driver, head, BUFFERS + sent % 4096, 1 + sent % 1000, 0, 0);
			stage(&f->driver, head);
			sent++;
		}
		publish(&f->driver);
		if (event_idx)
			set_used_event(&f->driver, (uint16_t)(f->driver.used_idx + batch - 1));
		for (; taken < batch; taken++) {
			unsigned n = returned + taken;

			assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
			assert_int_equal(f->chain.readable_bytes, 1 + n % 1000);
			assert_ptr_equal(f->chain.iov[0].iov_base, host(f, BUFFERS + n % 4096));
			heads[taken] = f->chain.head;
		}
		assert_int_equal(virtq_pop(&f->vq, &f->chain), 0);
		assert_false(virtq_enable_kicks(&f->vq));
		if (event_idx)
			assert_int_equal(get_avail_event(&f->driver), f->driver.avail_idx);
		for (unsigned i = batch; i-- > 0;) {
			virtq_push(&f->vq, heads[i], heads[i] + 1000U);
			/* With used_event at the batch's end, that one alone interrupts. */
			assert_int_equal(virtq_wants_interrupt(&f->vq), !event_idx || i == 0);
		}
		for (unsigned i = batch; i-- > 0;) {
			assert_true(take_used(&f->driver, &id, &len));
			assert_int_equal(id, heads[i]);
			assert_int_equal(len, heads[i] + 1000U);
			assert_true(busy[id]);
			busy[id] = false;
			returned++;
		}
		assert_false(take_used(&f->driver, &id, &len));
	}
}

static void many_buffers(void **state)
{
	play_many(*state, false);
}

static void many_buffers_with_event_idx(void **state)
{
	play_many(*state, true);
}

static void interrupts_by_flag(void **state)
{
	struct fixture *f = *state;

	virtq_push(&f->vq, 0, 0);
	assert_true(virtq_wants_interrupt(&f->vq));
	assert_false(virtq_wants_interrupt(&f->vq)); /* for each push once */
	set_avail_flags(&f->driver, VRING_AVAIL_F_NO_INTERRUPT);
	virtq_push(&f->vq, 0, 0);
	assert_false(virtq_wants_interrupt(&f->vq));
	set_avail_flags(&f->driver, 0);
	assert_false(virtq_wants_interrupt(&f->vq)); /* considered already */
	virtq_push(&f->vq, 0, 0);
	assert_true(virtq_wants_interrupt(&f->vq));
}

static void interrupts_by_event_idx(void **state)
{
	struct fixture *f = *state;

	start(f, SIZE, true);
	set_avail_flags(&f->driver, VRING_AVAIL_F_NO_INTERRUPT); /* means nothing now */
	set_used_event(&f->driver, 2);                           /* after the third */
	for (unsigned i = 0; i < 5; i++) {
		virtq_push(&f->vq, 0, 0);
		assert_int_equal(virtq_wants_interrupt(&f->vq), i == 2);
	}
	/* Several pushes at once that pass the event. */
	set_used_event(&f->driver, 6);
	for (unsigned i = 0; i < 4; i++)
		virtq_push(&f->vq, 0, 0);
	assert_true(virtq_wants_interrupt(&f->vq));
}

static void enabling_kicks_sees_what_came_meanwhile(void **state)
{
	struct fixture *f = *state;

	start(f, SIZE, true);
	assert_false(virtq_enable_kicks(&f->vq));
	assert_int_equal(get_avail_event(&f->driver), 0);
	offer_one(&f->driver, 0, BUFFERS, 1, 0);
	assert_true(virtq_enable_kicks(&f->vq));
	assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
	assert_int_equal(get_avail_event(&f->driver), 0); /* kicks stay off until asked for */
	assert_false(virtq_enable_kicks(&f->vq));
	assert_int_equal(get_avail_event(&f->driver), 1);
}

/* A driver that fills the queue kicks for none of it, until the device asks. */
static void a_quiet_start(void **state)
{
	struct fixture *f = *state;

	f->vq.starts_quiet = true;
	virtq_reset(&f->vq); /* which leaves that as it is */
	set_registers(&f->vq, &f->driver);
	assert_int_equal(virtq_activate(&f->vq, &f->mem, true), 0);
	for (uint16_t added = 1; added < UINT16_MAX; added++)
		assert_false(vring_need_event(get_avail_event(&f->driver), added,
					      (uint16_t)(added - 1)));
	assert_false(virtq_enable_kicks(&f->vq));
	assert_true(vring_need_event(get_avail_event(&f->driver), 1, 0));
}

static void without_event_idx_the_driver_always_kicks(void **state)
{
	struct fixture *f = *state;

	offer_one(&f->driver, 0, BUFFERS, 1, 0);
	assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
	assert_false(virtq_enable_kicks(&f->vq));
	assert_int_equal(get16(&f->mem, f->driver.used_gpa), 0); /* VRING_USED_F_NO_NOTIFY */
	assert_int_equal(get_avail_event(&f->driver), 0);
}

static int activate_with(struct fixture *f, uint16_t size, uint64_t desc, uint64_t avail,
			 uint64_t used)
{
	struct virtq vq = {.size_max = 64};
	int r;

	virtq_reset(&vq);
	assert_int_equal(vq.size, 64);
	vq.size = size;
	vq.desc_gpa = desc;
	vq.avail_gpa = avail;
	vq.used_gpa = used;
	r = virtq_activate(&vq, &f->mem, false);
	assert_int_equal(vq.ready, r == 0);
	return r;
}

static void activation_checks_the_size(void **state)
{
	struct fixture *f = *state;

	for (unsigned size = 0; size <= UINT16_MAX; size++) {
		bool good = size > 0 && size <= 64 && (size & (size - 1)) == 0;

		assert_int_equal(
			activate_with(f, (uint16_t)size, RING, RING + 0x1000, RING + 0x2000),
			good ? 0 : -EINVAL);
	}
}

static void activation_checks_alignment(void **state)
{
	struct fixture *f = *state;

	for (uint64_t off = 0; off < 32; off++) {
		assert_int_equal(activate_with(f, 8, RING + off, RING + 0x1000, RING + 0x2000),
				 off % 16 ? -EINVAL : 0);
		assert_int_equal(activate_with(f, 8, RING, RING + 0x1000 + off, RING + 0x2000),
				 off % 2 ? -EINVAL : 0);
		assert_int_equal(activate_with(f, 8, RING, RING + 0x1000, RING + 0x2000 + off),
				 off % 4 ? -EINVAL : 0);
	}
}

/* Each area up to the last byte of RAM, and one step further. */
static void activation_checks_ram(void **state)
{
	struct fixture *f = *state;
	const uint64_t desc = 8 * 16, avail = 4 + 2 * 8 + 2, used = 4 + 8 * 8 + 2;
	const uint64_t ends[] = {LOW_SIZE, LAYOUT_HIGH_RAM_BASE + HIGH_SIZE};

	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
		uint64_t end = ends[i], used_at = align_down(end - used, 4);

		assert_int_equal(activate_with(f, 8, end - desc, RING, RING), 0);
		assert_int_equal(activate_with(f, 8, end - desc + 16, RING, RING), -EINVAL);
		assert_int_equal(activate_with(f, 8, RING, end - avail, RING), 0);
		assert_int_equal(activate_with(f, 8, RING, end - avail + 2, RING), -EINVAL);
		assert_int_equal(activate_with(f, 8, RING, RING, used_at), 0);
		assert_int_equal(activate_with(f, 8, RING, RING, used_at + 4), -EINVAL);
		assert_int_equal(activate_with(f, 8, end, RING, RING), -EINVAL);
	}
	/* Between the regions, before the second, and where the sum wraps. */
	assert_int_equal(activate_with(f, 8, 0xd0000000, RING, RING), -EINVAL);
	assert_int_equal(activate_with(f, 8, RING, LAYOUT_HIGH_RAM_BASE - 2, RING), -EINVAL);
	assert_int_equal(activate_with(f, 8, UINT64_MAX - 15, RING, RING), -EINVAL);
	assert_int_equal(activate_with(f, 8, RING, UINT64_MAX - 1, RING), -EINVAL);
	assert_int_equal(activate_with(f, 8, RING, RING, UINT64_MAX - 3), -EINVAL);
}

static void reset_forgets_all_but_size_max(void **state)
{
	struct fixture *f = *state;

	virtq_reset(&f->vq);
	assert_int_equal(f->vq.size_max, VIRTQ_SIZE_MAX);
	assert_int_equal(f->vq.size, VIRTQ_SIZE_MAX);
	assert_int_equal(f->vq.desc_gpa, 0);
	assert_int_equal(f->vq.avail_gpa, 0);
	assert_int_equal(f->vq.used_gpa, 0);
	assert_false(f->vq.ready);
	assert_null(f->vq.used);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pop_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_queue_that_is_not_ready_is_empty, setup,
						teardown),
		cmocka_unit_test_setup_teardown(direct_buffer, setup, teardown),
		cmocka_unit_test_setup_teardown(chained_buffers, setup, teardown),
		cmocka_unit_test_setup_teardown(a_chain_may_be_as_long_as_the_queue, setup,
						teardown),
		cmocka_unit_test_setup_teardown(indirect_table, setup, teardown),
		cmocka_unit_test_setup_teardown(indirect_after_direct, setup, teardown),
		cmocka_unit_test_setup_teardown(an_indirect_table_may_be_longer_than_its_chain,
						setup, teardown),
		cmocka_unit_test_setup_teardown(unpop_gives_the_same_again, setup, teardown),
		cmocka_unit_test_setup_teardown(many_buffers, setup, teardown),
		cmocka_unit_test_setup_teardown(many_buffers_with_event_idx, setup, teardown),
		cmocka_unit_test_setup_teardown(interrupts_by_flag, setup, teardown),
		cmocka_unit_test_setup_teardown(interrupts_by_event_idx, setup, teardown),
		cmocka_unit_test_setup_teardown(enabling_kicks_sees_what_came_meanwhile, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_quiet_start, setup, teardown),
		cmocka_unit_test_setup_teardown(without_event_idx_the_driver_always_kicks, setup,
						teardown),
		cmocka_unit_test_setup_teardown(activation_checks_the_size, setup, teardown),
		cmocka_unit_test_setup_teardown(activation_checks_alignment, setup, teardown),
		cmocka_unit_test_setup_teardown(activation_checks_ram, setup, teardown),
		cmocka_unit_test_setup_teardown(reset_forgets_all_but_size_max, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
