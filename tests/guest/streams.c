/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that moves bytes through the console's streams; the host compares. Its command line:
 *
 *   print        every byte value to stdout and, reversed, to stderr; a line to the kernel console
 *   chunks N     N chunks of CHUNK_SIZE bytes to stdout, the last ones still in the ring at the end
 *   cat          stdin to stdout until its end is announced; status 1 if the count is wrong
 *   until PORT   write to a port until the control stream says that nobody reads it
 *   unready      takes the stdout queue away while a chunk is being written
 *   reset        the same with a reset of the device
 *   fail         breaks the device, and halts
 *   flood PORT   as much as possible to a port, for ever
 */
#include "tests/guest/lib/console.h"

#define CHUNK_HEAD "chunk 00000000\n"
#define HEAD_SIZE  (sizeof(CHUNK_HEAD) - 1)
#define CHUNK_SIZE 65536U /* tests/guest/run knows it */
#define CHUNKS     16U    /* in the ring at once, two descriptors each */

static int print_all(void)
{
	uint8_t *bytes = (uint8_t *)CONSOLE_BUFFER(0);

	for (unsigned i = 0; i < 256; i++) {
		bytes[i] = (uint8_t)i;
		bytes[511 - i] = (uint8_t)i;
	}
	console_write(SNUG_PORT_STDIO, CONSOLE_BUFFER(0), 256);
	console_write(SNUG_PORT_STDERR, CONSOLE_BUFFER(0) + 256, 256);
	print("a line of the kernel\n");
	return 0;
}

static void fill(uint64_t gpa, uint64_t byte, size_t len)
{
	uint64_t pattern = byte * 0x0101010101010101, count = len / 8;

	__asm__ volatile("rep stosq" : "+D"(gpa), "+c"(count) : "a"(pattern) : "memory");
}

/* Chunk number `number` in slot number % CHUNKS: its head, and a body they all share. */
static void add_chunk(struct queue *q, unsigned n)
{
	uint16_t slot = (uint16_t)(2 * (n % CHUNKS));
	uint64_t head = CONSOLE_BUFFER(1) + slot * 64U;
	char *digit = (char *)head + HEAD_SIZE - 2;

	memcpy((void *)head, CHUNK_HEAD, HEAD_SIZE);
	for (unsigned rest = n; rest; rest /= 10)
		*digit-- = (char)('0' + rest % 10);
	queue_desc(q, slot, head, HEAD_SIZE, VRING_DESC_F_NEXT, (uint16_t)(slot + 1));
	queue_desc(q, (uint16_t)(slot + 1), CONSOLE_BUFFER(0), CHUNK_SIZE - HEAD_SIZE, 0, 0);
	queue_add(q, slot);
	queue_kick(q);
}

static int chunks(unsigned count)
{
	struct queue *q = &console[TX(SNUG_PORT_STDIO)];

	fill(CONSOLE_BUFFER(0), '.', CHUNK_SIZE);
	for (unsigned n = 0; n < count; n++) {
		if (n >= CHUNKS)
			(void)queue_wait(q, NULL);
		add_chunk(q, n);
	}
	return 0;
}

static int cat(void)
{
	const struct snug_control *message =
		(const struct snug_control *)CONSOLE_BUFFER(RX(SNUG_PORT_STDERR));
	struct queue *input = &console[RX(SNUG_PORT_STDIO)];
	struct queue *control = &console[RX(SNUG_PORT_STDERR)];
	uint64_t count = 0;

	console_offer(SNUG_PORT_STDERR, sizeof(*message));
	console_offer(SNUG_PORT_STDIO, 5000);
	for (;;) {
		if (queue_has_used(input)) {
			uint32_t len = queue_wait(input, NULL);

			if (len == 0 || len > 5000)
				return 2;
			count += len;
			console_write(SNUG_PORT_STDIO, CONSOLE_BUFFER(RX(SNUG_PORT_STDIO)), len);
			console_offer(SNUG_PORT_STDIO, 5000);
		} else if (queue_has_used(control)) {
			break;
		}
	}
	if (queue_wait(control, NULL) != sizeof(*message) ||
	    message->type != SNUG_CONTROL_STDIN_END || message->arg != 0)
		return 3;
	return message->value == count && !queue_has_used(input) ? 0 : 1;
}

static int until_closed(unsigned port)
{
	const uint32_t want =
		port == SNUG_PORT_STDIO ? SNUG_CONTROL_STDOUT_CLOSED : SNUG_CONTROL_STDERR_CLOSED;
	const struct snug_control *message =
		(const struct snug_control *)CONSOLE_BUFFER(RX(SNUG_PORT_STDERR));
	struct queue *control = &console[RX(SNUG_PORT_STDERR)];

	do {
		console_offer(SNUG_PORT_STDERR, sizeof(*message));
		while (!queue_has_used(control))
			console_print(port, "more\n");
		if (queue_wait(control, NULL) != sizeof(*message))
			return 3;
	} while (message->type != want);
	/* It still takes what is written, and throws it away. */
	console_print(port, "even more\n");
	return 0;
}

/* Control messages to and fro: the device's thread works. */
static void talk(void)
{
	for (unsigned i = 0; i < 50; i++) {
		console_send_event(SNUG_PORT_STDERR, VIRTIO_CONSOLE_PORT_READY, 1);
		(void)console_expect_event(SNUG_PORT_STDERR, VIRTIO_CONSOLE_PORT_OPEN, 1);
	}
}

static int interrupted_chunk(bool whole_device)
{
	uint64_t dev = console[0].dev;

	add_chunk(&console[TX(SNUG_PORT_STDIO)], 0);
	add_chunk(&console[TX(SNUG_PORT_STDIO)], 1);
	talk();
	if (whole_device) {
		if (!console_start() || !console_open())
			return 1;
	} else {
		set_reg(dev, VIRTIO_MMIO_QUEUE_SEL, TX(SNUG_PORT_STDIO));
		set_reg(dev, VIRTIO_MMIO_QUEUE_READY, 0);
	}
	print("now read\n");
	talk();
	return 0;
}

__attribute__((noreturn)) static void broken(void)
{
	queue_add(&console[CONTROL_TX], 0xffff);
	queue_kick(&console[CONTROL_TX]);
	while (!(reg(console[0].dev, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET))
		__asm__ volatile("pause");
	print("broken\n");
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* One long chain, over and over; the guest has nothing to do but to offer it again. */
__attribute__((noreturn)) static void flood(unsigned port)
{
	struct queue *q = &console[TX(port)];

	for (uint16_t i = 0; i < q->size; i++)
		queue_desc(q, i, CONSOLE_BUFFER(5), RAM_END - CONSOLE_BUFFER(5),
			   i + 1 < q->size ? VRING_DESC_F_NEXT : 0, (uint16_t)(i + 1));
	for (unsigned i = 0; i < q->size; i++)
		queue_add(q, 0);
	console_print(SNUG_PORT_STDERR, "flooding\n");
	queue_kick(q);
	for (;;) {
		while (!queue_has_used(q))
			__asm__ volatile("pause");
		(void)queue_wait(q, NULL);
		queue_add(q, 0);
		queue_kick(q);
	}
}

int guest_main(const char *cmdline)
{
	char verb[16], arg[16];

	(void)next_word(&cmdline, verb, sizeof(verb));
	(void)next_word(&cmdline, arg, sizeof(arg));
	if (!console_start() || !console_open())
		return 90;
	if (equal(verb, "print"))
		return print_all();
	if (equal(verb, "chunks"))
		return chunks((unsigned)number(arg));
	if (equal(verb, "cat"))
		return cat();
	if (equal(verb, "until"))
		return until_closed((unsigned)number(arg));
	if (equal(verb, "unready") || equal(verb, "reset"))
		return interrupted_chunk(equal(verb, "reset"));
	if (equal(verb, "fail"))
		broken();
	if (equal(verb, "flood"))
		flood((unsigned)number(arg));
	return 91;
}
