/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/machine.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/io.h>
#include <sys/reboot.h>
#include <unistd.h>

static bool permitted;
static bool marks_wanted;

int machine_open(void)
{
	if (ioperm(SNUG_PORT_BASE, SNUG_PORT_SIZE, 1))
		return -errno;
	permitted = true;
	return 0;
}

void machine_drop(void)
{
	(void)ioperm(SNUG_PORT_BASE, SNUG_PORT_SIZE, 0);
}

void machine_enable_marks(void)
{
	marks_wanted = true;
}

void machine_mark(enum snug_mark mark)
{
	if (permitted && marks_wanted)
		outl((unsigned)mark, SNUG_PORT_BASE + SNUG_PORT_MARK);
}

void machine_report(uint32_t frame)
{
	if (permitted)
		outl(frame, SNUG_PORT_BASE + SNUG_PORT_REPORT);
}

int machine_early_console(const char *text)
{
	if (ioperm(SNUG_PORT_EARLY_CONSOLE, 1, 1))
		return -errno;
	for (; *text; text++)
		outb((unsigned char)*text, SNUG_PORT_EARLY_CONSOLE);
	return 0;
}

noreturn void machine_end(uint32_t status)
{
	if (permitted)
		outl(status, SNUG_PORT_BASE + SNUG_PORT_STATUS);
	machine_reboot(RB_POWER_OFF);
}

noreturn void machine_reboot(int how)
{
	(void)reboot(how);
	for (;;)
		(void)pause();
}
