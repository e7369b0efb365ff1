/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that makes one 9P request, for a look at what serves it. Status 0 if it is answered. */
#include "tests/guest/lib/p9.h"

int guest_main(const char *cmdline)
{
	static struct queue q;

	(void)cmdline;
	return p9_start(&q, P9_FEATURES) && p9_version_works(&q) ? 0 : 1;
}
