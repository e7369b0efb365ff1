/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guest/lib/guest.h"

#include <asm/bootparam.h>

static bool test_failed;
static unsigned failures;

void guest_start(const struct boot_params *params);

__attribute__((noreturn)) void end_with(uint32_t kind, uint32_t code)
{
	out32(SNUG_PORT_BASE + SNUG_PORT_STATUS, SNUG_STATUS(kind, code));
	for (;;)
		__asm__ volatile("hlt");
}

/* What the monitor was given: behind the devices, which it puts in front of that. */
static const char *own_cmdline(const char *cmdline)
{
	static const char device[] = "virtio_mmio.device=";

	while (memcmp(cmdline, device, sizeof(device) - 1) == 0) {
		while (*cmdline++ != ' ')
			;
	}
	return cmdline;
}

void guest_start(const struct boot_params *params)
{
	uint64_t cmdline = params->hdr.cmd_line_ptr | ((uint64_t)params->ext_cmd_line_ptr << 32);

	end_with(SNUG_STATUS_EXITED, (uint32_t)guest_main(own_cmdline((const char *)cmdline)));
}

/* One string instruction, so that a line costs few exits. */
void print(const char *text)
{
	size_t len = 0;

	while (text[len])
		len++;
	__asm__ volatile("rep outsb"
			 : "+S"(text), "+c"(len)
			 : "d"((uint16_t)SNUG_PORT_EARLY_CONSOLE)
			 : "memory");
}

static void print_number(uint64_t value, unsigned base)
{
	char text[24];
	char *at = text + sizeof(text) - 1;

	*at = '\0';
	do {
		*--at = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (base == 16)
		print("0x");
	print(at);
}

static void fail(const char *file, unsigned line, const char *text)
{
	test_failed = true;
	print(file);
	print(":");
	print_number(line, 10);
	print(": ");
	print(text);
}

bool check(bool ok, const char *file, unsigned line, const char *text)
{
	if (!ok) {
		fail(file, line, text);
		print("\n");
	}
	return ok;
}

bool check_equal(uint64_t a, uint64_t b, const char *file, unsigned line, const char *text)
{
	if (a != b) {
		fail(file, line, text);
		print(": ");
		print_number(a, 16);
		print(", ");
		print_number(b, 16);
		print("\n");
	}
	return a == b;
}

void test_begin(const char *name)
{
	test_failed = false;
	print("# ");
	print(name);
	print("\n");
}

void test_end(const char *name)
{
	print(test_failed ? "not ok " : "ok ");
	print(name);
	print("\n");
	failures += test_failed;
}

int run_tests(const struct test *tests, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		test_begin(tests[i].name);
		tests[i].run();
		test_end(tests[i].name);
	}
	return failures > 0;
}

bool next_word(const char **at, char *word, size_t size)
{
	size_t n = 0;

	while (**at == ' ')
		(*at)++;
	for (; **at && **at != ' '; (*at)++) {
		if (n < size - 1)
			word[n++] = **at;
	}
	word[n] = '\0';
	return n > 0;
}

uint64_t number(const char *word)
{
	unsigned base = 10;
	uint64_t value = 0;

	if (word[0] == '0' && word[1] == 'x') {
		base = 16;
		word += 2;
	}
	for (; *word; word++)
		value = value * base + (uint64_t)(*word <= '9' ? *word - '0' : *word - 'a' + 10);
	return value;
}

bool equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

void *memcpy(void *to, const void *from, size_t n)
{
	void *start = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
	return start;
}

void *memset(void *to, int value, size_t n)
{
	void *start = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(value) : "memory");
	return start;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (; n; n--, x++, y++) {
		if (*x != *y)
			return *x < *y ? -1 : 1;
	}
	return 0;
}
