/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/device.h"

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>

void virtio_device_init(struct virtio_device *dev, const struct virtio_device_ops *ops, uint32_t id,
			uint64_t features, unsigned queue_count, const struct guest_mem *mem,
			struct irq_line irq)
{
	dev->ops = ops;
	dev->id = id;
	dev->features = features | (1ULL << VIRTIO_F_VERSION_1);
	dev->queue_count = queue_count;
	dev->mem = mem;
	dev->irq = irq;
	dev->status = &dev->own_status;
	dev->interrupt_status = &dev->own_interrupt_status;
	(void)pthread_mutex_init(&dev->lock, NULL);
	for (unsigned i = 0; i < queue_count; i++)
		virtq_reset(&dev->queues[i]);
}

static void interrupt(struct virtio_device *dev, uint32_t cause)
{
	irq_settle(&dev->irq);
	atomic_fetch_or(dev->interrupt_status, cause);
	irq_raise(&dev->irq);
}

void virtio_device_signal(struct virtio_device *dev, struct virtq *vq)
{
	if (virtq_wants_interrupt(vq))
		interrupt(dev, VIRTIO_MMIO_INT_VRING);
}

void virtio_device_fail(struct virtio_device *dev)
{
	uint32_t before = atomic_fetch_or(dev->status, VIRTIO_CONFIG_S_NEEDS_RESET);

	if (!(before & VIRTIO_CONFIG_S_NEEDS_RESET) && (before & VIRTIO_CONFIG_S_DRIVER_OK))
		interrupt(dev, VIRTIO_MMIO_INT_CONFIG);
}

bool virtio_device_live(const struct virtio_device *dev)
{
	uint32_t status = atomic_load(dev->status);

	return (status & VIRTIO_CONFIG_S_DRIVER_OK) &&
	       !(status & (VIRTIO_CONFIG_S_NEEDS_RESET | VIRTIO_CONFIG_S_FAILED));
}

void virtio_device_reset_queue(struct virtio_device *dev, struct virtq *vq)
{
	virtq_reset(vq);
	if (dev->ops->drain)
		dev->ops->drain(dev);
}

void virtio_device_reset(struct virtio_device *dev)
{
	(void)pthread_mutex_lock(&dev->lock);
	atomic_store(dev->status, 0);
	dev->driver_features = 0;
	atomic_store(dev->interrupt_status, 0);
	for (unsigned i = 0; i < dev->queue_count; i++)
		virtio_device_reset_queue(dev, &dev->queues[i]);
	dev->ops->reset(dev);
	(void)pthread_mutex_unlock(&dev->lock);
}
