/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/creds.h"

#include <linux/capability.h>
#include <stdint.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Sets and clears effective capabilities of this thread, those below 32, as far as they are permitted. */
static void change(uint32_t set, uint32_t clear)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uint32_t effective;

	if (syscall(SYS_capget, &head, data))
		return;
	effective = (data[0].effective | (set & data[0].permitted)) & ~clear;
	if (effective == data[0].effective)
		return;
	data[0].effective = effective;
	(void)syscall(SYS_capset, &head, data);
}

void p9_creds_fsetid(bool on)
{
	uint32_t bit = CAP_TO_MASK(CAP_FSETID);

	change(on ? bit : 0, on ? 0 : bit);
}

bool p9_creds_become(uid_t uid, gid_t gid)
{
	bool other_uid = uid != (uid_t)-1 && uid != 0, other_gid = gid != (gid_t)-1 && gid != 0;

	if (other_gid)
		(void)setfsgid(gid);
	if (other_uid) {
		/* Takes the capabilities that concern files away (capabilities(7)), these two too. */
		(void)setfsuid(uid);
		change(CAP_TO_MASK(CAP_DAC_OVERRIDE) | CAP_TO_MASK(CAP_DAC_READ_SEARCH), 0);
	}
	return other_uid || other_gid;
}

void p9_creds_self(void)
{
	/* Brings all of them back, CAP_FSETID too. */
	(void)setfsuid(0);
	(void)setfsgid(0);
	p9_creds_fsetid(false);
}
