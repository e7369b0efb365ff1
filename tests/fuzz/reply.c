/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/reply.h"

#include <errno.h>
#include <string.h>

#include "core/util.h"
#include "tests/fuzz/world.h"
#include "tests/fuzz/world_tree.h"
#include "virtio/p9/wire.h"

/*
 * What the body of a reply consists of, by the number of its request: integers of 1, 4 and 8 bytes, a
 * qid, a string, a count and as many bytes of data, dirents, a number of qids.
 */
static const char *const bodies[] = {
	[P9_TSTATFS] = "448888884", [P9_TLOPEN] = "q4",
	[P9_TLCREATE] = "q4",       [P9_TSYMLINK] = "q",
	[P9_TMKNOD] = "q",          [P9_TRENAME] = "",
	[P9_TREADLINK] = "s",       [P9_TGETATTR] = "8q444888888888888888",
	[P9_TSETATTR] = "",         [P9_TXATTRWALK] = "8",
	[P9_TXATTRCREATE] = "",     [P9_TREADDIR] = "E",
	[P9_TFSYNC] = "",           [P9_TLOCK] = "1",
	[P9_TGETLOCK] = "1884s",    [P9_TLINK] = "",
	[P9_TMKDIR] = "q",          [P9_TRENAMEAT] = "",
	[P9_TUNLINKAT] = "",        [P9_TVERSION] = "4s",
	[P9_TATTACH] = "q",         [P9_TFLUSH] = "",
	[P9_TWALK] = "Q",           [P9_TREAD] = "D",
	[P9_TWRITE] = "4",          [P9_TCLUNK] = "",
	[P9_TREMOVE] = "",
};

/* Not memmem(): the fuzzer looks at what that is asked for, and would make inputs of it. */
static bool holds_secret(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i + SECRET_LEN <= len; i++) {
		size_t n = 0;

		while (n < SECRET_LEN && bytes[i + n] == (uint8_t)SECRET[n])
			n++;
		if (n == SECRET_LEN)
			return true;
	}
	return false;
}

static void take_qid(struct p9_reader *in)
{
	uint8_t type = p9_get_u8(in);
	uint32_t version = p9_get_u32(in);
	uint64_t path = p9_get_u64(in);

	(void)version;
	if (type != P9_QTDIR && type != P9_QTSYMLINK && type != P9_QTFILE)
		world_broken("a qid of no type there is");
	/* One device, the first: a path is an inode number. */
	if (tree_is_outside(path))
		world_broken("the qid of a file outside");
}

static void take_bytes(struct p9_reader *in, size_t len)
{
	if (len > in->left)
		world_broken("less data than the reply says");
	in->at += len;
	in->left -= len;
}

static void take_entries(struct p9_reader *in)
{
	size_t size = p9_get_u32(in);

	if (size != in->left)
		world_broken("entries of another size than the reply says");
	while (in->left && !in->failed) {
		struct p9_str name;

		take_qid(in);
		(void)p9_get_u64(in);
		(void)p9_get_u8(in);
		name = p9_get_str(in);
		if (name.len == 0 || name.len > 255 || memchr(name.bytes, '/', name.len))
			world_broken("an entry of no name");
	}
}

static void take_qids(struct p9_reader *in)
{
	size_t count = p9_get_u16(in);

	if (count > P9_MAXWELEM)
		world_broken("a longer walk than there is");
	for (size_t i = 0; i < count; i++)
		take_qid(in);
}

static void take_field(struct p9_reader *in, char kind)
{
	switch (kind) {
	case '1':
	case '4':
	case '8':
		take_bytes(in, (size_t)(kind - '0'));
		break;
	case 'q':
		take_qid(in);
		break;
	case 's':
		(void)p9_get_str(in);
		break;
	case 'D':
		take_bytes(in, p9_get_u32(in));
		break;
	case 'E':
		take_entries(in);
		break;
	default:
		take_qids(in);
		break;
	}
}

static uint32_t u32_at(const uint8_t *bytes)
{
	struct p9_reader in = {.at = bytes, .left = 4};

	return p9_get_u32(&in);
}

/* Never more than was asked for. */
static void check_amount(const uint8_t *request, const uint8_t *reply)
{
	switch (request[4]) {
	case P9_TREAD:
	case P9_TREADDIR:
	case P9_TWRITE: /* fid[4] offset[8] count[4] */
		if (u32_at(reply + P9_HEAD_SIZE) > u32_at(request + P9_HEAD_SIZE + 12))
			world_broken("more than was asked for");
		break;
	case P9_TWALK: /* fid[4] newfid[4] nwname[2] */
		if (reply[P9_HEAD_SIZE] > request[P9_HEAD_SIZE + 8])
			world_broken("further than was asked for");
		break;
	default:
		break;
	}
}

static int check_error(struct p9_reader *in)
{
	uint32_t error = p9_get_u32(in);

	if (p9_get_end(in) || error == 0 || error > 4095 || error == EFAULT || error == ENOSYS)
		world_broken("an error that is none");
	return (int)error;
}

int reply_check(const uint8_t request[P9_TWRITE_HEAD], const uint8_t *reply, size_t len)
{
	struct p9_reader in = {.at = reply, .left = len};
	uint32_t size = p9_get_u32(&in);
	uint8_t type = p9_get_u8(&in);
	uint16_t tag = p9_get_u16(&in);

	if (in.failed || size != len || tag != (request[5] | request[6] << 8))
		world_broken("a reply to something else");
	if (holds_secret(reply, len))
		world_broken("the secret is told");
	if (type == P9_RLERROR)
		return check_error(&in);
	if (type != request[4] + 1 || request[4] >= ARRAY_SIZE(bodies) || !bodies[request[4]])
		world_broken("a reply of the wrong type");
	for (const char *kind = bodies[request[4]]; *kind; kind++)
		take_field(&in, *kind);
	if (p9_get_end(&in))
		world_broken("a reply of the wrong shape");
	check_amount(request, reply);
	return 0;
}
