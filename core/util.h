/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic that cannot wrap unnoticed, and the few macros every file needs. */
#ifndef CORE_UTIL_H
#define CORE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)            (sizeof(a) / sizeof((a)[0]))
#define KIB(n)                   ((uint64_t)(n) << 10)
#define MIB(n)                   ((uint64_t)(n) << 20)
#define GIB(n)                   ((uint64_t)(n) << 30)
#define container_of(p, type, m) ((type *)((char *)(p)-offsetof(type, m)))

/* True, and *sum not to be used, if a + b does not fit. */
static inline bool add_overflows(uint64_t a, uint64_t b, uint64_t *sum)
{
	return __builtin_add_overflow(a, b, sum);
}

static inline bool mul_overflows(uint64_t a, uint64_t b, uint64_t *product)
{
	return __builtin_mul_overflow(a, b, product);
}

/* Is [start, start+len) inside [base, base+size)? Never wraps; an empty range is inside if start is. */
static inline bool range_inside(uint64_t start, uint64_t len, uint64_t base, uint64_t size)
{
	return start >= base && start - base <= size && len <= size - (start - base);
}

/* alignment: a power of two. The caller knows that n + alignment does not wrap. */
static inline uint64_t align_up(uint64_t n, uint64_t alignment)
{
	return (n + alignment - 1) & ~(alignment - 1);
}

static inline uint64_t align_down(uint64_t n, uint64_t alignment)
{
	return n & ~(alignment - 1);
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

#endif
