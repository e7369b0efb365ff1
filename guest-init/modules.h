/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_INIT_MODULES_H
#define GUEST_INIT_MODULES_H

#include "guest-init/spec.h"

/* Loads the module files in their order; one that is loaded already is fine. 0, or -errno, said. */
int modules_load(const struct strings *modules);

#endif
