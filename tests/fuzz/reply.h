/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a reply is as the protocol has it (proto.h), and tells nothing that is not the guest's to know. */
#ifndef TESTS_FUZZ_REPLY_H
#define TESTS_FUZZ_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "virtio/p9/proto.h"

/* The request's first bytes, and all of the reply. Returns its error, or 0; aborts if it is not right. */
int reply_check(const uint8_t request[P9_TWRITE_HEAD], const uint8_t *reply, size_t len);

#endif
