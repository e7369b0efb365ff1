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
	/* An eventfd that blocks: idle threads wait on it, and a write wakes one of them. */
	int kick_fd;

	/* With the device's lock. */
	struct p9_thread {
		struct virtio_p9 *p9;
		struct p9_worker *worker;
		pthread_t id;
	} threads[VIRTIO_P9_THREADS_MAX];
	unsigned thread_count;
	unsigned idle;  /* threads that wait, or are about to */
	unsigned taken; /* requests that are not answered yet */
	bool stop;
	pthread_cond_t answered;

	int (*enter)(void *ctx); /* the first thread's first act; NULL: none */
	void *enter_ctx;
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

static void p9_drain(struct virtio_device *dev)
{
	struct virtio_p9 *p9 = container_of(dev, struct virtio_p9, dev);

	while (p9->taken > 0)
		(void)pthread_cond_wait(&p9->answered, &dev->lock);
}

static void p9_reset(struct virtio_device *dev)
{
	p9_server_reset(container_of(dev, struct virtio_p9, dev)->server);
}

static const struct virtio_device_ops p9_ops = {
	.read_config = p9_read_config,
	.kick = p9_kick,
	.drain = p9_drain,
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
	(void)pthread_cond_init(&p9->answered, NULL);
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

static void *p9_thread(void *arg);

static void wake_one(struct virtio_p9 *p9)
{
	(void)eventfd_write(p9->kick_fd, 1);
}

/* With the lock. 0 or -errno. */
static int add_thread(struct virtio_p9 *p9)
{
	struct p9_thread *thread = &p9->threads[p9->thread_count];
	int r;

	thread->worker = p9_worker_new(p9->server);
	if (!thread->worker)
		return -ENOMEM;
	thread->p9 = p9;
	r = pthread_create(&thread->id, NULL, p9_thread, thread);
	if (r) {
		p9_worker_free(thread->worker);
		return -r;
	}
	p9->thread_count++;
	p9->idle++;
	return 0;
}

/*
 * Takes the next request: 1 with *chain, 0 if there is none, -EPROTO. With the lock. Before it is served,
 * somebody else is made to look for the one after it. Without a thread for that it is as with the last
 * one: the next request waits.
 */
static int take(struct virtio_p9 *p9, struct p9_worker *worker, struct virtq_chain *chain)
{
	struct virtq *vq = &p9->dev.queues[0];
	int r = virtio_device_live(&p9->dev) ? virtq_pop(vq, chain) : 0;

	if (r <= 0)
		return r;
	if (!p9_worker_take(worker, chain->iov, chain->readable))
		return -EPROTO;
	p9->taken++;
	if (p9->idle == 0 && p9->thread_count < VIRTIO_P9_THREADS_MAX)
		(void)add_thread(p9);
	if (virtq_enable_kicks(vq))
		wake_one(p9);
	return 1;
}

/* Gives an answer of n bytes to the guest. With the lock. 0 or -EPROTO. */
static int answer(struct virtio_p9 *p9, const struct virtq_chain *chain, uint32_t generation,
		  size_t n)
{
	struct virtq *vq = &p9->dev.queues[0];

	/* A queue that was reset meanwhile has nothing to be answered. */
	if (vq->generation != generation || !virtio_device_live(&p9->dev))
		return 0;
	if (n == 0)
		return -EPROTO;
	virtq_push(vq, chain->head, (uint32_t)n);
	virtio_device_signal(&p9->dev, vq);
	return 0;
}

/* Serves what was taken. With the lock, but without it meanwhile. 0 or -EPROTO. */
static int serve(struct virtio_p9 *p9, struct p9_worker *worker, const struct virtq_chain *chain)
{
	uint32_t generation = p9->dev.queues[0].generation;
	size_t n;
	int r;

	(void)pthread_mutex_unlock(&p9->dev.lock);
	n = p9_worker_serve(worker, chain->iov + chain->readable, chain->writable);
	(void)pthread_mutex_lock(&p9->dev.lock);
	p9->taken--;
	(void)pthread_cond_broadcast(&p9->answered);
	r = answer(p9, chain, generation, n);
	p9_worker_done(worker);
	return r;
}

/* Until there is no request left. With the lock. */
static void serve_all(struct virtio_p9 *p9, struct p9_worker *worker, struct virtq_chain *chain)
{
	while (!p9->stop) {
		int r = take(p9, worker, chain);

		if (r > 0)
			r = serve(p9, worker, chain);
		else if (r == 0 &&
			 !(virtio_device_live(&p9->dev) && virtq_enable_kicks(&p9->dev.queues[0])))
			return;
		if (r < 0) {
			virtio_device_fail(&p9->dev);
			return;
		}
	}
}

static void *p9_thread(void *arg)
{
	struct p9_thread *self = arg;
	struct virtio_p9 *p9 = self->p9;
	struct virtq_chain chain;
	eventfd_t kicks;
	/* Only the first thread is started by one that is not a server's itself. */
	bool stop = self == p9->threads && p9->enter && p9->enter(p9->enter_ctx) < 0;

	while (!stop && (eventfd_read(p9->kick_fd, &kicks) == 0 || errno == EINTR)) {
		(void)pthread_mutex_lock(&p9->dev.lock);
		p9->idle--;
		serve_all(p9, self->worker, &chain);
		p9->idle++;
		stop = p9->stop;
		(void)pthread_mutex_unlock(&p9->dev.lock);
	}
	wake_one(p9); /* the next one, to the same end */
	return NULL;
}

int virtio_p9_start(struct virtio_p9 *p9, int (*enter)(void *ctx), void *ctx)
{
	int r;

	p9->enter = enter;
	p9->enter_ctx = ctx;
	(void)pthread_mutex_lock(&p9->dev.lock);
	r = add_thread(p9);
	(void)pthread_mutex_unlock(&p9->dev.lock);
	return r;
}

bool virtio_p9_stop(struct virtio_p9 *p9)
{
	bool busy;

	(void)pthread_mutex_lock(&p9->dev.lock);
	p9->stop = true;
	busy = p9->taken > 0;
	(void)pthread_mutex_unlock(&p9->dev.lock);
	wake_one(p9);
	if (busy)
		return false;
	for (; p9->thread_count > 0; p9->thread_count--) {
		struct p9_thread *thread = &p9->threads[p9->thread_count - 1];

		(void)pthread_join(thread->id, NULL);
		p9_worker_free(thread->worker);
	}
	return true;
}

void virtio_p9_free(struct virtio_p9 *p9)
{
	if (!p9)
		return;
	p9_server_free(p9->server);
	(void)pthread_cond_destroy(&p9->answered);
	(void)close(p9->kick_fd);
	free(p9);
}
