/* SPDX-License-Identifier: Apache-2.0 */
/* The virtqueue with a driver that breaks every rule of the specification, and one that is random. */
#include "tests/unit/vq_driver.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/layout.h"
#include "core/util.h"
#include "virtio/queue.h"

#define LOW_SIZE  MIB(1)
#define HIGH_SIZE KIB(64)
#define RING      0x1000ULL
#define TABLE     0x8000ULL
#define BUFFERS   0x10000ULL
#define SIZE      8

#define NEXT     VRING_DESC_F_NEXT
#define WRITE    VRING_DESC_F_WRITE
#define INDIRECT VRING_DESC_F_INDIRECT

struct fixture {
	struct guest_mem mem;
	struct virtq vq;
	struct vq_driver driver;
	struct virtq_chain chain;
};

static void start(struct fixture *f, uint16_t size)
{
	f->vq = (struct virtq){.size_max = VIRTQ_SIZE_MAX};
	virtq_reset(&f->vq);
	f->driver = vq_driver_at(&f->mem, RING, size);
	f->vq.size = size;
	f->vq.desc_gpa = f->driver.desc_gpa;
	f->vq.avail_gpa = f->driver.avail_gpa;
	f->vq.used_gpa = f->driver.used_gpa;
	assert_int_equal(virtq_activate(&f->vq, &f->mem, true), 0);
}

static int setup(void **state)
{
	static const uint64_t gpas[] = {0, LAYOUT_HIGH_RAM_BASE}, sizes[] = {LOW_SIZE, HIGH_SIZE};
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	for (; f->mem.count < 2; f->mem.count++) {
		struct guest_mem_region *r = &f->mem.regions[f->mem.count];

		*r = (struct guest_mem_region){.gpa = gpas[f->mem.count],
					       .size = sizes[f->mem.count],
					       .host = calloc(1, sizes[f->mem.count])};
		assert_non_null(r->host);
	}
	start(f, SIZE);
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

/* The queue is broken now, and stays so whatever the driver does, until a reset. */
static void assert_broken(struct fixture *f)
{
	uint16_t next_avail = f->vq.next_avail;

	assert_int_equal(virtq_pop(&f->vq, &f->chain), -EPROTO);
	f->driver.avail_idx = f->vq.next_avail;
	offer_one(&f->driver, 0, BUFFERS, 1, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(virtq_pop(&f->vq, &f->chain), -EPROTO);
	assert_false(virtq_enable_kicks(&f->vq));
	assert_int_equal(f->vq.next_avail, next_avail);

	start(f, SIZE);
	offer_one(&f->driver, 0, BUFFERS, 1, 0);
	assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
	start(f, SIZE);
}

static void index_jumps(void **state)
{
	struct fixture *f = *state;

	static const uint16_t jumps[] = {SIZE + 1, SIZE + 2, 0x7fff, 0x8000, 0xfffe, 0xffff};

	for (unsigned i = 0; i < ARRAY_SIZE(jumps); i++) {
		put16(&f->mem, f->driver.avail_gpa + 2, jumps[i]);
		/* True, so that the device looks, and finds out. */
		assert_true(virtq_enable_kicks(&f->vq));
		assert_broken(f);
	}
	/* As many as the queue holds is no jump. */
	for (unsigned i = 0; i < SIZE; i++)
		put_desc(&f->driver, i, BUFFERS, 1, 0, 0);
	put16(&f->mem, f->driver.avail_gpa + 2, SIZE);
	for (unsigned i = 0; i < SIZE; i++)
		assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
	/* Back again is one. */
	put16(&f->mem, f->driver.avail_gpa + 2, SIZE - 1);
	assert_broken(f);
}

static void bad_heads(void **state)
{
	static const uint16_t heads[] = {SIZE, SIZE + 1, 0x7fff, 0x8000, 0xffff};
	struct fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(heads); i++) {
		offer(&f->driver, heads[i]);
		assert_broken(f);
	}
}

static void bad_next(void **state)
{
	static const uint16_t nexts[] = {SIZE, 0x8000, 0xffff};
	struct fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(nexts); i++) {
		put_desc(&f->driver, 0, BUFFERS, 1, NEXT, nexts[i]);
		offer(&f->driver, 0);
		assert_broken(f);

		put_desc_at(&f->mem, TABLE, 0, BUFFERS, 1, NEXT, nexts[i]);
		offer_one(&f->driver, 0, TABLE, SIZE * 16, INDIRECT);
		assert_broken(f);
	}
	/* Just behind an indirect table, where there happens to be a good descriptor. */
	put_desc_at(&f->mem, TABLE, 0, BUFFERS, 1, NEXT, 2);
	put_desc_at(&f->mem, TABLE, 2, BUFFERS, 1, 0, 0);
	offer_one(&f->driver, 0, TABLE, 2 * 16, INDIRECT);
	assert_broken(f);
}

static void loops(void **state)
{
	struct fixture *f = *state;

	/* To itself. */
	put_desc(&f->driver, 3, BUFFERS, 1, NEXT, 3);
	offer(&f->driver, 3);
	assert_broken(f);
	/* Of all descriptors, one longer than the queue. */
	for (unsigned i = 0; i < SIZE; i++)
		put_desc(&f->driver, i, BUFFERS, 1, NEXT, (uint16_t)((i + 1) % SIZE));
	offer(&f->driver, 0);
	assert_broken(f);
	/* The same of buffers without a byte. */
	for (unsigned i = 0; i < SIZE; i++)
		put_desc(&f->driver, i, BUFFERS, 0, NEXT, (uint16_t)((i + 1) % SIZE));
	offer(&f->driver, 0);
	assert_broken(f);
	/* In an indirect table. */
	put_desc_at(&f->mem, TABLE, 0, BUFFERS, 0, NEXT, 1);
	put_desc_at(&f->mem, TABLE, 1, BUFFERS, 0, NEXT, 0);
	offer_one(&f->driver, 0, TABLE, 2 * 16, INDIRECT);
	assert_broken(f);
}

/* Longer than any queue: a direct descriptor, and a table with as many as a chain may have. */
static void too_many_buffers(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < VIRTQ_SIZE_MAX; i++)
		put_desc_at(&f->mem, TABLE, i, BUFFERS, 1, i + 1 < VIRTQ_SIZE_MAX ? NEXT : 0,
			    (uint16_t)(i + 1));
	offer_one(&f->driver, 1, TABLE, VIRTQ_SIZE_MAX * 16, INDIRECT);
	assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
	assert_int_equal(f->chain.readable, VIRTQ_SIZE_MAX);

	put_desc(&f->driver, 0, BUFFERS, 1, NEXT, 1);
	offer(&f->driver, 0);
	assert_broken(f);
}

static void readable_after_writable(void **state)
{
	struct fixture *f = *state;

	put_desc(&f->driver, 0, BUFFERS, 1, NEXT | WRITE, 1);
	put_desc(&f->driver, 1, BUFFERS, 1, 0, 0);
	offer(&f->driver, 0);
	assert_broken(f);
	put_desc_at(&f->mem, TABLE, 0, BUFFERS, 1, NEXT | WRITE, 1);
	put_desc_at(&f->mem, TABLE, 1, BUFFERS, 1, 0, 0);
	offer_one(&f->driver, 0, TABLE, 2 * 16, INDIRECT);
	assert_broken(f);
}

static void out_of_ram(void **state)
{
	static const struct {
		uint64_t addr;
		uint32_t len;
	} wrong[] = {
		{LOW_SIZE - 1, 2},
		{LOW_SIZE, 1},
		{LOW_SIZE + 1, 0},
		{0, UINT32_MAX},
		{LAYOUT_VIRTIO_MMIO, 4},
		{LAYOUT_HIGH_RAM_BASE - 1, 2},
		{LAYOUT_HIGH_RAM_BASE + HIGH_SIZE - 1, 2},
		{LAYOUT_HIGH_RAM_BASE + HIGH_SIZE, 1},
		{UINT64_MAX, 1},
		{UINT64_MAX, 2},
		{UINT64_MAX - 0xfff, 0x1001},
		{UINT64_MAX - 0xfffff, UINT32_MAX},
		{1ULL << 63, 16},
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		for (unsigned flags = 0; flags <= WRITE; flags += WRITE) {
			offer_one(&f->driver, 0, wrong[i].addr, wrong[i].len, (uint16_t)flags);
			assert_broken(f);
			put_desc(&f->driver, 0, BUFFERS, 1, NEXT, 1);
			put_desc(&f->driver, 1, wrong[i].addr, wrong[i].len, (uint16_t)flags, 0);
			offer(&f->driver, 0);
			assert_broken(f);
			put_desc_at(&f->mem, TABLE, 0, wrong[i].addr, wrong[i].len, (uint16_t)flags,
				    0);
			offer_one(&f->driver, 0, TABLE, 16, INDIRECT);
			assert_broken(f);
		}
	}
}

static void bad_indirect_tables(void **state)
{
	struct fixture *f = *state;

	put_desc_at(&f->mem, TABLE, 0, BUFFERS, 1, 0, 0);
	for (uint32_t len = 0; len <= 64; len++) {
		if (len > 0 && len % 16 == 0)
			continue;
		offer_one(&f->driver, 0, TABLE, len, INDIRECT);
		assert_broken(f);
	}
	offer_one(&f->driver, 0, TABLE, UINT32_MAX, INDIRECT);
	assert_broken(f);
	offer_one(&f->driver, 0, LOW_SIZE - 16, 32, INDIRECT);
	assert_broken(f);
	offer_one(&f->driver, 0, UINT64_MAX - 15, 16, INDIRECT);
	assert_broken(f);
	offer_one(&f->driver, 0, LAYOUT_VIRTIO_MMIO, 16, INDIRECT);
	assert_broken(f);
	/* A table that is not the chain's end (2.7.5.3.1). */
	put_desc(&f->driver, 1, BUFFERS, 1, 0, 0);
	put_desc(&f->driver, 0, TABLE, 16, INDIRECT | NEXT, 1);
	offer(&f->driver, 0);
	assert_broken(f);
	/* A table in a table, and one that holds itself. */
	put_desc_at(&f->mem, TABLE, 0, TABLE + 16, 16, INDIRECT, 0);
	put_desc_at(&f->mem, TABLE, 1, BUFFERS, 1, 0, 0);
	offer_one(&f->driver, 0, TABLE, 16, INDIRECT);
	assert_broken(f);
	put_desc_at(&f->mem, TABLE, 0, TABLE, 16, INDIRECT, 0);
	offer_one(&f->driver, 0, TABLE, 16, INDIRECT);
	assert_broken(f);
}

/* 2.7.5: a chain has at most 2^32 bytes. RAM of that size is a pretence: nothing is touched. */
static void too_many_bytes(void **state)
{
	struct fixture *f = *state;
	uint64_t real_size = f->mem.regions[1].size;

	f->mem.regions[1].size = GIB(4);
	for (unsigned flags = 0; flags <= WRITE; flags += WRITE) {
		uint64_t at = LAYOUT_HIGH_RAM_BASE;

		put_desc(&f->driver, 0, at, (uint32_t)GIB(2), NEXT, 1);
		put_desc(&f->driver, 1, at, (uint32_t)GIB(2), (uint16_t)flags, 0);
		offer(&f->driver, 0);
		assert_int_equal(virtq_pop(&f->vq, &f->chain), 1);
		assert_int_equal(f->chain.readable_bytes + f->chain.writable_bytes, GIB(4));

		put_desc(&f->driver, 1, at, (uint32_t)GIB(2), (uint16_t)(NEXT | flags), 2);
		put_desc(&f->driver, 2, at, 1, (uint16_t)flags, 0);
		offer(&f->driver, 0);
		assert_broken(f);
	}
	f->mem.regions[1].size = real_size;
}

/* Xorshift (Marsaglia): the same tables each time, and a seed to name when one fails. */
static uint32_t random32(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 16);
}

static uint64_t random_address(uint64_t *seed)
{
	static const uint64_t near[] = {
		0, RING, TABLE, BUFFERS, LOW_SIZE, LAYOUT_HIGH_RAM_BASE, UINT64_MAX, 1ULL << 63,
	};
	uint64_t base = near[random32(seed) % ARRAY_SIZE(near)];

	if (random32(seed) % 16 == 0)
		base = LAYOUT_HIGH_RAM_BASE + HIGH_SIZE;
	return base + random32(seed) % 256 - (random32(seed) % 4 ? 0 : 128);
}

static void random_descriptor(uint64_t *seed, const struct fixture *f, uint64_t table, unsigned i,
			      unsigned count)
{
	static const uint16_t flags[] = {0,        NEXT,     NEXT,           NEXT,
					 WRITE,    WRITE,    NEXT | WRITE,   NEXT | WRITE,
					 INDIRECT, INDIRECT, INDIRECT | NEXT};
	uint16_t flag = flags[random32(seed) % ARRAY_SIZE(flags)];
	uint32_t len = random32(seed) % 8 ? random32(seed) % 300 : random32(seed);
	uint16_t next = (uint16_t)(random32(seed) % 16 ? random32(seed) % count : random32(seed));
	uint64_t addr = random32(seed) % 4 ? BUFFERS + random32(seed) % 4096 : random_address(seed);

	if (flag & INDIRECT) {
		len = random32(seed) % 4 ? 16 * (random32(seed) % 200) : len;
		addr = random32(seed) % 4 ? TABLE : addr;
	}
	put_desc_at(&f->mem, table, i, addr, len, flag, next);
}

static bool in_ram(const struct fixture *f, const struct iovec *iov)
{
	const uint8_t *p = iov->iov_base;

	for (unsigned i = 0; i < f->mem.count; i++) {
		const struct guest_mem_region *r = &f->mem.regions[i];

		if (p >= r->host && p <= r->host + r->size &&
		    iov->iov_len <= (size_t)(r->host + r->size - p))
			return true;
	}
	return false;
}

/* What holds of a chain whatever the tables say. */
static void assert_sound(const struct fixture *f, uint64_t seed)
{
	const struct virtq_chain *c = &f->chain;
	uint64_t readable = 0, writable = 0;

	if (c->head >= f->vq.size || c->readable + c->writable == 0 ||
	    c->readable + c->writable > VIRTQ_SIZE_MAX)
		fail_msg("seed %#llx: counts", (unsigned long long)seed);
	for (unsigned i = 0; i < c->readable + c->writable; i++) {
		if (!in_ram(f, &c->iov[i]))
			fail_msg("seed %#llx: buffer %u is not RAM", (unsigned long long)seed, i);
		*(i < c->readable ? &readable : &writable) += c->iov[i].iov_len;
	}
	assert_int_equal(readable, c->readable_bytes);
	assert_int_equal(writable, c->writable_bytes);
	assert_true(readable + writable <= GIB(4));
}

#define TABLE_ENTRIES 200

static void random_tables(void **state)
{
	struct fixture *f = *state;
	unsigned good = 0, refused = 0;

	for (uint64_t run = 1; run <= 40000; run++) {
		uint64_t seed = run * 0x9e3779b97f4a7c15ULL;
		uint16_t size = (uint16_t)(1U << random32(&seed) % 8);
		int r;

		start(f, size);
		for (unsigned i = 0; i < size; i++)
			random_descriptor(&seed, f, f->driver.desc_gpa, i, size);
		for (unsigned i = 0; i < TABLE_ENTRIES; i += 1 + random32(&seed) % 4)
			random_descriptor(&seed, f, TABLE, i, TABLE_ENTRIES);
		for (unsigned i = random32(&seed) % size + 1; i > 0; i--)
			stage(&f->driver, (uint16_t)(random32(&seed) % 32 ? random32(&seed) % size
									  : random32(&seed)));
		if (random32(&seed) % 32 == 0)
			f->driver.avail_idx = (uint16_t)random32(&seed);
		publish(&f->driver);
		while ((r = virtq_pop(&f->vq, &f->chain)) > 0) {
			assert_sound(f, run);
			virtq_push(&f->vq, f->chain.head, 0);
			good++;
		}
		refused += r < 0;
		assert_true(f->vq.next_used <= f->vq.size);
	}
	/* The generator meets both. */
	assert_true(good > 10000);
	assert_true(refused > 10000);
}

struct changer {
	struct fixture *f;
	_Atomic bool stop;
};

/* A second processor of the guest: descriptors good and bad, whole or in halves. */
static void *keep_changing(void *arg)
{
	static const struct vring_desc descs[] = {
		{.addr = BUFFERS, .len = 64},
		{.addr = LOW_SIZE - 16, .len = 4096},
		{.addr = BUFFERS, .len = UINT32_MAX},
		{.addr = UINT64_MAX - 8, .len = 16, .flags = WRITE},
		{.addr = BUFFERS, .len = 64, .flags = NEXT, .next = 1},
		{.addr = BUFFERS, .len = 64, .flags = NEXT, .next = UINT16_MAX},
		{.addr = TABLE, .len = 32, .flags = INDIRECT},
		{.addr = TABLE, .len = 1 << 20, .flags = INDIRECT},
		{.addr = LOW_SIZE - 16, .len = 32, .flags = INDIRECT},
	};
	struct changer *changer = arg;
	const struct guest_mem *mem = &changer->f->mem;

	for (unsigned i = 0; !atomic_load(&changer->stop); i++) {
		const struct vring_desc *d = &descs[i % ARRAY_SIZE(descs)];

		put_desc(&changer->f->driver, i / 3 % 2, d->addr, d->len, d->flags, d->next);
		put_desc_at(mem, TABLE, i / 5 % 2, d->addr, d->len, d->flags & (NEXT | WRITE),
			    d->next);
	}
	return NULL;
}

/* What is used is what was checked. */
static void descriptors_that_change_meanwhile(void **state)
{
	struct fixture *f = *state;
	struct changer changer = {.f = f};
	unsigned good = 0, refused = 0;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, keep_changing, &changer), 0);
	for (unsigned n = 0; n < 2000000 && (n < 200000 || !good || !refused); n++) {
		int r;

		f->vq.broken = false;
		offer(&f->driver, 0);
		r = virtq_pop(&f->vq, &f->chain);
		if (r < 0) {
			refused++;
			f->vq.next_avail++;
			continue;
		}
		good++;
		assert_int_equal(r, 1);
		assert_sound(f, n);
	}
	atomic_store(&changer.stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(good > 0);
	assert_true(refused > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(index_jumps, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_heads, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_next, setup, teardown),
		cmocka_unit_test_setup_teardown(loops, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many_buffers, setup, teardown),
		cmocka_unit_test_setup_teardown(readable_after_writable, setup, teardown),
		cmocka_unit_test_setup_teardown(out_of_ram, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_indirect_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(random_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(descriptors_that_change_meanwhile, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
