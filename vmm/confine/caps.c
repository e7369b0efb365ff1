/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/confine/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/util.h"

/* More than any kernel has: PR_CAPBSET_READ says where they end. */
#define CAPS_MAX 64

/* What virtio/p9 needs as root. Each is below 32. */
static const struct kept {
	unsigned int cap;
	bool write; /* with a writable share only */
} kept[] = {
	{CAP_DAC_READ_SEARCH, false}, /* what root reads, whoever may read it besides */
	{CAP_DAC_OVERRIDE, true},     /* and writes */
	{CAP_CHOWN, true},            /* Tsetattr: another owner */
	{CAP_FOWNER,
	 true}, /* Tsetattr, Txattrcreate, sticky directories: of files that others own */
	{CAP_FSETID,
	 true}, /* a set-user-ID bit that is set on purpose; never effective while writing */
	{CAP_SETUID, true}, /* setfsuid(): what is created is the guest's user's from the start */
	{CAP_SETGID, true}, /* setfsgid(): and its group's */
};

struct sets {
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
};

static int get(struct sets *sets)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capget, &head, sets->data) < 0 ? -errno : 0;
}

static int set(const struct sets *sets)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capset, &head, sets->data) < 0 ? -errno : 0;
}

static uint32_t needed(const struct caps_files *files)
{
	uint32_t caps = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		if (kept[i].write ? files->write : files->read || files->write)
			caps |= CAP_TO_MASK(kept[i].cap);
	}
	return caps;
}

/* What a program executed by this one could have at most. Takes CAP_SETPCAP, which only root has. */
static int drop_bounding(uint32_t but)
{
	for (unsigned long cap = 0; cap < CAPS_MAX; cap++) {
		if (cap < 32 && (but & CAP_TO_MASK(cap)))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return errno == EINVAL ? 0 : -errno; /* the kernel has no more */
	}
	return 0;
}

int caps_keep(const struct caps_files *files)
{
	const uint32_t keep = needed(files);
	struct sets sets;
	int r = get(&sets);

	if (r < 0)
		return r;
	if (sets.data[0].effective & CAP_TO_MASK(CAP_SETPCAP))
		r = drop_bounding(keep);
	if (r < 0)
		return r;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	sets.data[0].permitted &= keep;
	sets.data[0].effective &= keep;
	sets.data[0].inheritable = 0;
	sets.data[1] = (struct __user_cap_data_struct){0};
	return set(&sets);
}

int caps_drop_all(void)
{
	const struct sets none = {0};

	return set(&none);
}
