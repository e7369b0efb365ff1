/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/mmio.h"

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <string.h>

#include "core/util.h"

#define MAGIC   0x74726976 /* "virt" */
#define VERSION 2
#define VENDOR  0x47554e53 /* "SNUG" */

#define SET_LOW(field, value)  ((field) = ((field) & ~0xffffffffULL) | (value))
#define SET_HIGH(field, value) ((field) = ((field)&0xffffffffULL) | ((uint64_t)(value) << 32))

static struct virtq *selected_queue(struct virtio_mmio *mmio)
{
	uint32_t sel = atomic_load(&mmio->queue_sel); /* once: checked and used */

	return sel < mmio->dev->queue_count ? &mmio->dev->queues[sel] : NULL;
}

static uint32_t features_word(uint64_t features, uint32_t sel)
{
	return sel < 2 ? (uint32_t)(features >> (sel * 32)) : 0;
}

static uint32_t register_read(struct virtio_mmio *mmio, uint64_t offset)
{
	struct virtio_device *dev = mmio->dev;
	const struct virtq *vq = selected_queue(mmio);

	switch (offset) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return MAGIC;
	case VIRTIO_MMIO_VERSION:
		return VERSION;
	case VIRTIO_MMIO_DEVICE_ID:
		return dev->id;
	case VIRTIO_MMIO_VENDOR_ID:
		return VENDOR;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return features_word(dev->features, mmio->device_features_sel);
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return vq ? vq->size_max : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		return vq && vq->ready;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return atomic_load(dev->interrupt_status);
	case VIRTIO_MMIO_STATUS:
		return atomic_load(dev->status);
	case VIRTIO_MMIO_SHM_LEN_LOW: /* no shared memory regions: length -1 (4.2.2.1) */
	case VIRTIO_MMIO_SHM_LEN_HIGH:
	case VIRTIO_MMIO_SHM_BASE_LOW:
	case VIRTIO_MMIO_SHM_BASE_HIGH:
		return UINT32_MAX;
	case VIRTIO_MMIO_CONFIG_GENERATION: /* configuration never changes */
	default:
		return 0;
	}
}

/* The driver may accept only what was offered; a wrong choice never gets FEATURES_OK (3.1.1). */
static bool features_acceptable(const struct virtio_device *dev)
{
	return (dev->driver_features & ~dev->features) == 0 &&
	       (dev->driver_features & (1ULL << VIRTIO_F_VERSION_1));
}

/* What the registers say after a reset, of the queue or of the device. */
static void forget_queue(struct virtio_mmio *mmio, unsigned i)
{
	struct virtio_mmio_queue *queue = &mmio->queues[i];

	atomic_store(&queue->num, mmio->dev->queues[i].size_max);
	atomic_store(&queue->desc, 0);
	atomic_store(&queue->avail, 0);
	atomic_store(&queue->used, 0);
}

static void forget_queues(struct virtio_mmio *mmio)
{
	for (unsigned i = 0; i < mmio->dev->queue_count; i++)
		forget_queue(mmio, i);
}

/* A refused queue reads back as not ready: the driver sees it, and so does nobody else. */
static void activate_queue(struct virtio_mmio *mmio, unsigned i)
{
	const struct virtio_device *dev = mmio->dev;
	const struct virtio_mmio_queue *queue = &mmio->queues[i];
	struct virtq *vq = &mmio->dev->queues[i];
	uint32_t num = atomic_load(&queue->num);

	vq->size = num <= UINT16_MAX ? (uint16_t)num : 0; /* 0: activation refuses it */
	vq->desc_gpa = atomic_load(&queue->desc);
	vq->avail_gpa = atomic_load(&queue->avail);
	vq->used_gpa = atomic_load(&queue->used);
	(void)virtq_activate(vq, dev->mem,
			     dev->driver_features & (1ULL << VIRTIO_RING_F_EVENT_IDX));
}

static void write_queue_ready(struct virtio_mmio *mmio, unsigned i, uint32_t value)
{
	struct virtio_device *dev = mmio->dev;

	(void)pthread_mutex_lock(&dev->lock);
	if (value == 0) {
		virtio_device_reset_queue(dev, &dev->queues[i]);
		forget_queue(mmio, i);
	} else if (!dev->queues[i].ready) {
		activate_queue(mmio, i);
	}
	(void)pthread_mutex_unlock(&dev->lock);
}

static void set_low(_Atomic uint64_t *field, uint32_t value)
{
	atomic_store(field, (atomic_load(field) & ~0xffffffffULL) | value);
}

static void set_high(_Atomic uint64_t *field, uint32_t value)
{
	atomic_store(field, (atomic_load(field) & 0xffffffffULL) | ((uint64_t)value << 32));
}

static void write_queue_register(struct virtio_mmio_queue *queue, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_MMIO_QUEUE_NUM:
		atomic_store(&queue->num, value);
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
		set_low(&queue->desc, value);
		break;
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		set_high(&queue->desc, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
		set_low(&queue->avail, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
		set_high(&queue->avail, value);
		break;
	case VIRTIO_MMIO_QUEUE_USED_LOW:
		set_low(&queue->used, value);
		break;
	case VIRTIO_MMIO_QUEUE_USED_HIGH:
		set_high(&queue->used, value);
		break;
	default:
		break;
	}
}

static void write_status(struct virtio_mmio *mmio, uint32_t value)
{
	struct virtio_device *dev = mmio->dev;
	uint32_t status = atomic_load(dev->status);

	if (value == 0) {
		virtio_device_reset(dev);
		forget_queues(mmio);
		return;
	}
	value &= VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_DRIVER_OK |
		 VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_FAILED;
	if (!(status & VIRTIO_CONFIG_S_FEATURES_OK) && !features_acceptable(dev))
		value &= ~(uint32_t)VIRTIO_CONFIG_S_FEATURES_OK;
	if (!((status | value) & VIRTIO_CONFIG_S_FEATURES_OK))
		value &= ~(uint32_t)VIRTIO_CONFIG_S_DRIVER_OK;
	/* A driver sets bits one after the other and clears them only by a reset (2.1.1). */
	atomic_fetch_or(dev->status, value);

	/* What became available before DRIVER_OK was not looked at. */
	if ((value & ~status) & VIRTIO_CONFIG_S_DRIVER_OK) {
		for (unsigned i = 0; i < dev->queue_count; i++)
			dev->ops->kick(dev, i);
	}
}

static void write_driver_features(struct virtio_mmio *mmio, uint32_t value)
{
	struct virtio_device *dev = mmio->dev;
	uint32_t sel = atomic_load(&mmio->driver_features_sel);

	/* Settled with FEATURES_OK (3.1.1). */
	if (atomic_load(dev->status) & VIRTIO_CONFIG_S_FEATURES_OK)
		return;
	if (sel == 0)
		SET_LOW(dev->driver_features, value);
	else if (sel == 1)
		SET_HIGH(dev->driver_features, value);
}

static void register_write(struct virtio_mmio *mmio, uint64_t offset, uint32_t value)
{
	struct virtio_device *dev = mmio->dev;
	const uint32_t sel = atomic_load(&mmio->queue_sel); /* once: checked and used */

	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		mmio->device_features_sel = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		mmio->driver_features_sel = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		write_driver_features(mmio, value);
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		mmio->queue_sel = value;
		break;
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		if (value < dev->queue_count && virtio_device_live(dev))
			dev->ops->kick(dev, value);
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		atomic_fetch_and(dev->interrupt_status, ~value);
		break;
	case VIRTIO_MMIO_STATUS:
		write_status(mmio, value);
		break;
	case VIRTIO_MMIO_QUEUE_READY:
		if (sel < dev->queue_count)
			write_queue_ready(mmio, sel, value);
		break;
	default:
		if (sel < dev->queue_count)
			write_queue_register(&mmio->queues[sel], offset, value);
		break;
	}
}

/* --- the page that the guest reads ------------------------------------------------------------------ */

static _Atomic uint32_t *page_register(const struct virtio_mmio *mmio, uint64_t offset)
{
	return (_Atomic uint32_t *)(void *)(mmio->page + offset);
}

/* What can be selected, and so changes with a write; status and interrupt status are in the page themselves. */
static void update_page(struct virtio_mmio *mmio)
{
	static const uint64_t changing[] = {VIRTIO_MMIO_DEVICE_FEATURES, VIRTIO_MMIO_QUEUE_NUM_MAX,
					    VIRTIO_MMIO_QUEUE_READY};

	for (size_t i = 0; mmio->page && i < ARRAY_SIZE(changing); i++)
		atomic_store(page_register(mmio, changing[i]), register_read(mmio, changing[i]));
}

void virtio_mmio_init(struct virtio_mmio *mmio, struct virtio_device *dev, uint8_t *page)
{
	*mmio = (struct virtio_mmio){.dev = dev, .page = page};
	forget_queues(mmio);
	if (!page)
		return;
	for (uint64_t offset = 0; offset < VIRTIO_MMIO_CONFIG; offset += 4)
		atomic_store(page_register(mmio, offset), register_read(mmio, offset));
	/* Configuration never changes. */
	for (uint64_t offset = VIRTIO_MMIO_CONFIG; offset < VIRTIO_MMIO_PAGE_SIZE; offset += 8)
		dev->ops->read_config(dev, offset - VIRTIO_MMIO_CONFIG, page + offset, 8);
	dev->status = page_register(mmio, VIRTIO_MMIO_STATUS);
	dev->interrupt_status = page_register(mmio, VIRTIO_MMIO_INTERRUPT_STATUS);
}

static void mmio_bus_read(void *opaque, uint64_t offset, void *data, unsigned len)
{
	struct virtio_mmio *mmio = opaque;
	uint32_t value;

	memset(data, 0, len);
	if (offset >= VIRTIO_MMIO_CONFIG) {
		mmio->dev->ops->read_config(mmio->dev, offset - VIRTIO_MMIO_CONFIG, data, len);
	} else if (len == 4 && offset % 4 == 0) { /* 4.2.2.2: 32 bits wide and aligned */
		value = register_read(mmio, offset);
		memcpy(data, &value, 4);
	}
}

/*
 * What is not here: what selects (the page says what is selected), what makes ready or notifies (it is acted
 * on), and the status, which a driver reads back.
 */
static const struct bus_part can_wait[] = {
	{VIRTIO_MMIO_DRIVER_FEATURES, 8}, /* and which half */
	{VIRTIO_MMIO_QUEUE_NUM, 4},
	{VIRTIO_MMIO_INTERRUPT_ACK, 4},
	{VIRTIO_MMIO_QUEUE_DESC_LOW, VIRTIO_MMIO_QUEUE_USED_HIGH + 4 - VIRTIO_MMIO_QUEUE_DESC_LOW},
	{0, 0},
};

static bool may_wait(uint64_t offset)
{
	for (const struct bus_part *part = can_wait; part->size; part++) {
		if (range_inside(offset, 4, part->offset, part->size))
			return true;
	}
	return false;
}

static void mmio_bus_write(void *opaque, uint64_t offset, const void *data, unsigned len)
{
	struct virtio_mmio *mmio = opaque;
	uint32_t value;

	/* No device of this machine has a writable configuration field that means anything. */
	if (offset >= VIRTIO_MMIO_CONFIG || len != 4 || offset % 4 != 0)
		return;
	memcpy(&value, data, 4);
	register_write(mmio, offset, value);
	if (!may_wait(offset)) /* on another thread, it would write over what this one selects */
		update_page(mmio);
}

const struct bus_ops virtio_mmio_bus_ops = {
	.read = mmio_bus_read, .write = mmio_bus_write, .can_wait = can_wait};
