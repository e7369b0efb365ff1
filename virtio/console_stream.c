/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/console_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/log.h"
#include "core/util.h"

/* A write of this many bytes to a pipe that poll calls writable does not block. */
#define WAITING_WRITE_MAX PIPE_BUF

/* A pass's share: so many chains and system calls, of at most so many bytes each. */
#define PASS_STEPS   64
#define TRANSFER_MAX MIB(1)

void console_stream_init(struct console_stream *stream, int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	*stream = (struct console_stream){.fd = fd};
	if (flags < 0 || fstat(fd, &st) < 0) {
		stream->ended = true;
		return;
	}
	/* Files never wait in poll's sense; the rest only do if nobody made them O_NONBLOCK. */
	stream->waits = !(flags & O_NONBLOCK) && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode);
}

void console_stream_reset(struct console_stream *stream)
{
	stream->has_chain = false;
	console_stream_idle(stream);
}

void console_stream_report(const struct console_stream *stream, const char *what)
{
	if (stream->error)
		log_error("%s: %s", what, strerror(stream->error));
}

void console_stream_idle(struct console_stream *stream)
{
	stream->wanted = false;
	stream->ready = false;
	stream->unfinished = false;
}

/* False when this pass has done its share: the other streams, and signals, wait. */
static bool take_step(struct console_stream *stream)
{
	stream->unfinished = stream->steps == 0;
	if (stream->steps > 0)
		stream->steps--;
	return !stream->unfinished;
}

/* May fd be used now? Otherwise asks for a poll. */
static bool may_use(struct console_stream *stream)
{
	stream->wanted = stream->waits && !stream->ready;
	stream->ready = false;
	return !stream->wanted;
}

/* The part of iov[0 .. count) from byte `skip` on, at most max bytes, into out. Returns entries. */
static int iov_from(const struct iovec *iov, unsigned count, size_t skip, size_t max,
		    struct iovec *out)
{
	int n = 0;

	for (unsigned i = 0; i < count && max > 0; i++) {
		size_t len = iov[i].iov_len;

		if (skip >= len) {
			skip -= len;
			continue;
		}
		len = min_u64(len - skip, max);
		out[n++] =
			(struct iovec){.iov_base = (char *)iov[i].iov_base + skip, .iov_len = len};
		max -= len;
		skip = 0;
	}
	return n;
}

/* True when the chain is done with: written, or not to be written any more. */
static bool write_chain(struct console_stream *stream)
{
	struct virtq_chain *chain = &stream->chain;
	struct iovec iov[VIRTQ_SIZE_MAX];

	while (stream->chain_done < chain->readable_bytes && !stream->ended) {
		size_t max = stream->waits ? WAITING_WRITE_MAX : TRANSFER_MAX;
		int count = iov_from(chain->iov, chain->readable, stream->chain_done, max, iov);
		ssize_t n;

		if (!take_step(stream) || !may_use(stream))
			return false;
		n = writev(stream->fd, iov, count);
		if (n >= 0) {
			stream->chain_done += (size_t)n;
			stream->bytes += (uint64_t)n;
		} else if (errno == EAGAIN) {
			stream->wanted = true;
			return false;
		} else if (errno != EINTR) {
			/* EPIPE is no fault: `| head` has seen enough. */
			stream->error = errno == EPIPE ? 0 : errno;
			stream->ended = true;
		}
	}
	return true;
}

int console_stream_output(struct console_stream *stream, struct virtio_device *dev,
			  struct virtq *vq)
{
	stream->wanted = false;
	stream->unfinished = false;
	stream->steps = PASS_STEPS;
	/* The driver may take a queue away, and make it ready again, at any time. */
	if (stream->chain_generation != vq->generation)
		stream->has_chain = false;
	do {
		for (;;) {
			if (!stream->has_chain) {
				int r = virtq_pop(vq, &stream->chain);

				if (r < 0)
					return r;
				if (r == 0)
					break;
				stream->has_chain = true;
				stream->chain_generation = vq->generation;
				stream->chain_done = 0;
			}
			if (!take_step(stream) || !write_chain(stream)) {
				virtio_device_signal(dev, vq);
				return 0;
			}
			virtq_push(vq, stream->chain.head, 0);
			stream->has_chain = false;
		}
		virtio_device_signal(dev, vq);
	} while (virtq_enable_kicks(vq));
	return 0;
}

/* Fills one buffer. 1 to go on, 0 if there is nothing to read now. */
static int read_chain(struct console_stream *stream, struct virtq *vq,
		      const struct virtq_chain *chain)
{
	struct iovec iov[VIRTQ_SIZE_MAX];
	int count = iov_from(&chain->iov[chain->readable], chain->writable, 0, TRANSFER_MAX, iov);
	ssize_t n;

	if (!may_use(stream)) {
		virtq_unpop(vq);
		return 0;
	}
	do {
		n = readv(stream->fd, iov, count);
	} while (n < 0 && errno == EINTR);
	if (n > 0) {
		stream->bytes += (uint64_t)n;
		virtq_push(vq, chain->head, (uint32_t)n);
		return 1;
	}
	virtq_unpop(vq);
	if (n < 0 && errno == EAGAIN) {
		stream->wanted = true;
		return 0;
	}
	/* EIO is how a terminal says that it has hung up: an end like any other. */
	stream->error = n < 0 && errno != EIO ? errno : 0;
	stream->ended = true;
	return 0;
}

int console_stream_input(struct console_stream *stream, struct virtio_device *dev, struct virtq *vq)
{
	struct virtq_chain *chain = &stream->chain;

	stream->wanted = false;
	stream->unfinished = false;
	stream->steps = PASS_STEPS;
	do {
		while (!stream->ended && take_step(stream)) {
			int r = virtq_pop(vq, chain);

			if (r < 0)
				return r;
			if (r == 0)
				break;
			/* An end of file must not be mistaken for a buffer without room. */
			if (chain->writable_bytes == 0)
				virtq_push(vq, chain->head, 0);
			else if (!read_chain(stream, vq, chain))
				break;
		}
		virtio_device_signal(dev, vq);
	} while (!stream->ended && !stream->wanted && !stream->unfinished &&
		 virtq_enable_kicks(vq));
	return 0;
}
