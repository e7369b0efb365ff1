/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "guest-init/say.h"

static int make_pipe(struct streams *streams, int i, const struct spec *spec)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	streams->command[i] = i == 0 ? ends[0] : ends[1];
	streams->ours[i] = i == 0 ? ends[1] : ends[0];
	if (fchown(ends[0], spec->uid, spec->gid) || fcntl(streams->ours[i], F_SETFL, O_NONBLOCK))
		return -errno;
	return 0;
}

/* The kernel's terminal defaults are a login's but for this one. */
static int set_utf8(int fd)
{
	struct termios termios;

	if (tcgetattr(fd, &termios))
		return -errno;
	termios.c_iflag |= IUTF8;
	return tcsetattr(fd, TCSANOW, &termios) ? -errno : 0;
}

static int open_pty(const struct spec *spec, int *master, int *slave)
{
	int unlock = 0;
	int r;

	*master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (*master < 0 || ioctl(*master, TIOCSPTLCK, &unlock))
		return -errno;
	*slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0)
		return -errno;
	r = set_utf8(*slave);
	if (r)
		return r;
	return ioctl(*slave, TIOCSWINSZ, &spec->size) || fchown(*slave, spec->uid, (gid_t)-1)
		       ? -errno
		       : 0;
}

static int make_pty(struct streams *streams, const struct spec *spec)
{
	int master = -1, slave = -1;
	int r = open_pty(spec, &master, &slave);

	if (r)
		return r;
	for (int i = 0; i < (spec->stderr_tty ? 3 : 2); i++)
		streams->command[i] = slave;
	streams->ours[0] = master;
	streams->ours[1] = fcntl(master, F_DUPFD_CLOEXEC, 0);
	return streams->ours[1] < 0 ? -errno : 0;
}

int streams_make(struct streams *streams, const struct spec *spec)
{
	int r = 0;

	*streams = (struct streams){.command = {-1, -1, -1}, .ours = {-1, -1, -1}};
	if (spec->tty)
		r = make_pty(streams, spec);
	for (int i = 0; r == 0 && i < 3; i++) {
		if (spec->closed[i])
			streams->command[i] = -1;
		else if (streams->command[i] < 0)
			r = make_pipe(streams, i, spec);
	}
	return r ? say_failed("the command's streams", r) : 0;
}

void streams_close_command(struct streams *streams)
{
	for (int i = 0; i < 3; i++) {
		int fd = streams->command[i];

		if (fd < 0)
			continue;
		for (int j = i; j < 3; j++)
			if (streams->command[j] == fd)
				streams->command[j] = -1;
		close(fd);
	}
}
