/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9.h"

#include <endian.h>
#include <errno.h>
#include <linux/virtio_9p.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/util.h"

#define TAG_MAX 64

/* struct virtio_9p_config with room for the tag. */
struct p9_config {
	uint16_t tag_len; /* little-endian */
	char tag[TAG_MAX];
} __attribute__((packed));

struct virtio_p9 {
	struct virtio_device dev;
	struct p9_server *server;
	struct p9_config config;
	uint64_t config_size;
	int kick_fd; /* an eventfd that blocks: the thread waits on it */
	pthread_t thread;
	bool started;
	_Atomic bool stop;
};

static void p9_read_config(struct virtio_device *dev, uint64_t offset, void *data, unsigned len)
{
	const struct virtio_p9 *p9 = container_of(dev, struct virtio_p9, dev);

	if (offset < p9->config_size)
		memcpy(data, (const char *)&p9->config + offset,
		       min_u64(len, p9->config_size - offset));
}

static void p9_kick(struct virtio_device *dev, unsigned queue)
{
	struct virtio_p9 *p9 = container_of(dev, struct virtio_p9, dev);

	(void)queue;
	(void)eventfd_write(p9->kick_fd, 1);
}

static void p9_reset(struct virtio_device *dev)
{
	p9_server_reset(container_of(dev, struct virtio_p9, dev)->server);
}

static const struct virtio_device_ops p9_ops = {
	.read_config = p9_read_config,
	.kick = p9_kick,
	.reset = p9_reset,
};

int virtio_p9_new(struct virtio_p9 **out, const struct p9_share *share, const char *tag,
		  uint16_t tag_len, const struct guest_mem *mem, struct irq_line irq)
{
	struct virtio_p9 *p9;
	int r;

	if (tag_len == 0 || tag_len > TAG_MAX)
		return -EINVAL;
	p9 = calloc(1, sizeof(*p9));
	if (!p9)
		return -ENOMEM;
	p9->config.tag_len = htole16(tag_len);
	memcpy(p9->config.tag, tag, tag_len);
	p9->config_size = offsetof(struct p9_config, tag) + tag_len;
	p9->kick_fd = eventfd(0, EFD_CLOEXEC);
	r = p9->kick_fd < 0 ? -errno : p9_server_new(&p9->server, share);
	if (r < 0) {
		if (p9->kick_fd >= 0)
			(void)close(p9->kick_fd);
		free(p9);
		return r;
	}
	p9->dev.queues[0].size_max = VIRTQ_SIZE_MAX;
	virtio_device_init(&p9->dev, &p9_ops, VIRTIO_ID_9P,
			   (1ULL << VIRTIO_9P_MOUNT_TAG) | (1ULL << VIRTIO_RING_F_INDIRECT_DESC) |
				   (1ULL << VIRTIO_RING_F_EVENT_IDX),
			   1, mem, irq);
	*out = p9;
	return 0;
}

struct virtio_device *virtio_p9_device(struct virtio_p9 *p9)
{
	return &p9->dev;
}

/* 0, or -EPROTO. With the lock. */
static int serve_one(struct virtio_p9 *p9, struct virtq *vq, const struct virtq_chain *chain)
{
	size_t n = p9_server_serve(p9->server, chain->iov, chain->readable,
				   chain->iov + chain->readable, chain->writable);

	if (n == 0)
		return -EPROTO;
	virtq_push(vq, chain->head, (uint32_t)n);
	virtio_device_signal(&p9->dev, vq);
	return 0;
}

static void serve(struct virtio_p9 *p9)
{
	struct virtq *vq = &p9->dev.queues[0];
	struct virtq_chain chain;
	int r = 0;
	bool more = true;

	/* The lock is let go between requests, so that a reset waits for one at most. */
	while (more) {
		(void)pthread_mutex_lock(&p9->dev.lock);
		if (atomic_load(&p9->stop)) {
			(void)pthread_mutex_unlock(&p9->dev.lock);
			break;
		}
		r = virtio_device_live(&p9->dev) ? virtq_pop(vq, &chain) : 0;
		if (r > 0)
			r = serve_one(p9, vq, &chain);
		else if (r == 0)
			more = virtio_device_live(&p9->dev) && virtq_enable_kicks(vq);
		if (r < 0) {
			virtio_device_fail(&p9->dev);
			more = false;
		}
		(void)pthread_mutex_unlock(&p9->dev.lock);
	}
}

static void *p9_thread(void *arg)
{
	struct virtio_p9 *p9 = arg;
	eventfd_t kicks;

	while (eventfd_read(p9->kick_fd, &kicks) == 0 || errno == EINTR) {
		if (atomic_load(&p9->stop))
			break;
		serve(p9);
	}
	return NULL;
}

int virtio_p9_start(struct virtio_p9 *p9)
{
	int r = pthread_create(&p9->thread, NULL, p9_thread, p9);

	p9->started = r == 0;
	return -r;
}

bool virtio_p9_stop(struct virtio_p9 *p9)
{
	if (!p9->started)
		return true;
	atomic_store(&p9->stop, true);
	(void)eventfd_write(p9->kick_fd, 1);
	/* The thread holds the lock during a request, and looks at stop before the next. */
	if (pthread_mutex_trylock(&p9->dev.lock) != 0)
		return false;
	(void)pthread_mutex_unlock(&p9->dev.lock);
	(void)pthread_join(p9->thread, NULL);
	p9->started = false;
	return true;
}

void virtio_p9_free(struct virtio_p9 *p9)
{
	if (!p9)
		return;
	p9_server_free(p9->server);
	(void)close(p9->kick_fd);
	free(p9);
}
