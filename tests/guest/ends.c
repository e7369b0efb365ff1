/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that does what its command line says: how a run ends is seen from the host.
 *
 *   out8|out16|out32 PORT VALUE    print TEXT (a line; '_' for a space)
 *   other VALUE                    start processor 1, whose only act is to store VALUE to the status port
 *   crash    reset-vector    spin    halt    babble    give-up-devices
 */
#include "tests/guest/lib/guest.h"
#include "tests/guest/lib/interrupt.h"

/* Low memory that the monitor put nothing into. */
#define START_PAGE 0x40000UL

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

/* Real-mode code for another processor: mov $PORT, %dx; mov $value, %eax; out %eax, %dx; hlt */
static void start_other(uint32_t value)
{
	const uint16_t port = SNUG_PORT_BASE + SNUG_PORT_STATUS;
	uint8_t code[] = {0xba, 0, 0, 0x66, 0xb8, 0, 0, 0, 0, 0x66, 0xef, 0xf4};

	memcpy(&code[1], &port, sizeof(port));
	memcpy(&code[5], &value, sizeof(value));
	memcpy((void *)START_PAGE, code, sizeof(code));
	interrupts_init();
	processor_start(1, START_PAGE);
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

/* As a kernel does on its way to the end: no pin is unmasked any more. */
static void give_up_devices(void)
{
	write32(LAYOUT_IOAPIC, 0x10);
	write32(LAYOUT_IOAPIC + 0x10, 0x30);
	write32(LAYOUT_IOAPIC + 0x10, 0x10030);
	(void)read32(LAYOUT_IOAPIC + 0x10);
}

int guest_main(const char *cmdline)
{
	char verb[100], text[100];

	while (next_word(&cmdline, verb, sizeof(verb))) {
		if (equal(verb, "print") && next_word(&cmdline, text, sizeof(text)))
			print_line(text);
		else if (equal(verb, "other") && next_word(&cmdline, text, sizeof(text)))
			start_other((uint32_t)number(text));
		else if (equal(verb, "crash"))
			crash();
		else if (equal(verb, "reset-vector"))
			jump_to_reset_vector();
		else if (equal(verb, "give-up-devices"))
			give_up_devices();
		else if (equal(verb, "babble"))
			for (;;)
				print("and so on\n");
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
