/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime of the bare-metal guests: a program of a few thousand instructions, in long mode with
 * the first 4 GiB mapped to themselves, interrupts off, nothing else of an operating system.
 *
 * A guest is a C file with guest_main(); its command line comes from the monitor's --cmdline. It
 * tests from the inside: one line a test on the early console, which the monitor's --verbose shows,
 *
 *   # NAME                begun: the last of these tells where a guest hung
 *   FILE:LINE: EXPR       a check failed
 *   ok NAME   not ok NAME
 *
 * and at the end an exit status: 0, or 1 if a check failed. A wait has no limit of its own: the host
 * gives up on the whole guest.
 */
#ifndef TESTS_GUEST_LIB_GUEST_H
#define TESTS_GUEST_LIB_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/abi.h"
#include "core/layout.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* RAM for a guest's use, zeroed at the start, between the monitor's tables and the guest's code. */
#define FREE_RAM     0x200000ULL
#define FREE_RAM_END 0x1000000ULL
/* What the tests give a guest (tests/guest/run): the first address that is not RAM. */
#define RAM_END 0x2000000ULL

/* The guest itself. Its return ends the run with that exit status. */
int guest_main(const char *cmdline);

struct test {
	const char *name;
	void (*run)(void);
};

/* Runs them all; what guest_main returns. */
int run_tests(const struct test *tests, unsigned count);

/* Checks inside a test; true if it holds. A failed one does not end the test. */
#define CHECK(expr)    check((expr), __FILE__, __LINE__, #expr)
#define CHECK_EQ(a, b) check_equal((a), (b), __FILE__, __LINE__, #a " == " #b)
bool check(bool ok, const char *file, unsigned line, const char *text);
bool check_equal(uint64_t a, uint64_t b, const char *file, unsigned line, const char *text);

/* One test by hand. */
void test_begin(const char *name);
void test_end(const char *name);

void print(const char *text);

__attribute__((noreturn)) void end_with(uint32_t kind, uint32_t code);

/* The word of text that begins at *at (past spaces), copied; false at the end. */
bool next_word(const char **at, char *word, size_t size);
/* A decimal or 0x number. */
uint64_t number(const char *word);
bool equal(const char *a, const char *b);

void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);

static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint16_t in16(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint32_t in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

/* One instruction each, of exactly this width: what the device sees is what is written here. */
#define DEFINE_MMIO(bits)                                                             \
	static inline uint##bits##_t read##bits(uint64_t gpa)                         \
	{                                                                             \
		uint##bits##_t value;                                                 \
                                                                                      \
		__asm__ volatile("mov (%1), %0" : "=r"(value) : "r"(gpa) : "memory"); \
		return value;                                                         \
	}                                                                             \
	static inline void write##bits(uint64_t gpa, uint##bits##_t value)            \
	{                                                                             \
		__asm__ volatile("mov %0, (%1)" : : "r"(value), "r"(gpa) : "memory"); \
	}
DEFINE_MMIO(8)
DEFINE_MMIO(16)
DEFINE_MMIO(32)
DEFINE_MMIO(64)
#undef DEFINE_MMIO

#endif
