/* SPDX-License-Identifier: Apache-2.0 */
/* What the host offers, and whether it can run a VM at all. */
#ifndef LAUNCHER_HOST_H
#define LAUNCHER_HOST_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct host {
	const char *root; /* put before every path that is looked at: "", or a test's directory */
	uint64_t ram;     /* bytes of physical RAM */
	/* The directory of the kernel made for snug; "": there is none, or it was not looked for. */
	char own_kernels[PATH_MAX];
};

void host_read(struct host *host);

/* Fills in own_kernels: who is given a kernel need not look for one. */
void host_find_own_kernels(struct host *host);

/* Why a host will not do, as a sentence without its end, and what to do about it, as another. */
struct host_trouble {
	char text[512];
	char cure[512];
};

/*
 * Can this host's KVM run a stock kernel? 0, or -ENOTSUP and why not. Some KVM variants open and answer like
 * any other and then run only kernels made for them: the guest would hang without a word. Says nothing
 * about hosts that have no KVM: host_open_kvm() does.
 */
int host_check_kvm(const struct host *host, struct host_trouble *trouble);

/* Opens /dev/kvm for the monitor. A descriptor (O_CLOEXEC), or -errno and why. */
int host_open_kvm(const struct host *host, struct host_trouble *trouble);

/* The path of the host's own file. False: it is too long. */
bool host_path(const struct host *host, const char *file, char path[PATH_MAX]);

#endif
