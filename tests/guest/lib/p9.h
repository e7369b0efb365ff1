/* SPDX-License-Identifier: Apache-2.0 */
/* The 9P device, as far as its queue is concerned: one request, Tversion, and whether it is answered. */
#ifndef TESTS_GUEST_LIB_P9_H
#define TESTS_GUEST_LIB_P9_H

#include "tests/guest/lib/virtio.h"

#define P9_QUEUE_SIZE 8
#define P9_RING       FREE_RAM
#define P9_REQUEST    (FREE_RAM + 0x10000)
#define P9_REPLY      (FREE_RAM + 0x20000)
#define P9_TABLE      (FREE_RAM + 0x30000) /* for indirect descriptors */
#define P9_REPLY_ROOM 0x1000

#define P9_TVERSION      100
#define P9_RLERROR       7
#define P9_VERSION_BYTES 21 /* Tversion and its answer, with "9P2000.L" */

#define P9_FEATURES                                                           \
	(FEATURE(VIRTIO_F_VERSION_1) | FEATURE(VIRTIO_RING_F_INDIRECT_DESC) | \
	 FEATURE(VIRTIO_RING_F_EVENT_IDX))

/* Resets the first 9P device and brings it up with one queue. False: it would not. */
bool p9_start(struct queue *q, uint64_t features);

/* Writes a Tversion at gpa, whose size field says `size`; P9_VERSION_BYTES bytes. */
void p9_put_version(uint64_t gpa, uint32_t size);

/* Descriptors 0 and 1: a Tversion, and room for its answer. */
void p9_version_chain(struct queue *q);

/* Does one, polling; true if the answer is right. Descriptors 0 and 1 are used. */
bool p9_version_works(struct queue *q);
/* Is what lies at P9_REPLY the answer to a Tversion? */
bool p9_version_answered(void);

#endif
