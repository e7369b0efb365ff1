/* SPDX-License-Identifier: Apache-2.0 */
/* Classic BPF as seccomp runs it (Documentation/networking/filter.rst): the part that filters use. */
#ifndef TESTS_UNIT_BPF_H
#define TESTS_UNIT_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>

static inline int bpf_jumps(uint16_t op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	case BPF_JSET:
		return (a & k) != 0;
	default:
		return -1;
	}
}

/* What the program returns; 0 (SECCOMP_RET_KILL_THREAD) also for an instruction that is not known here. */
static inline uint32_t bpf_run(const struct sock_filter *code, size_t count,
			       const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t at = 0; at < count; at++) {
		const struct sock_filter *i = &code[at];
		int jumps;

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			if (i->code != (BPF_LD | BPF_W | BPF_ABS) ||
			    i->k + sizeof(a) > sizeof(*data))
				return 0;
			memcpy(&a, (const char *)data + i->k, sizeof(a));
			break;
		case BPF_ALU:
			if (i->code != (BPF_ALU | BPF_AND | BPF_K))
				return 0;
			a &= i->k;
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA) {
				at += i->k;
				break;
			}
			jumps = bpf_jumps(BPF_OP(i->code), a, i->k);
			if (jumps < 0 || BPF_SRC(i->code) != BPF_K)
				return 0;
			at += jumps ? i->jt : i->jf;
			break;
		case BPF_RET:
			return i->k;
		default:
			return 0;
		}
	}
	return 0;
}

#endif
