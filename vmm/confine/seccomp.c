/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/confine/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/util.h"
#include "vmm/confine/filters/agreed.h"

/* Made by filters/generate.c: struct sock_filter filter_*[], and filters[] of them. */
#include "vmm/confine/filters/filters.inc"

unsigned short seccomp_code(enum confine_thread thread, struct sock_filter code[SECCOMP_CODE_MAX])
{
	const unsigned short count = filters[thread].count;
	const uint32_t self = (uint32_t)getpid();

	memcpy(code, filters[thread].code, count * sizeof(*code));
	for (unsigned short i = 0; i < count; i++) {
		if (BPF_CLASS(code[i].code) == BPF_JMP && code[i].k == FILTER_SELF)
			code[i].k = self;
	}
	return count;
}

int seccomp_enter(enum confine_thread thread)
{
	struct sock_filter code[SECCOMP_CODE_MAX];
	const struct sock_fprog program = {.len = seccomp_code(thread, code), .filter = code};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}
