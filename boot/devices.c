/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/devices.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/layout.h"

/* Appends to what is there. The new length, or -E2BIG. */
__attribute__((format(printf, 4, 5))) static int append(char *buf, size_t size, int used,
							const char *fmt, ...)
{
	va_list ap;
	int n;

	if (used < 0)
		return used;
	va_start(ap, fmt);
	n = vsnprintf(buf + used, size - (size_t)used, fmt, ap);
	va_end(ap);
	return n < 0 || (size_t)n >= size - (size_t)used ? -E2BIG : used + n;
}

int devices_cmdline(char *buf, size_t size, const struct platform *platform, const char *cmdline)
{
	int used = size ? 0 : -E2BIG;

	for (unsigned i = 0; i < platform->virtio_devices; i++)
		used = append(buf, size, used, "virtio_mmio.device=%#llx@%#llx:%u ",
			      LAYOUT_VIRTIO_MMIO_SIZE,
			      LAYOUT_VIRTIO_MMIO + i * LAYOUT_VIRTIO_MMIO_SIZE,
			      LAYOUT_VIRTIO_PIN + i);
	return append(buf, size, used, "%s", cmdline);
}
