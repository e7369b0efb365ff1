/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PID 1 of the guests that tests/bench/start compares snug's with: guest-init without what needs snug's
 * console. It loads the modules, makes the mounts and runs the command of the same specification, by the
 * same code, and ends the VM as the kernel does. That is less than guest-init does: no streams, no ports.
 *
 * Before that it writes MARK_END to the marks' port, which KVM's trace on the host shows. On the kernel's
 * command line, "end=reboot" is for machines that can only be reset, and "share=none" for those without 9p:
 * nothing is mounted, and the command is this program.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-init/exec.h"
#include "guest-init/machine.h"
#include "guest-init/modules.h"
#include "guest-init/mounts.h"
#include "guest-init/network.h"
#include "guest-init/say.h"
#include "guest-init/spec.h"

#define MARK_DONE 0x82 /* the command has ended, with status 0 */
#define MARK_END  0x81 /* as in marker.S */

/* The kernel passes on what it does not know itself. */
static bool told(const char *name, const char *value)
{
	const char *is = getenv(name);

	return is && strcmp(is, value) == 0;
}

/*
 * Through the kernel: in QEMU's pc, on an emulated host, a program's own port writes fault (HACKING.md). A kernel
 * without PCI has no /dev/port, and is for machines on which they do not.
 */
static int ports = -1;

static int open_ports(void)
{
	if (mknod("/port", S_IFCHR | 0600, makedev(1, 4)))
		return -errno;
	ports = open("/port", O_WRONLY | O_CLOEXEC);
	if (ports < 0 && ioperm(SNUG_PORT_BASE + SNUG_PORT_MARK, 1, 1))
		return -errno;
	return 0;
}

static void mark(unsigned char what)
{
	if (ports < 0)
		outb(what, SNUG_PORT_BASE + SNUG_PORT_MARK);
	else if (pwrite(ports, &what, 1, SNUG_PORT_BASE + SNUG_PORT_MARK) != 1)
		say_failed("/dev/port", -errno);
}

static noreturn void end(void)
{
	mark(MARK_END);
	machine_reboot(told("end", "reboot") ? RB_AUTOBOOT : RB_POWER_OFF);
}

static int read_spec(struct spec *spec)
{
	static char data[65536];
	const char *why = "cannot be read";
	int fd = open(SNUG_SPEC_PATH, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, data, sizeof(data));
	int r = len < 0 ? -errno : spec_parse(spec, data, (size_t)len, &why);

	if (r)
		say("the run specification: ", why);
	close(fd);
	return r;
}

static int prepare(struct spec *spec)
{
	int r = open_ports();

	if (r)
		return say_failed("/dev/port", r);
	r = read_spec(spec);
	if (r == 0)
		r = modules_load(&spec->modules);
	if (r == 0 && !told("share", "none"))
		r = mounts_make(spec);
	if (r == 0 && sethostname(spec->hostname, strlen(spec->hostname)))
		r = say_failed("hostname", -errno);
	return r ? r : network_start();
}

/* Its streams are what the kernel gave PID 1: its console. Returns its wait status. */
static int run(const struct spec *spec)
{
	pid_t pid = vfork();
	int status = -1;

	if (pid == 0) {
		if (chdir(spec->cwd) == 0)
			(void)exec_command(spec->args.items, spec->env.items);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

int main(void)
{
	struct spec spec;

	if (getpid() != 1)
		return 0;
	(void)umask(0);
	if (prepare(&spec))
		machine_reboot(RB_AUTOBOOT);
	if (run(&spec) != 0)
		say("the command failed");
	else
		mark(MARK_DONE);
	end();
}
