/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts of a virtio device, through the I/O APIC's pin to the local APIC. */
#include "tests/guest/lib/interrupt.h"
#include "tests/guest/lib/p9.h"

#define PLAIN FEATURE(VIRTIO_F_VERSION_1)

static struct queue q;
static unsigned pin;

static void start(uint64_t features)
{
	CHECK(p9_start(&q, features));
	pin = LAYOUT_VIRTIO_PIN +
	      (unsigned)((q.dev - LAYOUT_VIRTIO_MMIO) / LAYOUT_VIRTIO_MMIO_SIZE);
	/* An edge that the pin kept from the test before goes to a vector nobody looks at. */
	pin_set(pin, interrupt_vector(), 0);
	pin_set(pin, 0, PIN_MASKED);
}

/* A new vector for the pin. */
static uint8_t pin_vector(uint32_t flags)
{
	uint8_t vector = interrupt_vector();

	pin_set(pin, vector, flags);
	return vector;
}

static void request(void)
{
	p9_version_chain(&q);
	queue_add(&q, 0);
	queue_kick(&q);
}

/* The answer is there, and whatever interrupt there is for it. */
static void answered(void)
{
	CHECK_EQ(queue_wait(&q, NULL), P9_VERSION_BYTES);
	CHECK(p9_version_answered());
	queue_settle(&q);
}

/* Does the device interrupt for the next answer? */
static bool interrupts_for_answer(void)
{
	uint8_t vector = pin_vector(0);

	request();
	answered();
	return interrupt_pending(vector);
}

static void used_event_of(struct queue *queue, uint16_t value)
{
	__atomic_store_n(&queue->avail->ring[queue->size], value, __ATOMIC_SEQ_CST);
}

static void comes(void)
{
	uint8_t vector;

	start(PLAIN);
	vector = pin_vector(0);
	CHECK(!interrupt_pending(vector));
	request();
	interrupt_wait(vector);
	/* Who is interrupted finds the cause and the answer there. */
	CHECK_EQ(reg(q.dev, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_MMIO_INT_VRING);
	CHECK(queue_has_used(&q));
	answered();
	set_reg(q.dev, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_CONFIG);
	CHECK_EQ(reg(q.dev, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_MMIO_INT_VRING);
	set_reg(q.dev, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_VRING);
	/* At the latest with the next register that is acted on: the acknowledgement may wait for it. */
	set_reg(q.dev, VIRTIO_MMIO_QUEUE_SEL, 0);
	CHECK_EQ(reg(q.dev, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
}

/* An edge each, acknowledged or not. */
static void one_each(void)
{
	start(PLAIN);
	for (unsigned i = 0; i < 5; i++)
		CHECK(interrupts_for_answer());
}

static void masked_then_unmasked(void)
{
	uint8_t masked, vector;

	start(PLAIN);
	masked = pin_vector(PIN_MASKED);
	request();
	answered();
	CHECK(!interrupt_pending(masked));
	/* The edge is kept, and is for whatever the pin says by then. */
	vector = pin_vector(0);
	CHECK(interrupt_pending(vector));
	CHECK(!interrupt_pending(masked));
	/* Once. */
	(void)pin_vector(PIN_MASKED);
	vector = pin_vector(0);
	CHECK(!interrupt_pending(vector));
}

static void no_interrupt_flag(void)
{
	start(PLAIN);
	q.avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	CHECK(!interrupts_for_answer());
	CHECK_EQ(reg(q.dev, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	q.avail->flags = 0;
	CHECK(interrupts_for_answer());
}

static void event_index(void)
{
	start(P9_FEATURES);
	q.avail->flags = VRING_AVAIL_F_NO_INTERRUPT; /* means nothing with EVENT_IDX */
	used_event_of(&q, 2);
	for (unsigned done = 1; done <= 5; done++)
		CHECK_EQ(interrupts_for_answer(), done == 3);
	/* Asked for what is past: nothing until the index has been all around. */
	used_event_of(&q, 1);
	CHECK(!interrupts_for_answer());
	used_event_of(&q, q.seen);
	CHECK(interrupts_for_answer());
}

/* At the end of its work the device says from which index on it wants to be kicked. */
static void kick_suppression(void)
{
	const uint16_t *avail_event;

	start(P9_FEATURES);
	avail_event = (const uint16_t *)&q.used->ring[q.size];
	for (unsigned i = 0; i < 10; i++) {
		request();
		answered();
	}
	while (__atomic_load_n(avail_event, __ATOMIC_ACQUIRE) != q.seen)
		__asm__ volatile("pause");
	CHECK_EQ(q.seen, 10);
}

static void needs_reset(void)
{
	uint8_t vector;

	start(PLAIN);
	vector = pin_vector(0);
	queue_add(&q, 0xffff);
	queue_kick(&q);
	interrupt_wait(vector);
	CHECK_EQ(reg(q.dev, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_MMIO_INT_CONFIG);
	CHECK(reg(q.dev, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET);
}

/* Vectors, modes and destinations that make no sense are the guest's own loss. */
static void nonsense_pin(void)
{
	start(PLAIN);
	for (uint32_t mode = 0; mode < 8; mode++) {
		if (mode == 2 || mode == 4 || mode == 5) /* SMI, NMI, INIT do what they say */
			continue;
		write32(LAYOUT_IOAPIC, 0x11 + 2 * pin);
		write32(LAYOUT_IOAPIC + 0x10, 0x77000000);
		write32(LAYOUT_IOAPIC, 0x10 + 2 * pin);
		write32(LAYOUT_IOAPIC + 0x10, mode << 8 | 0x03);
		request();
		answered();
	}
	CHECK(interrupts_for_answer());
}

int guest_main(const char *cmdline)
{
	static const struct test tests[] = {
		{"one comes for an answer", comes},
		{"one for each answer", one_each},
		{"masked, then unmasked", masked_then_unmasked},
		{"NO_INTERRUPT", no_interrupt_flag},
		{"event index", event_index},
		{"kick suppression", kick_suppression},
		{"one comes for NEEDS_RESET", needs_reset},
		{"a pin with nonsense", nonsense_pin},
	};

	(void)cmdline;
	interrupts_init();
	return run_tests(tests, ARRAY_SIZE(tests));
}
