/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/exports.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest-init/mounts.h"
#include "guest-init/report.h"
#include "guest-init/say.h"

static int mount_one(struct export_device *device)
{
	char options[256] = MOUNTS_9P_OPTIONS;

	if (strlen(options) + strlen(device->options) >= sizeof(options))
		return -ENAMETOOLONG;
	strcat(options, device->options);
	/* Device nodes of a volume are there to be looked at, copied and packed: whoever can write to it made them. */
	if (mkdir(device->tag, 0755) ||
	    mount(device->tag, device->tag, "9p", MS_NODEV | (device->rw ? 0 : MS_RDONLY), options))
		return -errno;
	if (!device->rw)
		return 0;
	device->fd = open(device->tag, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return device->fd < 0 ? -errno : 0;
}

int exports_mount(struct spec *spec)
{
	for (size_t i = 0; i < spec->export_count; i++) {
		int r = mount_one(&spec->exports[i]);

		if (r) {
			say("guest: volumes with ", spec->exports[i].options, ": ", strerror(-r));
			return r;
		}
		report_note("mount", spec->exports[i].tag);
	}
	return 0;
}

void exports_sync(const struct spec *spec)
{
	for (size_t i = 0; i < spec->export_count; i++)
		if (spec->exports[i].fd >= 0 && syncfs(spec->exports[i].fd))
			say_failed("writing to the volumes", -errno);
}
