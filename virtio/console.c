/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/console.h"

#include <endian.h>
#include <errno.h>
#include <linux/virtio_console.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/abi.h"
#include "core/util.h"
#include "virtio/console_stream.h"

/* 5.3.2: port 0's pair, the control pair, then a pair for each further port. */
#define CONTROL_RX  2
#define CONTROL_TX  3
#define QUEUE_COUNT (2 * (SNUG_CONSOLE_PORTS + 1))

/* The driver fills every receive queue with pages when it starts, so they are small. */
#define SIZE_STREAM  32
#define SIZE_CONTROL 8

/* A guest may add as fast as chains are taken: more than these are left for the next work(). */
#define PASS_CHAINS 64

struct console_port {
	/* Messages of the control queue that the driver has not been given room for yet. */
	bool send_add;
	bool send_open;
	bool guest_open; /* somebody in the guest has it open: what is sent is not thrown away */
};

struct virtio_console {
	struct virtio_device dev; /* dev.lock covers all of this */
	struct virtio_console_host host;
	int kick_fd;
	struct console_port ports[SNUG_CONSOLE_PORTS];
	struct console_stream stdin_stream;
	struct console_stream stdout_stream;
	struct console_stream stderr_stream;
	bool unfinished; /* work() left something in the rings that nothing else will wake it for */
	bool guest_stopped;
	bool told_stdin_end;
	bool told_stdout_closed;
	bool told_stderr_closed;
	bool window_size_changed;
	uint32_t window_size;
	uint64_t signals; /* to be sent, a bit each: as with a process, one of a kind */
};

static struct virtq *rx_queue(struct virtio_console *c, unsigned port)
{
	return &c->dev.queues[port == 0 ? 0 : 2 * (port + 1)];
}

static struct virtq *tx_queue(struct virtio_console *c, unsigned port)
{
	return rx_queue(c, port) + 1;
}

static void console_read_config(struct virtio_device *dev, uint64_t offset, void *data,
				unsigned len)
{
	struct virtio_console_config config = {.max_nr_ports = htole32(SNUG_CONSOLE_PORTS)};

	(void)dev;
	if (offset < sizeof(config))
		memcpy(data, (const char *)&config + offset, min_u64(len, sizeof(config) - offset));
}

static void console_kick(struct virtio_device *dev, unsigned queue)
{
	struct virtio_console *c = container_of(dev, struct virtio_console, dev);

	(void)queue; /* looking at all of them costs less than telling which */
	(void)eventfd_write(c->kick_fd, 1);
}

static void console_reset(struct virtio_device *dev)
{
	struct virtio_console *c = container_of(dev, struct virtio_console, dev);

	memset(c->ports, 0, sizeof(c->ports));
	console_stream_reset(&c->stdin_stream);
	console_stream_reset(&c->stdout_stream);
	console_stream_reset(&c->stderr_stream);
	c->told_stdin_end = c->told_stdout_closed = c->told_stderr_closed = false;
}

static const struct virtio_device_ops console_ops = {
	.read_config = console_read_config,
	.kick = console_kick,
	.reset = console_reset,
};

int virtio_console_new(struct virtio_console **console, const struct virtio_console_host *host,
		       const struct guest_mem *mem, struct irq_line irq)
{
	struct virtio_console *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->host = *host;
	c->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->kick_fd < 0) {
		int r = -errno;

		free(c);
		return r;
	}
	for (unsigned i = 0; i < QUEUE_COUNT; i++)
		c->dev.queues[i].size_max = SIZE_STREAM;
	c->dev.queues[CONTROL_RX].size_max = SIZE_CONTROL;
	c->dev.queues[CONTROL_TX].size_max = SIZE_CONTROL;
	rx_queue(c, SNUG_PORT_STDERR)->size_max = SIZE_CONTROL;
	/* The driver fills them before there is anything to send. */
	c->dev.queues[CONTROL_RX].starts_quiet = true;
	for (unsigned i = 0; i < SNUG_CONSOLE_PORTS; i++)
		rx_queue(c, i)->starts_quiet = true;
	virtio_device_init(&c->dev, &console_ops, VIRTIO_ID_CONSOLE,
			   (1ULL << VIRTIO_CONSOLE_F_MULTIPORT) |
				   (1ULL << VIRTIO_RING_F_INDIRECT_DESC) |
				   (1ULL << VIRTIO_RING_F_EVENT_IDX),
			   QUEUE_COUNT, mem, irq);
	console_stream_init(&c->stdin_stream, host->stdin_fd);
	console_stream_init(&c->stdout_stream, host->stdout_fd);
	console_stream_init(&c->stderr_stream, host->stderr_fd);
	*console = c;
	return 0;
}

void virtio_console_free(struct virtio_console *c)
{
	if (!c)
		return;
	(void)close(c->kick_fd);
	free(c);
}

struct virtio_device *virtio_console_device(struct virtio_console *c)
{
	return &c->dev;
}

/* Copies len bytes into the next buffer of vq. 1; 0 if there is none; -EPROTO. */
static int send(struct virtio_console *c, struct virtq *vq, const void *data, size_t len)
{
	struct virtq_chain chain;
	const char *from = data;
	size_t left = len;
	int r = virtq_pop(vq, &chain);

	if (r <= 0)
		return r;
	if (chain.writable_bytes < len) /* a buffer too small for the smallest message */
		return -EPROTO;
	for (unsigned i = chain.readable; left > 0; i++) {
		size_t n = min_u64(left, chain.iov[i].iov_len);

		memcpy(chain.iov[i].iov_base, from, n);
		from += n;
		left -= n;
	}
	virtq_push(vq, chain.head, (uint32_t)len);
	virtio_device_signal(&c->dev, vq);
	return 1;
}

/* Sends it over a receive queue if *pending, and clears that; asks for a kick if there is no room. */
static int send_pending(struct virtio_console *c, struct virtq *vq, bool *pending, const void *data,
			size_t len)
{
	int r;

	if (!*pending)
		return 0;
	do {
		r = send(c, vq, data, len);
	} while (r == 0 && virtq_enable_kicks(vq));
	if (r > 0)
		*pending = false;
	return r < 0 ? r : 0;
}

static int send_port_event(struct virtio_console *c, unsigned port, bool *pending, uint16_t event)
{
	struct virtio_console_control message = {
		.id = htole32(port), .event = htole16(event), .value = htole16(1)};

	return send_pending(c, &c->dev.queues[CONTROL_RX], pending, &message, sizeof(message));
}

/* 5.3.6.2: what the device tells of its ports, in the order the driver needs it. */
static int send_port_events(struct virtio_console *c)
{
	int r = 0;

	for (unsigned i = 0; i < SNUG_CONSOLE_PORTS && r == 0; i++)
		r = send_port_event(c, i, &c->ports[i].send_add, VIRTIO_CONSOLE_PORT_ADD);
	for (unsigned i = 0; i < SNUG_CONSOLE_PORTS && r == 0; i++)
		r = send_port_event(c, i, &c->ports[i].send_open, VIRTIO_CONSOLE_PORT_OPEN);
	return r;
}

static void handle_port_message(struct virtio_console *c, const struct virtio_console_control *m)
{
	uint32_t id = le32toh(m->id);
	uint16_t value = le16toh(m->value);

	if (le16toh(m->event) == VIRTIO_CONSOLE_DEVICE_READY) {
		for (unsigned i = 0; i < SNUG_CONSOLE_PORTS; i++)
			c->ports[i].send_add = value == 1;
		return;
	}
	if (id >= SNUG_CONSOLE_PORTS)
		return;
	switch (le16toh(m->event)) {
	case VIRTIO_CONSOLE_PORT_READY:
		c->ports[id].send_open = value == 1;
		break;
	case VIRTIO_CONSOLE_PORT_OPEN:
		c->ports[id].guest_open = value == 1;
		break;
	default:
		break;
	}
}

/* Copies at most len bytes of the chain's readable part; returns the count. */
static size_t chain_copy(const struct virtq_chain *chain, void *data, size_t len)
{
	size_t done = 0;

	for (unsigned i = 0; i < chain->readable && done < len; i++) {
		size_t n = min_u64(len - done, chain->iov[i].iov_len);

		memcpy((char *)data + done, chain->iov[i].iov_base, n);
		done += n;
	}
	return done;
}

static int receive_port_messages(struct virtio_console *c)
{
	struct virtq *vq = &c->dev.queues[CONTROL_TX];
	struct virtq_chain chain;
	unsigned left = PASS_CHAINS;
	int r;

	do {
		for (r = 0; left > 0 && (r = virtq_pop(vq, &chain)) > 0; left--) {
			struct virtio_console_control message;

			if (chain_copy(&chain, &message, sizeof(message)) == sizeof(message))
				handle_port_message(c, &message);
			virtq_push(vq, chain.head, 0);
		}
		virtio_device_signal(&c->dev, vq);
	} while (r == 0 && left > 0 && virtq_enable_kicks(vq));
	c->unfinished |= left == 0;
	return r < 0 ? r : 0;
}

static int send_control(struct virtio_console *c, bool *pending, uint32_t type, uint32_t arg,
			uint64_t value)
{
	struct snug_control message = {
		.type = htole32(type), .arg = htole32(arg), .value = htole64(value)};

	return send_pending(c, rx_queue(c, SNUG_PORT_STDERR), pending, &message, sizeof(message));
}

/* A message that is sent once, when `due`. */
static int send_control_once(struct virtio_console *c, bool due, bool *told, uint32_t type,
			     uint64_t value)
{
	bool pending = due && !*told;
	int r;

	if (!pending)
		return 0;
	r = send_control(c, &pending, type, 0, value);
	*told = !pending;
	return r;
}

static int send_signals(struct virtio_console *c)
{
	for (unsigned signal = 1; signal < 64 && c->signals; signal++) {
		const uint64_t bit = 1ULL << signal;
		bool pending = c->signals & bit;
		int r = send_control(c, &pending, SNUG_CONTROL_SIGNAL, signal, 0);

		if (r < 0 || pending)
			return r; /* there will be room again */
		c->signals &= ~bit;
	}
	return 0;
}

static int send_control_stream(struct virtio_console *c)
{
	int r;

	if (!c->ports[SNUG_PORT_STDERR].guest_open)
		return 0;
	r = send_control(c, &c->window_size_changed, SNUG_CONTROL_WINDOW_SIZE, c->window_size, 0);
	if (r == 0)
		r = send_control_once(c, c->stdin_stream.ended, &c->told_stdin_end,
				      SNUG_CONTROL_STDIN_END, c->stdin_stream.bytes);
	if (r == 0)
		r = send_control_once(c, c->stdout_stream.ended, &c->told_stdout_closed,
				      SNUG_CONTROL_STDOUT_CLOSED, 0);
	if (r == 0)
		r = send_control_once(c, c->stderr_stream.ended, &c->told_stderr_closed,
				      SNUG_CONTROL_STDERR_CLOSED, 0);
	return r == 0 ? send_signals(c) : r;
}

static int work(struct virtio_console *c)
{
	int r;

	c->unfinished = false;
	r = receive_port_messages(c);
	if (r == 0)
		r = send_port_events(c);
	if (r == 0)
		r = console_stream_output(&c->stdout_stream, &c->dev, tx_queue(c, SNUG_PORT_STDIO));
	if (r == 0)
		r = console_stream_output(&c->stderr_stream, &c->dev,
					  tx_queue(c, SNUG_PORT_STDERR));
	if (c->guest_stopped || !c->ports[SNUG_PORT_STDIO].guest_open)
		console_stream_idle(&c->stdin_stream);
	else if (r == 0)
		r = console_stream_input(&c->stdin_stream, &c->dev, rx_queue(c, SNUG_PORT_STDIO));
	if (r == 0 && !c->guest_stopped)
		r = send_control_stream(c);
	c->unfinished |= c->stdin_stream.unfinished || c->stdout_stream.unfinished ||
			 c->stderr_stream.unfinished;
	return r;
}

void virtio_console_work(struct virtio_console *c)
{
	(void)pthread_mutex_lock(&c->dev.lock);
	if (virtio_device_live(&c->dev) && work(c) < 0)
		virtio_device_fail(&c->dev);
	if (!virtio_device_live(&c->dev)) {
		/* Else poll would report what nobody is going to take, over and over. */
		c->unfinished = false;
		console_stream_idle(&c->stdin_stream);
		console_stream_idle(&c->stdout_stream);
		console_stream_idle(&c->stderr_stream);
	}
	if (c->unfinished)
		(void)eventfd_write(c->kick_fd, 1);
	(void)pthread_mutex_unlock(&c->dev.lock);
}

nfds_t virtio_console_poll_fds(const struct virtio_console *c, struct pollfd *fds)
{
	nfds_t n = 0;

	fds[n++] = (struct pollfd){.fd = c->kick_fd, .events = POLLIN};
	if (c->stdin_stream.wanted)
		fds[n++] = (struct pollfd){.fd = c->stdin_stream.fd, .events = POLLIN};
	if (c->stdout_stream.wanted)
		fds[n++] = (struct pollfd){.fd = c->stdout_stream.fd, .events = POLLOUT};
	if (c->stderr_stream.wanted)
		fds[n++] = (struct pollfd){.fd = c->stderr_stream.fd, .events = POLLOUT};
	return n;
}

void virtio_console_ready(struct virtio_console *c, const struct pollfd *fds, nfds_t count)
{
	for (nfds_t i = 0; i < count; i++) {
		eventfd_t kicks;

		if (!fds[i].revents)
			continue;
		if (fds[i].fd == c->kick_fd)
			(void)eventfd_read(c->kick_fd, &kicks);
		else if (fds[i].events == POLLIN)
			c->stdin_stream.ready = true;
		else if (fds[i].fd == c->stdout_stream.fd)
			c->stdout_stream.ready = true;
		else
			c->stderr_stream.ready = true;
	}
}

void virtio_console_window_size(struct virtio_console *c, unsigned rows, unsigned columns)
{
	(void)pthread_mutex_lock(&c->dev.lock);
	c->window_size = ((rows & 0xffff) << 16) | (columns & 0xffff);
	c->window_size_changed = true;
	(void)pthread_mutex_unlock(&c->dev.lock);
}

bool virtio_console_signal(struct virtio_console *c, unsigned signal)
{
	(void)pthread_mutex_lock(&c->dev.lock);
	const bool listens = virtio_device_live(&c->dev) && c->ports[SNUG_PORT_STDERR].guest_open;
	if (listens)
		c->signals |= 1ULL << (signal & 63);
	(void)pthread_mutex_unlock(&c->dev.lock);
	return listens;
}

void virtio_console_guest_stopped(struct virtio_console *c)
{
	(void)pthread_mutex_lock(&c->dev.lock);
	c->guest_stopped = true;
	(void)pthread_mutex_unlock(&c->dev.lock);
}

bool virtio_console_had_output(const struct virtio_console *c)
{
	return c && (c->stdout_stream.bytes || c->stderr_stream.bytes);
}

void virtio_console_report(const struct virtio_console *c)
{
	console_stream_report(&c->stdin_stream, "cannot read standard input");
	console_stream_report(&c->stdout_stream, "cannot write the command's output");
	console_stream_report(&c->stderr_stream, "cannot write the command's errors");
}

bool virtio_console_drained(struct virtio_console *c)
{
	return !virtio_device_live(&c->dev) ||
	       (!c->stdout_stream.wanted && !c->stderr_stream.wanted && !c->unfinished);
}
