/* SPDX-License-Identifier: Apache-2.0 */
/* The static guest-init program, carried inside the launcher (guest_init.S). */
#ifndef LAUNCHER_GUEST_INIT_H
#define LAUNCHER_GUEST_INIT_H

#include <stddef.h>

extern const unsigned char guest_init_image[];
extern const size_t guest_init_size; /* bytes */

#endif
