/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that does what its command line says: how a run ends is seen from the host.
 *
 *   out8|out16|out32 PORT VALUE    print TEXT (a line; '_' for a space)
 *   crash    reset-vector    spin    halt
 */
#include "tests/guest/lib/guest.h"

static void print_line(char *text)
{
	for (char *at = text; *at; at++) {
		if (*at == '_')
			*at = ' ';
	}
	print(text);
	print("\n");
}

static void out(const char *verb, const char **at)
{
	char port[16], value[16];

	(void)next_word(at, port, sizeof(port));
	(void)next_word(at, value, sizeof(value));
	if (equal(verb, "out8"))
		out8((uint16_t)number(port), (uint8_t)number(value));
	else if (equal(verb, "out16"))
		out16((uint16_t)number(port), (uint16_t)number(value));
	else
		out32((uint16_t)number(port), (uint32_t)number(value));
}

/* No interrupt table, and an exception: the processor gives up. */
static void crash(void)
{
	const struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} nothing = {0, 0};

	__asm__ volatile("lidt %0; ud2" : : "m"(nothing));
}

/* real_mode.S: as a kernel does that reboots "by the BIOS". */
__attribute__((noreturn)) void jump_to_reset_vector(void);

int guest_main(const char *cmdline)
{
	char verb[100], text[100];

	while (next_word(&cmdline, verb, sizeof(verb))) {
		if (equal(verb, "print") && next_word(&cmdline, text, sizeof(text)))
			print_line(text);
		else if (equal(verb, "crash"))
			crash();
		else if (equal(verb, "reset-vector"))
			jump_to_reset_vector();
		else if (equal(verb, "spin"))
			for (;;)
				__asm__ volatile("pause");
		else if (equal(verb, "halt"))
			for (;;)
				__asm__ volatile("cli; hlt");
		else
			out(verb, &cmdline);
	}
	return 99; /* the command line should have ended the run */
}
