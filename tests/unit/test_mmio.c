/* SPDX-License-Identifier: Apache-2.0 */
/* The virtio-mmio register file (virtio 1.2, 4.2.2), with a device that only takes notes. */
#include "tests/unit/virtio_driver.h"

#include <stdlib.h>

#include "core/util.h"

#define DEVICE_ID       42
#define DEVICE_FEATURES ((1ULL << 0) | (1ULL << 31) | (1ULL << 40))
#define ALL_FEATURES    (DEVICE_FEATURES | (1ULL << VIRTIO_F_VERSION_1))
#define QUEUES          3

#define ACKNOWLEDGE VIRTIO_CONFIG_S_ACKNOWLEDGE
#define DRIVER      VIRTIO_CONFIG_S_DRIVER
#define FEATURES_OK VIRTIO_CONFIG_S_FEATURES_OK
#define DRIVER_OK   VIRTIO_CONFIG_S_DRIVER_OK
#define NEEDS_RESET VIRTIO_CONFIG_S_NEEDS_RESET
#define FAILED      VIRTIO_CONFIG_S_FAILED

struct fake {
	struct virtio_device dev;
	struct virtio_mmio mmio;
	struct guest_mem mem;
	unsigned kicks[QUEUES];
	unsigned kick_count;
	unsigned resets;
	unsigned interrupts;
	uint64_t config_offset;
	unsigned config_len;
};

static void fake_read_config(struct virtio_device *dev, uint64_t offset, void *data, unsigned len)
{
	struct fake *f = container_of(dev, struct fake, dev);

	f->config_offset = offset;
	f->config_len = len;
	if (offset == 0)
		*(uint8_t *)data = 0xc0;
}

static void fake_kick(struct virtio_device *dev, unsigned queue)
{
	struct fake *f = container_of(dev, struct fake, dev);

	assert_true(queue < QUEUES);
	f->kicks[queue]++;
	f->kick_count++;
}

static void fake_reset(struct virtio_device *dev)
{
	container_of(dev, struct fake, dev)->resets++;
}

static void fake_raise(void *chip, unsigned pin)
{
	struct fake *f = chip;

	assert_int_equal(pin, 9);
	f->interrupts++;
}

static int setup(void **state)
{
	static const struct virtio_device_ops ops = {
		.read_config = fake_read_config, .kick = fake_kick, .reset = fake_reset};
	struct fake *f = calloc(1, sizeof(*f));
	struct irq_line irq = {.raise = fake_raise, .chip = f, .pin = 9};

	assert_non_null(f);
	assert_int_equal(guest_mem_map(&f->mem, MIB(1)), 0);
	for (unsigned i = 0; i < QUEUES; i++)
		f->dev.queues[i].size_max = (uint16_t)(8 << i);
	/* What lies behind the device's queues is not the driver's to touch. */
	f->dev.queues[QUEUES].size_max = 77;
	virtio_device_init(&f->dev, &ops, DEVICE_ID, DEVICE_FEATURES, QUEUES, &f->mem, irq);
	virtio_mmio_init(&f->mmio, &f->dev, NULL);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fake *f = *state;

	assert_int_equal(f->dev.queues[QUEUES].size_max, 77);
	guest_mem_unmap(&f->mem);
	free(f);
	return 0;
}

static uint32_t status(struct fake *f)
{
	return reg_read(&f->mmio, VIRTIO_MMIO_STATUS);
}

static void set_status(struct fake *f, uint32_t value)
{
	reg_write(&f->mmio, VIRTIO_MMIO_STATUS, value);
}

static void select_queue(struct fake *f, uint32_t index)
{
	reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_SEL, index);
}

static void identity(void **state)
{
	struct fake *f = *state;

	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_MAGIC_VALUE), 0x74726976);
	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_VERSION), 2);
	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_DEVICE_ID), DEVICE_ID);
	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_CONFIG_GENERATION), 0);
	/* No shared memory: a length of -1. */
	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_SHM_LEN_LOW), UINT32_MAX);
	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_SHM_LEN_HIGH), UINT32_MAX);
	assert_int_equal(status(f), 0);
	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
}

/* Registers that are written only, and gaps, read zero; nothing below the config space crashes. */
static void every_offset_and_width(void **state)
{
	static const uint64_t readable[] = {
		VIRTIO_MMIO_MAGIC_VALUE,     VIRTIO_MMIO_VERSION,       VIRTIO_MMIO_DEVICE_ID,
		VIRTIO_MMIO_VENDOR_ID,       VIRTIO_MMIO_QUEUE_NUM_MAX, VIRTIO_MMIO_SHM_LEN_LOW,
		VIRTIO_MMIO_SHM_LEN_HIGH,    VIRTIO_MMIO_SHM_BASE_LOW,  VIRTIO_MMIO_SHM_BASE_HIGH,
		VIRTIO_MMIO_DEVICE_FEATURES,
	};
	struct fake *f = *state;
	uint8_t data[8];

	for (uint64_t offset = 0; offset < VIRTIO_MMIO_CONFIG; offset++) {
		bool known = false;

		for (unsigned i = 0; i < ARRAY_SIZE(readable); i++)
			known |= readable[i] == offset;
		for (unsigned len = 1; len <= 8; len *= 2) {
			bool zero = true;

			memset(data, 0x5a, sizeof(data));
			virtio_mmio_bus_ops.read(&f->mmio, offset, data, len);
			for (unsigned i = 0; i < len; i++)
				zero &= data[i] == 0;
			for (unsigned i = len; i < sizeof(data); i++)
				assert_int_equal(data[i], 0x5a);
			assert_int_equal(zero, !(known && len == 4));
		}
	}
	/* Writes of another width, or not aligned, do nothing. */
	for (uint64_t offset = 0; offset < VIRTIO_MMIO_CONFIG; offset++) {
		memset(data, 0xff, sizeof(data));
		for (unsigned len = 1; len <= 8; len *= 2) {
			if (len != 4 || offset % 4 != 0)
				virtio_mmio_bus_ops.write(&f->mmio, offset, data, len);
		}
	}
	assert_int_equal(status(f), 0);
	assert_int_equal(f->kick_count, 0);
	assert_int_equal(f->dev.driver_features, 0);
	assert_int_equal(f->dev.queues[0].size, 8);
	assert_int_equal(f->dev.queues[0].desc_gpa, 0);
}

static void features_by_halves(void **state)
{
	struct fake *f = *state;

	assert_int_equal(offered_features(&f->mmio), ALL_FEATURES);
	for (unsigned sel = 2; sel < 70; sel++) {
		reg_write(&f->mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, sel);
		assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_DEVICE_FEATURES), 0);
	}
	reg_write(&f->mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, UINT32_MAX);
	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_DEVICE_FEATURES), 0);
	/* Words beyond 64 bits are dropped, not folded. */
	reg_write(&f->mmio, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 2);
	reg_write(&f->mmio, VIRTIO_MMIO_DRIVER_FEATURES, UINT32_MAX);
	reg_write(&f->mmio, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 32);
	reg_write(&f->mmio, VIRTIO_MMIO_DRIVER_FEATURES, UINT32_MAX);
	assert_int_equal(f->dev.driver_features, 0);
}

static void negotiation(void **state)
{
	struct fake *f = *state;

	assert_true(negotiate(&f->mmio, ALL_FEATURES));
	assert_true(negotiate(&f->mmio, 1ULL << VIRTIO_F_VERSION_1)); /* the least */
	assert_false(negotiate(&f->mmio, 0));                         /* a legacy driver */
	assert_false(negotiate(&f->mmio, DEVICE_FEATURES));
	/* Each bit that was not offered is one too many. */
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t feature = 1ULL << bit;

		assert_int_equal(negotiate(&f->mmio, (1ULL << VIRTIO_F_VERSION_1) | feature),
				 (ALL_FEATURES & feature) != 0);
	}
}

static void features_are_settled_with_features_ok(void **state)
{
	struct fake *f = *state;

	assert_true(negotiate(&f->mmio, 1ULL << VIRTIO_F_VERSION_1));
	accept_features(&f->mmio, UINT64_MAX);
	assert_int_equal(f->dev.driver_features, 1ULL << VIRTIO_F_VERSION_1);
	set_status(f, 0);
	assert_int_equal(f->dev.driver_features, 0);
	accept_features(&f->mmio, ALL_FEATURES);
	assert_int_equal(f->dev.driver_features, ALL_FEATURES);
}

static void status_grows_until_a_reset(void **state)
{
	struct fake *f = *state;

	set_status(f, ACKNOWLEDGE);
	set_status(f, DRIVER); /* does not clear */
	assert_int_equal(status(f), ACKNOWLEDGE | DRIVER);
	/* No DRIVER_OK before FEATURES_OK, none of the device's own bits, no other. */
	set_status(f, UINT32_MAX & ~(uint32_t)(FAILED));
	assert_int_equal(status(f), ACKNOWLEDGE | DRIVER);
	assert_false(virtio_device_live(&f->dev));
	assert_int_equal(f->kick_count, 0);
	set_status(f, FAILED);
	assert_int_equal(status(f), ACKNOWLEDGE | DRIVER | FAILED);
	assert_int_equal(f->resets, 0);
	set_status(f, 0);
	assert_int_equal(status(f), 0);
	assert_int_equal(f->resets, 1);
}

static void driver_ok_looks_at_every_queue_once(void **state)
{
	struct fake *f = *state;

	assert_true(negotiate(&f->mmio, ALL_FEATURES));
	assert_false(virtio_device_live(&f->dev));
	reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	assert_int_equal(f->kick_count, 0); /* not yet live */
	driver_ok(&f->mmio);
	assert_true(virtio_device_live(&f->dev));
	for (unsigned i = 0; i < QUEUES; i++)
		assert_int_equal(f->kicks[i], 1);
	driver_ok(&f->mmio);
	assert_int_equal(f->kick_count, QUEUES);
}

static void notify(void **state)
{
	struct fake *f = *state;

	assert_true(negotiate(&f->mmio, ALL_FEATURES));
	driver_ok(&f->mmio);
	f->kick_count = 0;
	memset(f->kicks, 0, sizeof(f->kicks));
	for (uint32_t i = 0; i < QUEUES; i++)
		reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_NOTIFY, i);
	for (unsigned i = 0; i < QUEUES; i++)
		assert_int_equal(f->kicks[i], 1);
	reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_NOTIFY, QUEUES);
	reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0x10000);
	reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_NOTIFY, UINT32_MAX);
	assert_int_equal(f->kick_count, QUEUES);
	/* Given up by the driver, or by the device: nobody is kicked. */
	set_status(f, FAILED);
	reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	assert_int_equal(f->kick_count, QUEUES);
}

static void queue_selection_is_bounded(void **state)
{
	static const uint32_t beyond[] = {QUEUES, QUEUES + 1, 0x80000000, UINT32_MAX};
	struct fake *f = *state;

	for (unsigned i = 0; i < QUEUES; i++) {
		select_queue(f, i);
		assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_QUEUE_NUM_MAX), 8 << i);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(beyond); i++) {
		select_queue(f, beyond[i]);
		assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_QUEUE_NUM_MAX), 0);
		assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_QUEUE_READY), 0);
		for (uint64_t offset = VIRTIO_MMIO_QUEUE_NUM; offset < VIRTIO_MMIO_CONFIG;
		     offset += 4) {
			if (offset != VIRTIO_MMIO_STATUS)
				reg_write(&f->mmio, offset, 1);
		}
	}
	for (unsigned i = 0; i < QUEUES; i++)
		assert_int_equal(f->dev.queues[i].desc_gpa, 0);
}

static void a_ready_queue_is_frozen(void **state)
{
	struct fake *f = *state;
	struct vq_driver d, other = {.size = 4,
				     .desc_gpa = 0x8000,
				     .avail_gpa = 0x9000,
				     .used_gpa = 0xa000000000ULL};
	struct virtq *vq = &f->dev.queues[1];

	assert_true(negotiate(&f->mmio, ALL_FEATURES));
	d = start_queue(&f->mmio, &f->mem, 1, 0x1000);
	set_queue_addresses(&f->mmio, &other);
	assert_int_equal(vq->size, 16);
	assert_int_equal(vq->desc_gpa, d.desc_gpa);
	assert_int_equal(vq->avail_gpa, d.avail_gpa);
	assert_int_equal(vq->used_gpa, d.used_gpa);
	/* Ready once more changes nothing: the position in the ring stays. */
	vq->next_avail = 5;
	reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_int_equal(vq->next_avail, 5);
	/* Not ready: all of it is forgotten, what was written meanwhile too. */
	reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_int_equal(vq->size, 16);
	assert_int_equal(vq->desc_gpa, 0);
	reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_READY, 0);
	/* And it can be set. */
	set_queue_addresses(&f->mmio, &other);
	reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_int_equal(vq->size, 4);
	assert_int_equal(vq->used_gpa, other.used_gpa);
	assert_int_equal(f->dev.queues[0].desc_gpa, 0);
	assert_int_equal(f->dev.queues[2].desc_gpa, 0);
}

/* What can wait comes from threads that hold a device's lock, and is in no place that another one changes. */
static void what_can_wait_takes_no_lock(void **state)
{
	static const uint64_t acted_on[] = {
		VIRTIO_MMIO_DEVICE_FEATURES_SEL, VIRTIO_MMIO_QUEUE_SEL, VIRTIO_MMIO_QUEUE_READY,
		VIRTIO_MMIO_QUEUE_NOTIFY,        VIRTIO_MMIO_STATUS,    VIRTIO_MMIO_CONFIG};
	const struct bus_part *part = virtio_mmio_bus_ops.can_wait;
	struct fake *f = *state;
	unsigned registers = 0;

	assert_int_equal(pthread_mutex_trylock(&f->dev.lock), 0);
	for (; part->size; part++) {
		for (size_t i = 0; i < ARRAY_SIZE(acted_on); i++)
			assert_false(range_inside(acted_on[i], 4, part->offset, part->size));
		for (uint32_t at = 0; at < part->size; at += 4, registers++)
			reg_write(&f->mmio, part->offset + at, 1);
	}
	assert_int_equal(pthread_mutex_unlock(&f->dev.lock), 0);
	assert_true(registers > 8);
}

static void bad_queues_do_not_become_ready(void **state)
{
	static const uint32_t sizes[] = {0, 3, 9, 16, 0x8000, 0x10000, 0x10008, UINT32_MAX};
	struct fake *f = *state;
	struct vq_driver d = vq_driver_at(&f->mem, 0x1000, 8);

	assert_true(negotiate(&f->mmio, ALL_FEATURES));
	select_queue(f, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		set_queue_addresses(&f->mmio, &d);
		reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_NUM, sizes[i]);
		reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_READY, 1);
		assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	}
	d.used_gpa = MIB(1);
	set_queue_addresses(&f->mmio, &d);
	reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	d.used_gpa = 0x3000 | 1ULL << 40; /* the high half counts */
	set_queue_addresses(&f->mmio, &d);
	reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_USED_HIGH, 0);
	reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_QUEUE_READY), 1);
}

static void event_idx_follows_the_features(void **state)
{
	struct fake *f = *state;

	f->dev.features |= 1ULL << VIRTIO_RING_F_EVENT_IDX;
	assert_true(negotiate(&f->mmio, f->dev.features));
	(void)start_queue(&f->mmio, &f->mem, 0, 0x1000);
	assert_true(f->dev.queues[0].event_idx);
	assert_true(negotiate(&f->mmio, ALL_FEATURES));
	(void)start_queue(&f->mmio, &f->mem, 0, 0x1000);
	assert_false(f->dev.queues[0].event_idx);
}

static void interrupt_and_acknowledge(void **state)
{
	struct fake *f = *state;

	assert_true(negotiate(&f->mmio, ALL_FEATURES));
	(void)start_queue(&f->mmio, &f->mem, 0, 0x1000);
	driver_ok(&f->mmio);
	virtio_device_signal(&f->dev, &f->dev.queues[0]);
	assert_int_equal(f->interrupts, 0); /* nothing was pushed */
	virtq_push(&f->dev.queues[0], 0, 0);
	virtio_device_signal(&f->dev, &f->dev.queues[0]);
	assert_int_equal(f->interrupts, 1);
	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_MMIO_INT_VRING);
	virtio_device_fail(&f->dev);
	assert_int_equal(f->interrupts, 2);
	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_INTERRUPT_STATUS),
			 VIRTIO_MMIO_INT_VRING | VIRTIO_MMIO_INT_CONFIG);
	reg_write(&f->mmio, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_VRING);
	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_MMIO_INT_CONFIG);
	reg_write(&f->mmio, VIRTIO_MMIO_INTERRUPT_ACK, UINT32_MAX);
	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
}

static void a_failed_device_needs_a_reset(void **state)
{
	struct fake *f = *state;

	/* Before DRIVER_OK there is nobody to tell (2.1.2). */
	virtio_device_fail(&f->dev);
	assert_int_equal(f->interrupts, 0);
	assert_true(status(f) & NEEDS_RESET);
	assert_true(negotiate(&f->mmio, ALL_FEATURES));
	assert_false(status(f) & NEEDS_RESET);
	driver_ok(&f->mmio);
	virtio_device_fail(&f->dev);
	virtio_device_fail(&f->dev);
	assert_int_equal(f->interrupts, 1); /* said once */
	assert_false(virtio_device_live(&f->dev));
	f->kick_count = 0;
	reg_write(&f->mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	set_status(f, status(f) & ~(uint32_t)NEEDS_RESET);
	assert_true(status(f) & NEEDS_RESET);
	assert_int_equal(f->kick_count, 0);
}

static void reset_forgets_the_driver(void **state)
{
	struct fake *f = *state;

	assert_true(negotiate(&f->mmio, ALL_FEATURES));
	for (unsigned i = 0; i < QUEUES; i++)
		(void)start_queue(&f->mmio, &f->mem, i, 0x1000 + i * 0x4000);
	driver_ok(&f->mmio);
	virtq_push(&f->dev.queues[0], 0, 0);
	virtio_device_signal(&f->dev, &f->dev.queues[0]);
	f->resets = 0;
	set_status(f, 0);
	assert_int_equal(f->resets, 1);
	assert_int_equal(status(f), 0);
	assert_int_equal(f->dev.driver_features, 0);
	assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	for (unsigned i = 0; i < QUEUES; i++) {
		select_queue(f, i);
		assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_QUEUE_READY), 0);
		assert_int_equal(reg_read(&f->mmio, VIRTIO_MMIO_QUEUE_NUM_MAX), 8 << i);
		assert_int_equal(f->dev.queues[i].desc_gpa, 0);
	}
}

static void config_space(void **state)
{
	struct fake *f = *state;
	uint8_t data[8];

	for (unsigned len = 1; len <= 8; len *= 2) {
		memset(data, 0x5a, sizeof(data));
		virtio_mmio_bus_ops.read(&f->mmio, VIRTIO_MMIO_CONFIG, data, len);
		assert_int_equal(f->config_offset, 0);
		assert_int_equal(f->config_len, len);
		assert_int_equal(data[0], 0xc0);
		for (unsigned i = 1; i < 8; i++)
			assert_int_equal(data[i], i < len ? 0 : 0x5a);
	}
	virtio_mmio_bus_ops.read(&f->mmio, 0xfff, data, 1);
	assert_int_equal(f->config_offset, 0xfff - VIRTIO_MMIO_CONFIG);
	assert_int_equal(data[0], 0);
	virtio_mmio_bus_ops.write(&f->mmio, VIRTIO_MMIO_CONFIG, data, 4);
	assert_int_equal(status(f), 0);
}

#define mmio_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		mmio_test(identity),
		mmio_test(every_offset_and_width),
		mmio_test(features_by_halves),
		mmio_test(negotiation),
		mmio_test(features_are_settled_with_features_ok),
		mmio_test(status_grows_until_a_reset),
		mmio_test(driver_ok_looks_at_every_queue_once),
		mmio_test(notify),
		mmio_test(queue_selection_is_bounded),
		mmio_test(a_ready_queue_is_frozen),
		mmio_test(what_can_wait_takes_no_lock),
		mmio_test(bad_queues_do_not_become_ready),
		mmio_test(event_idx_follows_the_features),
		mmio_test(interrupt_and_acknowledge),
		mmio_test(a_failed_device_needs_a_reset),
		mmio_test(reset_forgets_the_driver),
		mmio_test(config_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
