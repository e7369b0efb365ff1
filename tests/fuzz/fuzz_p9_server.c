/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the 9P server by what it is asked for, not by how: an input is a program, a byte for each
 * request and for each of its fields, of which small numbers choose from what may matter. Between the
 * requests the host changes the tree.
 *
 *   server, then requests: type, fields as in its table entry; or a number beyond the types: room for
 *   the replies from here on, or an act of the host's
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/stat.h>

#include "core/util.h"
#include "tests/fuzz/world.h"
#include "virtio/p9/proto.h"
#include "virtio/p9/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct program {
	const uint8_t *at, *end;
	struct p9_writer out;
	size_t room; /* for a reply */
};

static uint8_t next(struct program *p)
{
	return p->at < p->end ? *p->at++ : 0;
}

/* --- fields ----------------------------------------------------------------------------------------- */

struct name {
	const char *bytes;
	size_t len;
};
#define NAME(text)                     \
	{                              \
		text, sizeof(text) - 1 \
	}
#define N16  "nnnnnnnnnnnnnnnn"
#define N255 N16 N16 N16 N16 N16 N16 N16 N16 N16 N16 N16 N16 N16 N16 N16 "nnnnnnnnnnnnnnn"

static const struct name names[] = {
	NAME("f"),      NAME("a"),    NAME("b"),     NAME("e"),      NAME("h"),
	NAME("l"),      NAME("p"),    NAME("z"),     NAME("new"),    NAME("other"),
	NAME("hidden"), NAME("hdir"), NAME("inner"), NAME("out"),    NAME("outdir"),
	NAME("ro"),     NAME("rw"),   NAME(".."),    NAME("."),      NAME(""),
	NAME("a/b"),    NAME("/"),    NAME(N255),    NAME(N255 "n"), NAME("f\0x"),
	NAME("\xff"),   NAME("..."),  NAME("moved"), NAME("secret"), NAME("outside"),
	NAME("../out"), NAME("\0"),
};

static const struct name targets[] = {
	NAME("f"),    NAME("../outside/secret"), NAME("/"), NAME(""),
	NAME("a\0b"), NAME(N255 "/" N255),       NAME("."), NAME(".."),
};

static const struct name attributes[] = {
	NAME(""),
	NAME("user.a"),
	NAME("user.b"),
	NAME("user."),
	NAME("user"),
	NAME("trusted.a"),
	NAME("security.capability"),
	NAME("system.posix_acl_access"),
	NAME("user.a\0b"),
	NAME(N255),
	NAME(N255 "n"),
	NAME("user.snug.device"), /* the server's own */
};

static const struct name versions[] = {NAME(P9_VERSION), NAME("9P2000"), NAME("")};

static const uint64_t numbers[] = {0,
				   1,
				   2,
				   3,
				   7,
				   11,
				   24,
				   100,
				   255,
				   4095,
				   4096,
				   32767,
				   65535,
				   65536,
				   65537,
				   1u << 20,
				   INT32_MAX,
				   1u << 31,
				   UINT32_MAX - 7,
				   UINT32_MAX,
				   1ULL << 32,
				   INT64_MAX - (512u << 10),
				   INT64_MAX - (512u << 10) + 1,
				   INT64_MAX - 1,
				   INT64_MAX,
				   1ULL << 63,
				   UINT64_MAX - 1,
				   UINT64_MAX,
				   1000,
				   999999999,
				   UTIME_NOW,
				   UTIME_OMIT};

static const uint32_t open_flags[] = {
	P9_DOTL_RDONLY,
	P9_DOTL_WRONLY,
	P9_DOTL_RDWR,
	P9_DOTL_NOACCESS,
	P9_DOTL_RDWR | P9_DOTL_TRUNC,
	P9_DOTL_RDONLY | P9_DOTL_TRUNC,
	P9_DOTL_RDWR | P9_DOTL_APPEND,
	P9_DOTL_WRONLY | P9_DOTL_DSYNC,
	P9_DOTL_WRONLY | P9_DOTL_SYNC,
	P9_DOTL_RDONLY | P9_DOTL_DIRECTORY,
	P9_DOTL_RDWR | P9_DOTL_CREATE,
	P9_DOTL_RDWR | P9_DOTL_CREATE | P9_DOTL_EXCL,
	P9_DOTL_WRONLY | P9_DOTL_CREATE | P9_DOTL_TRUNC,
	UINT32_MAX,
	UINT32_MAX & ~(uint32_t)P9_DOTL_NOACCESS,
};

static const uint32_t modes[] = {
	0644,
	0,
	0755,
	07777,
	02755,
	04755,
	01777,
	S_IFMT,
	S_IFREG | 0600,
	S_IFIFO | 0600,
	S_IFSOCK | 0600,
	S_IFCHR | 0666,
	S_IFBLK | 0666,
	S_IFDIR | 0755,
	S_IFLNK | 0777,
	UINT32_MAX,
};

#define PICK(p, array) ((array)[next(p) % ARRAY_SIZE(array)])

static void put_name(struct program *p, const struct name *list, size_t count)
{
	const struct name *name = &list[next(p) % count];

	p9_put_str(&p->out, name->bytes, name->len);
}

static void put_fid(struct program *p)
{
	uint8_t fid = next(p);

	p9_put_u32(&p->out, fid == 0xff ? P9_NOFID : fid & 15u);
}

static uint64_t number(struct program *p)
{
	return PICK(p, numbers);
}

static void put_walk(struct program *p)
{
	uint16_t count = next(p) % (P9_MAXWELEM + 2);

	p9_put_u16(&p->out, count);
	for (uint16_t i = 0; i < count; i++)
		put_name(p, names, ARRAY_SIZE(names));
}

/* The count, and as much data; one count in sixteen is about other data than there is. */
static void put_data(struct program *p)
{
	static const uint16_t sizes[] = {0, 1, 3, 10, 100, 4095, 4096, 5000};
	uint8_t choice = next(p);
	uint16_t len = sizes[choice % ARRAY_SIZE(sizes)];

	p9_put_u32(&p->out, choice < 0xf0 ? len : (uint32_t)number(p));
	for (uint16_t i = 0; i < len; i++)
		p9_put_u8(&p->out, choice);
}

/* Sizes of attributes' values; put_data() has the same. */
static void put_value_size(struct program *p)
{
	static const uint64_t sizes[] = {
		0, 1, 3, 10, 100, 4096, XATTR_SIZE_MAX, XATTR_SIZE_MAX + 1, UINT64_MAX};

	p9_put_u64(&p->out, PICK(p, sizes));
}

/* An offset; most at a file's beginning, where there is something. */
static void put_offset(struct program *p)
{
	uint8_t choice = next(p);

	p9_put_u64(&p->out, choice < 0x80 ? choice & 3 : numbers[choice % ARRAY_SIZE(numbers)]);
}

/* An id of a user or a group: none, root's, another's. */
static uint32_t some_id(struct program *p)
{
	static const uint32_t ids[] = {UINT32_MAX, 0, 1000, 65534, UINT32_MAX - 1};

	return PICK(p, ids);
}

static void put_field(struct program *p, char kind)
{
	struct p9_writer *out = &p->out;

	switch (kind) {
	case 'f':
		put_fid(p);
		break;
	case 'n':
		put_name(p, names, ARRAY_SIZE(names));
		break;
	case 't':
		put_name(p, targets, ARRAY_SIZE(targets));
		break;
	case 'x':
		put_name(p, attributes, ARRAY_SIZE(attributes));
		break;
	case 'v':
		put_name(p, versions, ARRAY_SIZE(versions));
		break;
	case 'W':
		put_walk(p);
		break;
	case 'z':
		put_value_size(p);
		break;
	case 'o':
		put_offset(p);
		break;
	case 'D':
		put_data(p);
		break;
	case 'L':
		p9_put_u32(out, PICK(p, open_flags));
		break;
	case 'm':
		p9_put_u32(out, PICK(p, modes));
		break;
	case 'i':
		p9_put_u32(out, some_id(p));
		break;
	case 'A': /* afid: there are none */
		p9_put_u32(out, next(p) < 0xf0 ? P9_NOFID : 0);
		break;
	case '1':
		p9_put_u8(out, next(p) & 7);
		break;
	case '2':
		p9_put_u16(out, next(p) & 7);
		break;
	case '3': /* XATTR_CREATE, XATTR_REPLACE, and more than these */
		p9_put_u32(out, next(p) & 7);
		break;
	case 'b': /* bits */
		p9_put_u32(out, (uint32_t)next(p) << (next(p) & 31));
		break;
	case '4':
		p9_put_u32(out, (uint32_t)number(p));
		break;
	default:
		p9_put_u64(out, number(p));
		break;
	}
}

/* --- requests --------------------------------------------------------------------------------------- */

static const struct {
	uint8_t type;
	const char *fields;
} requests[] = {
	{P9_TWALK, "ffW"},       {P9_TLOPEN, "fL"},         {P9_TLCREATE, "fnLmi"},
	{P9_TCLUNK, "f"},        {P9_TREAD, "fo4"},         {P9_TWRITE, "foD"},
	{P9_TREADDIR, "fo4"},    {P9_TGETATTR, "f8"},       {P9_TSETATTR, "fbmii88888"},
	{P9_TRENAME, "ffn"},     {P9_TRENAMEAT, "fnfn"},    {P9_TUNLINKAT, "fnb"},
	{P9_TREMOVE, "f"},       {P9_TLINK, "ffn"},         {P9_TMKDIR, "fnmi"},
	{P9_TSYMLINK, "fnti"},   {P9_TMKNOD, "fnm44i"},     {P9_TREADLINK, "f"},
	{P9_TXATTRWALK, "ffx"},  {P9_TXATTRCREATE, "fxz3"}, {P9_TLOCK, "f1b884n"},
	{P9_TGETLOCK, "f1884n"}, {P9_TSTATFS, "f"},         {P9_TFSYNC, "fb"},
	{P9_TATTACH, "fAnni"},   {P9_TFLUSH, "2"},          {P9_TVERSION, "4v"},
	{P9_TAUTH, "fnni"},
};

static void serve(struct program *p)
{
	static uint8_t answer[70000];
	struct iovec message = {p->out.start, p->out.len}, reply = {answer, p->room};

	if (p->out.failed)
		world_broken("a request too long for this program");
	p9_set_u32(&p->out, 0, (uint32_t)p->out.len);
	(void)world_serve(&message, 1, &reply, 1);
}

static void request(struct program *p, size_t which)
{
	static uint8_t message[16384];

	p->out = (struct p9_writer){.start = message, .room = sizeof(message)};
	p9_put_u32(&p->out, 0);
	p9_put_u8(&p->out, requests[which].type);
	p9_put_u16(&p->out, 1);
	for (const char *kind = requests[which].fields; *kind; kind++)
		put_field(p, *kind);
	serve(p);
}

static void host_acts(struct program *p)
{
	uint8_t action = next(p), from = next(p), to = next(p);

	world_host_acts(action, from & 7, from >> 3, to & 7, to >> 3);
}

static void step(struct program *p)
{
	static const size_t rooms[] = {70000, 4096, 500, 100, 24, 20, 12, 11, 10, 0};
	uint8_t what = next(p) % (ARRAY_SIZE(requests) + 6);

	if (what < ARRAY_SIZE(requests))
		request(p, what);
	else if (what == ARRAY_SIZE(requests))
		p->room = PICK(p, rooms);
	else
		host_acts(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct program p = {.at = data, .end = data + size, .room = 70000};

	world_begin(next(&p));
	while (p.at < p.end)
		step(&p);
	world_end();
	return 0;
}
