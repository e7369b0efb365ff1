/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guest/lib/p9.h"

#define VERSION  "9P2000.L"
#define TAG_NONE 0xffff
#define MSIZE    8192

struct __attribute__((packed)) version {
	uint32_t size;
	uint8_t type;
	uint16_t tag;
	uint32_t msize;
	uint16_t len;
	char text[sizeof(VERSION) - 1];
};

_Static_assert(sizeof(struct version) == P9_VERSION_BYTES, "a Tversion");

bool p9_start(struct queue *q, uint64_t features)
{
	uint64_t dev = virtio_find(VIRTIO_ID_9P, 0);

	if (!dev || !virtio_negotiate(dev, features))
		return false;
	queue_place(q, dev, 0, P9_QUEUE_SIZE, P9_RING);
	if (!queue_enable(q))
		return false;
	virtio_driver_ok(dev);
	return true;
}

void p9_put_version(uint64_t gpa, uint32_t size)
{
	struct version message = {
		.size = size,
		.type = P9_TVERSION,
		.tag = TAG_NONE,
		.msize = MSIZE,
		.len = sizeof(message.text),
	};

	memcpy(message.text, VERSION, sizeof(message.text));
	memcpy((void *)gpa, &message, sizeof(message));
}

void p9_version_chain(struct queue *q)
{
	p9_put_version(P9_REQUEST, P9_VERSION_BYTES);
	memset((void *)P9_REPLY, 0, P9_VERSION_BYTES);
	queue_desc(q, 0, P9_REQUEST, P9_VERSION_BYTES, VRING_DESC_F_NEXT, 1);
	queue_desc(q, 1, P9_REPLY, P9_REPLY_ROOM, VRING_DESC_F_WRITE, 0);
}

bool p9_version_answered(void)
{
	struct version answer;

	memcpy(&answer, (const void *)P9_REPLY, sizeof(answer));
	return answer.size == sizeof(answer) && answer.type == P9_TVERSION + 1 &&
	       answer.tag == TAG_NONE && answer.msize == MSIZE &&
	       answer.len == sizeof(answer.text) &&
	       memcmp(answer.text, VERSION, sizeof(answer.text)) == 0;
}

bool p9_version_works(struct queue *q)
{
	uint32_t id;

	p9_version_chain(q);
	queue_add(q, 0);
	queue_kick(q);
	return queue_wait(q, &id) == P9_VERSION_BYTES && id == 0 && p9_version_answered();
}
