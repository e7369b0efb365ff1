/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel files in a tree, valid as far as the launcher looks. */
#ifndef TESTS_UNIT_FAKE_KERNEL_H
#define TESTS_UNIT_FAKE_KERNEL_H

#include "tests/unit/tree.h"

#include "tests/unit/bzimage.h"

static inline void fake_kernel_make(struct tree *tree, const char *below, const char *version)
{
	static struct bzimage image;

	bzimage_make(&image);
	(void)snprintf((char *)image.bytes + BZIMAGE_VERSION_AT, 64, "%s (a@b) #1", version);
	tree_write(tree, below, image.bytes, sizeof(image.bytes));
}

#endif
