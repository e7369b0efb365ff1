/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One kept change, made on the host. Below its place no symbolic link is followed, of the path or of the
 * name; what is there must be as the guest found it. Only snug-full.
 */
#ifndef LAUNCHER_KEEP_APPLY_H
#define LAUNCHER_KEEP_APPLY_H

#include <stdbool.h>

#include "launcher/kept.h"

/*
 * A file or link is made under another name, and then renamed. It is the caller's, with the mode it had, but
 * never set-user-ID, set-group-ID or sticky; a file has its time. force: whatever of that kind is there is
 * replaced. 0, or -errno after having logged; then nothing has changed.
 */
int keep_apply(const struct kept *kept, const struct kept_entry *entry, bool force);

#endif
