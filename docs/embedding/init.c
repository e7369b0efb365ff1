/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All of a guest's user space: runs one command on the host's files and ends the VM with its status. An
 * example of what docs/embedding.md says, to be changed at will; "run" beside it has the other half.
 *
 * argv: the command, which is what follows "--" on the kernel's command line. The share "host" is the
 * host's /, read-only; "job/0" a directory of the host's, for the command to write to.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/abi.h"

#define P9 "trans=virtio,version=9p2000.L,access=any,"

/* One store ends the VM, and this process with it: status is the monitor's exit status. */
static void end(enum snug_status_kind kind, int code)
{
	outl(SNUG_STATUS(kind, code), SNUG_PORT_BASE + SNUG_PORT_STATUS);
	(void)reboot(RB_POWER_OFF); /* not reached */
}

/* Says it where the kernel's log goes: the monitor shows the last lines of that when a guest fails. */
static void fail(const char *what)
{
	const int err = errno;
	char text[256];

	(void)snprintf(text, sizeof(text), "init: %s: %s\n", what, strerror(err));
	for (const char *c = text; *c; c++)
		outb((unsigned char)*c, SNUG_PORT_EARLY_CONSOLE);
	end(SNUG_STATUS_INIT_FAILED, err);
}

static void attach(const char *what, const char *where, const char *type, unsigned long flags,
		   const char *options)
{
	if (mount(what, where, type, flags, options))
		fail(where);
}

/* Where only the guest writes. The host's /proc, /sys and /dev are empty directories to it. */
static void mount_all(void)
{
	(void)mkdir("/dev", 0755);
	(void)mkdir("/host", 0755);
	(void)mkdir("/job", 0755);
	attach("dev", "/dev", "devtmpfs", 0, NULL);
	attach("host", "/host", "9p", MS_RDONLY, P9 "cache=loose");
	attach("job", "/job", "9p", MS_NODEV, P9 "cache=mmap");
	attach("/dev", "/host/dev", NULL, MS_BIND, NULL);
	attach("proc", "/host/proc", "proc", 0, NULL);
	attach("sys", "/host/sys", "sysfs", 0, NULL);
	attach("tmp", "/host/tmp", "tmpfs", 0, NULL);
	attach("/job/0", "/host/mnt", NULL, MS_BIND, NULL);
}

/* A console port is there once its driver has asked the device; each can be opened once. */
static int open_port(const char *name, int flags)
{
	int fd;

	while ((fd = open(name, flags)) < 0 && errno == ENOENT)
		(void)usleep(1000);
	if (fd < 0)
		fail(name);
	return fd;
}

/* Output is the host's when write() returns, as the ports are not O_NONBLOCK. */
static void connect_streams(void)
{
	const int in = open("/dev/null", O_RDONLY);
	const int out = open_port("/dev/vport0p0", O_WRONLY);
	const int err = open_port("/dev/vport0p1", O_WRONLY);

	if (in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		fail("streams");
}

static void run(char *argv[])
{
	(void)execvp(argv[0], argv);
	(void)dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

int main(int argc, char *argv[])
{
	int status = 0;
	pid_t command, ended;

	/* Without these there is nothing to say it with: as PID 1, to end is to have the kernel panic. */
	if (ioperm(SNUG_PORT_BASE, SNUG_PORT_SIZE, 1) || ioperm(SNUG_PORT_EARLY_CONSOLE, 1, 1))
		return 1;
	mount_all();
	connect_streams();
	const int job = open("/job", O_RDONLY | O_DIRECTORY);
	if (argc < 2 || job < 0 || chroot("/host") || chdir("/mnt"))
		fail("command");
	command = fork();
	if (command == 0)
		run(argv + 1);
	do {
		ended = waitpid(-1, &status, 0);
	} while (ended >= 0 && ended != command);
	/* The end takes what the guest still has in memory with it. */
	if (syncfs(job))
		fail("job");
	if (WIFSIGNALED(status))
		end(SNUG_STATUS_SIGNALED, WTERMSIG(status));
	end(SNUG_STATUS_EXITED, WEXITSTATUS(status));
	return 0;
}
