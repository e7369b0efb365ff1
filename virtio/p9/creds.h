/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As whom a thread of the server acts. A server of root's has all the rights there are but one:
 * CAP_FSETID, with which the kernel would leave set-user-ID and set-group-ID bits alone when a file is
 * written, and would let a file in a set-group-ID directory have that bit for a group that is not its
 * owner's. Nobody else on the host can do that, and neither shall a guest; it may still set these bits
 * with a chmod, on purpose. A server that is not root's has nothing to give up.
 */
#ifndef VIRTIO_P9_CREDS_H
#define VIRTIO_P9_CREDS_H

#include <stdbool.h>
#include <sys/types.h>

/* This thread has CAP_FSETID, or has not, from now on. */
void p9_creds_fsetid(bool on);

/*
 * What this thread creates from now on, until p9_creds_self(), is that user's and group's from the
 * start; -1 leaves either. It keeps the right to create it anywhere, as the guest has decided already.
 * Only for a process of root's. False: that is what it is already, and there is no way back to go.
 */
bool p9_creds_become(uid_t uid, gid_t gid);
void p9_creds_self(void);

#endif
