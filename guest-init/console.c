/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/console.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "guest-init/say.h"

static const char *skip_digits(const char *p)
{
	while (isdigit((unsigned char)*p))
		p++;
	return p;
}

int console_port_number(const char *name)
{
	const char *p, *number;
	int n = 0;

	if (strncmp(name, "vport", 5) != 0)
		return -1;
	p = skip_digits(name + 5);
	if (p == name + 5 || *p != 'p')
		return -1;
	number = p + 1;
	p = skip_digits(number);
	if (p == number || p - number > 4 || *p != '\0')
		return -1;
	for (; number < p; number++)
		n = n * 10 + (*number - '0');
	return n;
}

static bool complete(const struct console *console)
{
	for (int i = 0; i < SNUG_CONSOLE_PORTS; i++)
		if (console->ports[i] < 0)
			return false;
	return true;
}

/* Opens the device if it is a port that is still missing. */
static int open_port(struct console *console, int dev, const char *name)
{
	int n = console_port_number(name);

	if (n < 0 || n >= SNUG_CONSOLE_PORTS || console->ports[n] >= 0)
		return 0;
	console->ports[n] = openat(dev, name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return console->ports[n] < 0 ? -errno : 0;
}

static int open_present(struct console *console, int dev)
{
	DIR *dir = fdopendir(openat(dev, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir)) != NULL)
		r = open_port(console, dev, entry->d_name);
	closedir(dir);
	return r;
}

static int wait_for_more(struct console *console, int dev, int watch)
{
	alignas(struct inotify_event) char events[4096];
	ssize_t len = read(watch, events, sizeof(events));
	int r = 0;

	if (len < 0)
		return errno == EINTR ? 0 : -errno;
	for (char *p = events; r == 0 && p < events + len;) {
		const struct inotify_event *event = (const struct inotify_event *)(void *)p;

		if (event->len > 0)
			r = open_port(console, dev, event->name);
		p += sizeof(*event) + event->len;
	}
	return r;
}

/* Has the driver a device at all? Otherwise no port will ever come. */
static int find_device(void)
{
	DIR *dir = opendir("/sys/bus/virtio/drivers/virtio_console");
	const struct dirent *entry;
	int r = -ENODEV;

	if (!dir)
		return -errno;
	while (r != 0 && (entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, "virtio", 6) == 0)
			r = 0;
	closedir(dir);
	return r;
}

static int open_when_they_come(struct console *console, int dev)
{
	int watch = inotify_init1(IN_CLOEXEC);
	int r;

	if (watch < 0)
		return -errno;
	r = inotify_add_watch(watch, "/dev", IN_CREATE) < 0 ? -errno : 0;
	/* One may have come before the watch was there. */
	if (r == 0)
		r = open_present(console, dev);
	if (r == 0 && !complete(console))
		r = find_device();
	while (r == 0 && !complete(console))
		r = wait_for_more(console, dev, watch);
	close(watch);
	return r;
}

int console_open(struct console *console)
{
	int dev = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (dev < 0)
		return say_failed("/dev", -errno);
	for (int i = 0; i < SNUG_CONSOLE_PORTS; i++)
		console->ports[i] = -1;
	r = open_present(console, dev);
	if (r == 0 && !complete(console))
		r = open_when_they_come(console, dev);
	close(dev);
	return r ? say_failed("console ports", r) : 0;
}
