/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest-init/report.h"
#include "guest-init/say.h"

static int load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
		r = -errno;
	close(fd);
	return r;
}

int modules_load(const struct strings *modules)
{
	for (size_t i = 0; i < modules->count; i++) {
		int r = load(modules->items[i]);

		if (r)
			return say_failed(modules->items[i], r);
		report_note("module", modules->items[i]);
	}
	return 0;
}
