/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register file of virtio-mmio (virtio 1.2, 4.2.2) and device initialisation (3.1), for each kind of
 * device: the machine has a console and a 9P share with the tag "root".
 */
#include <linux/virtio_9p.h>
#include <linux/virtio_console.h>

#include "tests/guest/lib/virtio.h"

#define DRIVER    (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER)
#define FEATURED  (DRIVER | VIRTIO_CONFIG_S_FEATURES_OK)
#define RUNNING   (FEATURED | VIRTIO_CONFIG_S_DRIVER_OK)
#define VERSION_1 FEATURE(VIRTIO_F_VERSION_1)
#define RING      FREE_RAM

/* The device under test, and what is to be known about it. */
static uint64_t dev;
static uint32_t device_id;
static uint64_t device_features;
static unsigned queue_count;
static uint16_t queue_max[6];
static uint64_t config_bytes;

static void select_queue(unsigned index)
{
	set_reg(dev, VIRTIO_MMIO_QUEUE_SEL, index);
}

static uint32_t status(void)
{
	return reg(dev, VIRTIO_MMIO_STATUS);
}

static void reset(void)
{
	set_reg(dev, VIRTIO_MMIO_STATUS, 0);
}

static void identity(void)
{
	CHECK_EQ(reg(dev, VIRTIO_MMIO_MAGIC_VALUE), 0x74726976);
	CHECK_EQ(reg(dev, VIRTIO_MMIO_VERSION), 2);
	CHECK_EQ(reg(dev, VIRTIO_MMIO_DEVICE_ID), device_id);
	CHECK(reg(dev, VIRTIO_MMIO_VENDOR_ID) != 0);
	/* Read-only registers. */
	for (uint32_t i = VIRTIO_MMIO_MAGIC_VALUE; i <= VIRTIO_MMIO_VENDOR_ID; i += 4)
		set_reg(dev, i, 0);
	CHECK_EQ(reg(dev, VIRTIO_MMIO_MAGIC_VALUE), 0x74726976);
	CHECK_EQ(reg(dev, VIRTIO_MMIO_DEVICE_ID), device_id);
}

static void device_features_words(void)
{
	static const uint32_t beyond[] = {2, 3, 32, 0x80000000, 0xffffffff};

	CHECK_EQ(virtio_offered(dev), device_features);
	for (unsigned i = 0; i < ARRAY_SIZE(beyond); i++) {
		set_reg(dev, VIRTIO_MMIO_DEVICE_FEATURES_SEL, beyond[i]);
		CHECK_EQ(reg(dev, VIRTIO_MMIO_DEVICE_FEATURES), 0);
	}
}

static void features_refused(void)
{
	/* 6.1: VERSION_1 must be accepted. */
	CHECK(!virtio_negotiate(dev, 0));
	CHECK_EQ(status(), DRIVER);
	CHECK(!virtio_negotiate(dev, device_features & ~VERSION_1));
	/* 3.1.1: nothing that was not offered. */
	for (unsigned bit = 0; bit < 64; bit++) {
		if (!(device_features & FEATURE(bit)))
			CHECK(!virtio_negotiate(dev, VERSION_1 | FEATURE(bit)));
	}
	CHECK(virtio_negotiate(dev, VERSION_1));
	CHECK(virtio_negotiate(dev, device_features));
	CHECK_EQ(status(), FEATURED);
}

/* Words of feature bits beyond the 64 there are do not land in the others. */
static void driver_features_select(void)
{
	reset();
	set_reg(dev, VIRTIO_MMIO_STATUS, DRIVER);
	set_reg(dev, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	set_reg(dev, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(VERSION_1 >> 32));
	set_reg(dev, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 2);
	set_reg(dev, VIRTIO_MMIO_DRIVER_FEATURES, 0xffffffff);
	set_reg(dev, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0xffffffff);
	set_reg(dev, VIRTIO_MMIO_DRIVER_FEATURES, 0xffffffff);
	set_reg(dev, VIRTIO_MMIO_STATUS, FEATURED);
	CHECK_EQ(status(), FEATURED);
}

static void driver_ok_needs_features(void)
{
	reset();
	set_reg(dev, VIRTIO_MMIO_STATUS, DRIVER | VIRTIO_CONFIG_S_DRIVER_OK);
	CHECK_EQ(status(), DRIVER);
	/* All at once, with features that are refused. */
	set_reg(dev, VIRTIO_MMIO_STATUS, RUNNING);
	CHECK_EQ(status(), DRIVER);
	set_reg(dev, VIRTIO_MMIO_STATUS, 0xffffffff);
	CHECK_EQ(status(), DRIVER | VIRTIO_CONFIG_S_FAILED);
	reset();
	CHECK_EQ(status(), 0);
}

static void features_freeze(void)
{
	CHECK(virtio_negotiate(dev, VERSION_1));
	set_reg(dev, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	set_reg(dev, VIRTIO_MMIO_DRIVER_FEATURES, 0xffffffff);
	virtio_driver_ok(dev);
	CHECK_EQ(status(), RUNNING);
	/* A bit is cleared by a reset only. */
	set_reg(dev, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	CHECK_EQ(status(), RUNNING);
}

static void queue_sizes(void)
{
	reset();
	for (unsigned i = 0; i < queue_count; i++) {
		select_queue(i);
		CHECK_EQ(reg(dev, VIRTIO_MMIO_QUEUE_NUM_MAX), queue_max[i]);
		CHECK_EQ(reg(dev, VIRTIO_MMIO_QUEUE_READY), 0);
	}
}

static void queues_there_are_not(void)
{
	const uint32_t beyond[] = {queue_count, 8, 0xffff, 0x10000, 0x80000000, 0xffffffff};

	CHECK(virtio_negotiate(dev, device_features));
	for (unsigned i = 0; i < ARRAY_SIZE(beyond); i++) {
		select_queue(beyond[i]);
		CHECK_EQ(reg(dev, VIRTIO_MMIO_QUEUE_NUM_MAX), 0);
		set_reg(dev, VIRTIO_MMIO_QUEUE_NUM, 1);
		queue_set_gpas(dev, RING, RING + 0x800, RING + 0xa00);
		set_reg(dev, VIRTIO_MMIO_QUEUE_READY, 1);
		CHECK_EQ(reg(dev, VIRTIO_MMIO_QUEUE_READY), 0);
	}
	virtio_driver_ok(dev);
	for (unsigned i = 0; i < ARRAY_SIZE(beyond); i++)
		set_reg(dev, VIRTIO_MMIO_QUEUE_NOTIFY, beyond[i]);
	for (unsigned i = 0; i < queue_count; i++) /* not ready */
		set_reg(dev, VIRTIO_MMIO_QUEUE_NOTIFY, i);
	linger(dev);
	CHECK_EQ(status(), RUNNING);
}

/* Does queue 0 become ready like this? */
static bool ready_with(uint32_t size, uint64_t desc, uint64_t avail, uint64_t used)
{
	bool ready;

	select_queue(0);
	set_reg(dev, VIRTIO_MMIO_QUEUE_READY, 0);
	set_reg(dev, VIRTIO_MMIO_QUEUE_NUM, size);
	queue_set_gpas(dev, desc, avail, used);
	set_reg(dev, VIRTIO_MMIO_QUEUE_READY, 1);
	ready = reg(dev, VIRTIO_MMIO_QUEUE_READY);
	set_reg(dev, VIRTIO_MMIO_QUEUE_READY, 0);
	CHECK_EQ(reg(dev, VIRTIO_MMIO_QUEUE_READY), 0);
	return ready;
}

static void bad_queue_sizes(void)
{
	CHECK(virtio_negotiate(dev, device_features));
	for (uint32_t size = 0; size <= 2U * queue_max[0]; size++) {
		bool good = size && size <= queue_max[0] && !(size & (size - 1));

		CHECK_EQ(ready_with(size, RING, RING + 0x1000, RING + 0x2000), good);
	}
	CHECK(!ready_with(0x10001, RING, RING + 0x1000, RING + 0x2000));
	CHECK(!ready_with(0x80000000, RING, RING + 0x1000, RING + 0x2000));
	CHECK(!ready_with(0xffffffff, RING, RING + 0x1000, RING + 0x2000));
}

static void bad_ring_addresses(void)
{
	static const uint64_t bad[] = {
		RAM_END,
		RAM_END - 4,
		LAYOUT_VIRTIO_MMIO,
		LAYOUT_IOAPIC,
		LAYOUT_LAPIC,
		LAYOUT_HIGH_RAM_BASE,
		LAYOUT_HIGH_RAM_BASE + RING,
		1ULL << 63,
		UINT64_MAX - 15,
		UINT64_MAX & ~0xfffULL,
	};
	const uint64_t a = RING, b = RING + 0x1000, c = RING + 0x2000;

	CHECK(virtio_negotiate(dev, device_features));
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK(!ready_with(2, bad[i] & ~15ULL, b, c) || bad[i] == RAM_END - 4);
		CHECK(!ready_with(2, a, bad[i], c));
		CHECK(!ready_with(2, a, b, bad[i] & ~3ULL));
	}
	/* 2.7: alignments of 16, 2 and 4. */
	for (unsigned low = 0; low < 16; low++) {
		CHECK_EQ(ready_with(2, a + low, b, c), low == 0);
		CHECK_EQ(ready_with(2, a, b + low, c), low % 2 == 0);
		CHECK_EQ(ready_with(2, a, b, c + low), low % 4 == 0);
	}
	/* The last byte counts: 16 a descriptor, 6 + 2 and 6 + 8 an entry. */
	CHECK(ready_with(2, RAM_END - 32, b, c));
	CHECK(!ready_with(2, RAM_END - 16, b, c));
	CHECK(ready_with(2, a, RAM_END - 10, c));
	CHECK(!ready_with(2, a, RAM_END - 8, c));
	CHECK(ready_with(2, a, b, RAM_END - 24));
	CHECK(!ready_with(2, a, b, RAM_END - 20));
}

/*
 * Seen from the used ring, which the device writes: were a register taken while the queue is ready, it
 * would go elsewhere. Here with the reset of the queue, which forgets them all.
 */
static void queue_reset_forgets(void)
{
	struct queue q;

	CHECK(virtio_negotiate(dev, device_features));
	queue_place(&q, dev, 0, 2, RING);
	CHECK(queue_enable(&q));
	/* While it is ready, nothing of this counts ... */
	set_reg(dev, VIRTIO_MMIO_QUEUE_NUM, 3);
	queue_set_gpas(dev, RAM_END, 1, 1);
	set_reg(dev, VIRTIO_MMIO_QUEUE_READY, 1);
	CHECK_EQ(reg(dev, VIRTIO_MMIO_QUEUE_READY), 1);
	/* ... and with that of the ready time forgotten, the whole address is as after a reset: 0. */
	set_reg(dev, VIRTIO_MMIO_QUEUE_READY, 0);
	CHECK_EQ(reg(dev, VIRTIO_MMIO_QUEUE_READY), 0);
	set_reg(dev, VIRTIO_MMIO_QUEUE_READY, 1);
	CHECK_EQ(reg(dev, VIRTIO_MMIO_QUEUE_READY), 1);
}

static void reset_forgets_all(void)
{
	struct queue q;

	CHECK(virtio_negotiate(dev, device_features));
	for (unsigned i = 0; i < queue_count; i++) {
		queue_place(&q, dev, i, 2, RING + i * QUEUE_RAM);
		CHECK(queue_enable(&q));
	}
	virtio_driver_ok(dev);
	reset();
	CHECK_EQ(status(), 0);
	CHECK_EQ(reg(dev, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	for (unsigned i = 0; i < queue_count; i++) {
		select_queue(i);
		CHECK_EQ(reg(dev, VIRTIO_MMIO_QUEUE_READY), 0);
		CHECK_EQ(reg(dev, VIRTIO_MMIO_QUEUE_NUM_MAX), queue_max[i]);
	}
	/* Also the features: with none, FEATURES_OK is refused. */
	set_reg(dev, VIRTIO_MMIO_STATUS, FEATURED);
	CHECK_EQ(status(), DRIVER);
}

/*
 * 4.2.2.2: the control registers are 32 bits wide and aligned. A driver must not access them otherwise: what
 * it reads then may be anything, what it writes is ignored.
 */
static void register_widths(void)
{
	reset();
	for (uint32_t i = 0; i < VIRTIO_MMIO_CONFIG; i += 4) {
		(void)read8(dev + i);
		(void)read16(dev + i + 2);
		(void)read64(dev + (i & ~7U));
	}
	write8(dev + VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	write16(dev + VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	write64(dev + VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	write32(dev + VIRTIO_MMIO_STATUS + 1, 0x01010101);
	write32(dev + VIRTIO_MMIO_STATUS - 1, 0x01010101);
	CHECK_EQ(status(), 0);
}

static void other_registers(void)
{
	CHECK_EQ(reg(dev, VIRTIO_MMIO_CONFIG_GENERATION), 0);
	/* 4.2.2.1: the length of a shared memory region that there is not. */
	set_reg(dev, VIRTIO_MMIO_SHM_SEL, 0);
	CHECK_EQ(reg(dev, VIRTIO_MMIO_SHM_LEN_LOW), 0xffffffff);
	CHECK_EQ(reg(dev, VIRTIO_MMIO_SHM_LEN_HIGH), 0xffffffff);
	CHECK_EQ(reg(dev, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	set_reg(dev, VIRTIO_MMIO_INTERRUPT_ACK, 0xffffffff);
	CHECK_EQ(reg(dev, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	/* Offsets that are no register. */
	for (uint32_t i = 0; i < VIRTIO_MMIO_CONFIG; i += 4) {
		if (i != VIRTIO_MMIO_STATUS && i != VIRTIO_MMIO_QUEUE_SEL)
			set_reg(dev, i, 0x5a5a5a5a);
	}
	CHECK_EQ(status(), 0);
	CHECK_EQ(reg(dev, 0x00c), reg(dev, VIRTIO_MMIO_VENDOR_ID));
	CHECK_EQ(reg(dev, 0x018), 0);
	CHECK_EQ(reg(dev, 0x0f8), 0);
}

/* 4.2.2.2: config space by bytes, and by what a field is wide; nothing beyond its end. */
static void config_space(void)
{
	uint8_t bytes[32];
	const uint64_t at = dev + VIRTIO_MMIO_CONFIG;

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = read8(at + i);
	if (device_id == VIRTIO_ID_9P) {
		CHECK_EQ(read16(at + offsetof(struct virtio_9p_config, tag_len)), 4);
		CHECK(memcmp(bytes + 2, "root", 4) == 0);
	} else {
		CHECK_EQ(read16(at + offsetof(struct virtio_console_config, cols)), 0);
		CHECK_EQ(read32(at + offsetof(struct virtio_console_config, max_nr_ports)),
			 SNUG_CONSOLE_PORTS);
	}
	for (uint64_t i = config_bytes; i < sizeof(bytes); i++)
		CHECK_EQ(bytes[i], 0);
	for (unsigned i = 0; i + 8 <= sizeof(bytes); i++) {
		uint64_t value;

		memcpy(&value, bytes + i, 8);
		CHECK_EQ(read16(at + i), (uint16_t)value);
		CHECK_EQ(read32(at + i), (uint32_t)value);
		CHECK_EQ(read64(at + i), value);
	}
	CHECK_EQ(read64(dev + LAYOUT_VIRTIO_MMIO_SIZE - 8), 0);
	CHECK_EQ(read8(dev + LAYOUT_VIRTIO_MMIO_SIZE - 1), 0);
	/* Not writable. */
	write64(at, UINT64_MAX);
	write8(at + 2, 'x');
	CHECK_EQ(read8(at + 2), bytes[2]);
	write32(dev + LAYOUT_VIRTIO_MMIO_SIZE - 4, 0xffffffff);
}

static const struct test tests[] = {
	{"identity", identity},
	{"device features", device_features_words},
	{"features that are refused", features_refused},
	{"driver features select", driver_features_select},
	{"DRIVER_OK needs FEATURES_OK", driver_ok_needs_features},
	{"features and status bits stay", features_freeze},
	{"queue sizes", queue_sizes},
	{"queues there are not", queues_there_are_not},
	{"queue sizes that are refused", bad_queue_sizes},
	{"ring addresses that are refused", bad_ring_addresses},
	{"queue registers freeze and reset", queue_reset_forgets},
	{"reset forgets all", reset_forgets_all},
	{"register widths", register_widths},
	{"other registers", other_registers},
	{"config space", config_space},
};

static void expect_queues(unsigned count, const uint16_t *max)
{
	queue_count = count;
	memcpy(queue_max, max, count * sizeof(*max));
}

int guest_main(const char *cmdline)
{
	static const uint16_t console[] = {32, 32, 8, 8, 8, 32};
	static const uint16_t p9[] = {128};
	const uint64_t ring =
		VERSION_1 | FEATURE(VIRTIO_RING_F_INDIRECT_DESC) | FEATURE(VIRTIO_RING_F_EVENT_IDX);

	if (equal(cmdline, "console")) {
		device_id = VIRTIO_ID_CONSOLE;
		device_features = ring | FEATURE(VIRTIO_CONSOLE_F_MULTIPORT);
		config_bytes = sizeof(struct virtio_console_config);
		expect_queues(ARRAY_SIZE(console), console);
	} else {
		device_id = VIRTIO_ID_9P;
		device_features = ring | FEATURE(VIRTIO_9P_MOUNT_TAG);
		config_bytes = sizeof(uint16_t) + 4;
		expect_queues(ARRAY_SIZE(p9), p9);
	}
	dev = virtio_find(device_id, 0);
	return dev ? run_tests(tests, ARRAY_SIZE(tests)) : 99;
}
