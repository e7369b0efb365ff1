/* SPDX-License-Identifier: Apache-2.0 */
/* The 9p devices that show the user's volumes, mounted where the command cannot find them. */
#ifndef GUEST_INIT_EXPORTS_H
#define GUEST_INIT_EXPORTS_H

#include "guest-init/spec.h"

/*
 * Mounts each on a directory named after its tag, made in the working directory. What can be written
 * to is kept open for exports_sync(). 0, or -errno, said.
 */
int exports_mount(struct spec *spec);

/*
 * Waits until the host has what the guest wrote: an end of the VM that is not the kernel's own takes
 * its memory with it. Failures are said.
 */
void exports_sync(const struct spec *spec);

#endif
