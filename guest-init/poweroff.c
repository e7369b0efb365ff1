/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/poweroff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>

#define FIFO "/run/initctl"

#define INIT_MAGIC      0x03091969
#define INIT_CMD_RUNLVL 1

struct request {
	int32_t magic;
	int32_t cmd;
	int32_t runlevel; /* a character */
};

/*
 * "halt" would leave a VM that does nothing: it powers off. SIGRTMIN+3 to +5 start systemd's halt,
 * poweroff and reboot targets, +13 to +15 do it without a target.
 */
static int known_signal(size_t i, int *how)
{
	const struct {
		int signal, how;
	} known[] = {
		{SIGUSR1, RB_POWER_OFF},       {SIGUSR2, RB_POWER_OFF},
		{SIGTERM, RB_AUTOBOOT},        {SIGINT, RB_AUTOBOOT},
		{SIGRTMIN + 3, RB_POWER_OFF},  {SIGRTMIN + 4, RB_POWER_OFF},
		{SIGRTMIN + 5, RB_AUTOBOOT},   {SIGRTMIN + 13, RB_POWER_OFF},
		{SIGRTMIN + 14, RB_POWER_OFF}, {SIGRTMIN + 15, RB_AUTOBOOT},
	};

	if (i >= sizeof(known) / sizeof(known[0]))
		return 0;
	*how = known[i].how;
	return known[i].signal;
}

void poweroff_add_signals(sigset_t *set)
{
	int signal, how;

	for (size_t i = 0; (signal = known_signal(i, &how)) != 0; i++)
		sigaddset(set, signal);
}

int poweroff_signal_meaning(int signal)
{
	int known, how;

	for (size_t i = 0; (known = known_signal(i, &how)) != 0; i++)
		if (known == signal)
			return how;
	return -1;
}

int poweroff_request_meaning(const void *request, size_t len)
{
	struct request r;

	if (len < POWEROFF_REQUEST_SIZE)
		return -1;
	memcpy(&r, request, sizeof(r));
	if (r.magic != INIT_MAGIC || r.cmd != INIT_CMD_RUNLVL)
		return -1;
	return r.runlevel == '0' ? RB_POWER_OFF : r.runlevel == '6' ? RB_AUTOBOOT : -1;
}

int poweroff_open_fifo(void)
{
	int fd;

	if (mkfifo(FIFO, 0600))
		return -errno;
	/* For writing as well: without a writer the FIFO would be at its end for ever. */
	fd = open(FIFO, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fd;
}
