/* SPDX-License-Identifier: Apache-2.0 */
/* The static guest-init program, carried inside what makes initrds (guest_init.S). */
#ifndef BOOT_GUEST_INIT_H
#define BOOT_GUEST_INIT_H

#include <stddef.h>

extern const unsigned char guest_init_image[];
extern const size_t guest_init_size; /* bytes */

#endif
