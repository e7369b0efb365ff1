/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of writes that wait, filled as KVM fills it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/util.h"
#include "vmm/deferred.h"

#define PAGE_SIZE 4096UL
#define BASE      0xd0000000ULL
#define ENTRIES   KVM_COALESCED_MMIO_MAX
#define SEEN_MAX  4096

static struct seen {
	unsigned count;
	uint64_t offset[SEEN_MAX];
	uint32_t value[SEEN_MAX];
	void (*on_write)(void);
} seen;

static void see(void *dev, uint64_t offset, const void *data, unsigned len)
{
	assert_ptr_equal(dev, &seen);
	assert_int_equal(len, 4);
	assert_true(seen.count < SEEN_MAX);
	seen.offset[seen.count] = offset;
	memcpy(&seen.value[seen.count], data, 4);
	seen.count++;
	if (seen.on_write)
		seen.on_write();
}

static void no_read(void *dev, uint64_t offset, void *data, unsigned len)
{
	(void)dev;
	(void)offset;
	(void)data;
	(void)len;
	fail();
}

static const struct bus_ops ops = {.read = no_read, .write = see};
static struct bus bus, ports;
static struct deferred deferred;

static int setup(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	memset(&bus, 0, sizeof(bus));
	memset(&ports, 0, sizeof(ports));
	assert_int_equal(bus_add(&bus, BASE, 0x1000, &ops, &seen), 0);
	/* Not a VM: there is no ring, but a test's own. */
	deferred_init(&deferred, -1, NULL, 3 * PAGE_SIZE, &bus, &ports);
	assert_null(deferred.ring);
	deferred_settle(&deferred);
	deferred.ring = calloc(1, PAGE_SIZE);
	return deferred.ring ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(deferred.ring);
	return 0;
}

/* As coalesced_mmio_write() does it. False: no room. */
static bool put(uint64_t gpa, uint32_t value, uint32_t len)
{
	struct kvm_coalesced_mmio_ring *ring = deferred.ring;
	uint32_t first = __atomic_load_n(&ring->first, __ATOMIC_ACQUIRE);
	struct kvm_coalesced_mmio *entry = &ring->coalesced_mmio[ring->last];

	if ((ring->last + 1) % ENTRIES == first)
		return false;
	*entry = (struct kvm_coalesced_mmio){.phys_addr = gpa, .len = len};
	memcpy(entry->data, &value, sizeof(value));
	__atomic_store_n(&ring->last, (uint32_t)((ring->last + 1) % ENTRIES), __ATOMIC_RELEASE);
	return true;
}

static void test_order(void **state)
{
	uint32_t put_so_far = 0;

	(void)state;
	/* Several times around, in portions of all sizes. */
	for (uint32_t portion = 0; portion < 60; portion++) {
		for (uint32_t i = 0; i < portion; i++, put_so_far++)
			assert_true(put(BASE + 4 * (put_so_far % 64), put_so_far, 4));
		deferred_settle(&deferred);
		assert_int_equal(seen.count, put_so_far);
	}
	for (uint32_t i = 0; i < put_so_far; i++) {
		assert_int_equal(seen.value[i], i);
		assert_int_equal(seen.offset[i], 4 * (i % 64));
	}
	deferred_settle(&deferred);
	assert_int_equal(seen.count, put_so_far);
}

static void test_a_full_ring(void **state)
{
	uint32_t n = 0;

	(void)state;
	while (put(BASE, n, 4))
		n++;
	assert_int_equal(n, ENTRIES - 1);
	deferred_settle(&deferred);
	assert_int_equal(seen.count, n);
	assert_true(put(BASE, 0, 4));
}

/* KVM vouches for the ring; what is in it goes the way of any write. */
static void test_addresses_of_no_device(void **state)
{
	(void)state;
	assert_true(put(BASE - 4, 1, 4));
	assert_true(put(UINT64_MAX, 1, UINT32_MAX));
	assert_true(put(BASE + 0xffe, 1, 4));
	assert_true(put(BASE + 8, 2, 4));
	deferred_settle(&deferred);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.value[0], 2);
}

static void write_another(void)
{
	(void)put(BASE, 7, 4);
}

/* A guest that writes as fast as it is read keeps nobody for ever. */
static void test_a_guest_that_never_stops(void **state)
{
	(void)state;
	seen.on_write = write_another;
	write_another();
	write_another();
	deferred_settle(&deferred);
	assert_int_equal(seen.count, 2);
	deferred_settle(&deferred);
	assert_int_equal(seen.count, 4);
}

#define THREAD_WRITES 2000

static void *settle_often(void *arg)
{
	const _Atomic bool *over = arg;

	while (!*over)
		deferred_settle(&deferred);
	return NULL;
}

/* Whoever finds nothing to settle, finds it settled. */
static void test_two_threads(void **state)
{
	_Atomic bool over = false;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, settle_often, &over), 0);
	for (uint32_t i = 0; i < THREAD_WRITES; i++) {
		while (!put(BASE, i, 4))
			;
		if (i % 3 == 0) {
			deferred_settle(&deferred);
			assert_int_equal(seen.count, i + 1);
		}
	}
	over = true;
	assert_int_equal(pthread_join(thread, NULL), 0);
	deferred_settle(&deferred);
	assert_int_equal(seen.count, THREAD_WRITES);
	for (uint32_t i = 0; i < THREAD_WRITES; i++)
		assert_int_equal(seen.value[i], i);
}

/* What KVM says to it does not matter here; that nothing is left behind does. */
static void test_stop(void **state)
{
	static const struct bus_part parts[] = {{0, 4}, {0, 0}};
	static const struct bus_ops waiting = {.read = no_read, .write = see, .can_wait = parts};

	(void)state;
	bus.ranges[0].ops = &waiting;
	assert_true(put(BASE, 1, 4));
	deferred_stop(&deferred, BASE); /* nothing waits there yet */
	assert_false(deferred.stopped[0]);
	deferred_written(&deferred, &bus, BASE + 0x1000, 4);
	deferred_written(&deferred, &ports, BASE, 4);
	assert_false(deferred.registered);
	deferred_written(&deferred, &bus, BASE + 8, 4);
	assert_true(deferred.registered);
	assert_true(put(BASE, 2, 4));
	deferred_stop(&deferred, BASE);
	assert_true(deferred.stopped[0]);
	assert_int_equal(seen.count, 2);
}

/* The same address is another place on the other bus. */
static void test_ports(void **state)
{
	(void)state;
	assert_int_equal(bus_add(&ports, 0x80, 4, &ops, &seen), 0);
	assert_true(put(0x80, 1, 4));
	deferred_settle(&deferred);
	assert_int_equal(seen.count, 0);
	assert_true(put(0x80, 1, 4));
	deferred.ring->coalesced_mmio[1].pio = 1;
	deferred_settle(&deferred);
	assert_int_equal(seen.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_full_ring, setup, teardown),
		cmocka_unit_test_setup_teardown(test_addresses_of_no_device, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_guest_that_never_stops, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_threads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ports, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
