/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's PID 1. It prepares the guest as the run specification says, runs one command and ends
 * the VM with its status. It never returns and never exits: either would be a kernel panic.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest-init/command.h"
#include "guest-init/console.h"
#include "guest-init/exports.h"
#include "guest-init/keep.h"
#include "guest-init/limits.h"
#include "guest-init/machine.h"
#include "guest-init/modules.h"
#include "guest-init/mounts.h"
#include "guest-init/network.h"
#include "guest-init/report.h"
#include "guest-init/run.h"
#include "guest-init/say.h"
#include "guest-init/spec.h"
#include "guest-init/streams.h"

/* Reads a whole file. *data is the caller's to free. */
static int read_file(int fd, char **data, size_t *len)
{
	struct stat st;
	size_t size;

	if (fstat(fd, &st))
		return -errno;
	size = (size_t)st.st_size;
	*data = malloc(size + 1);
	if (!*data)
		return -ENOMEM;
	for (*len = 0; *len < size;) {
		ssize_t n = read(fd, *data + *len, size - *len);

		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		*len += (size_t)n;
	}
	return 0;
}

/*
 * Without a console the kernel starts PID 1 without descriptors 0 to 2. Something must hold them:
 * what is opened later and becomes one of the command's must not be in the way of another.
 */
static int reserve_stdio(int fd)
{
	int copy = fd;

	while (copy <= 2) {
		copy = dup(copy);
		if (copy < 0)
			return -errno;
	}
	if (copy != fd)
		close(copy);
	return 0;
}

static int read_spec(struct spec *spec)
{
	int fd = open(SNUG_SPEC_PATH, O_RDONLY | O_CLOEXEC);
	const char *why;
	char *data = NULL;
	size_t len = 0;
	int r;

	if (fd < 0)
		return say_failed(SNUG_SPEC_PATH, -errno);
	r = reserve_stdio(fd);
	if (r == 0)
		r = read_file(fd, &data, &len);
	if (r)
		return say_failed(SNUG_SPEC_PATH, r);
	if (fd > 2)
		close(fd);
	r = spec_parse(spec, data, len, &why);
	if (r)
		say("guest: the run specification: ", why);
	return r;
}

static int prepare(struct spec *spec, struct streams *streams)
{
	int r = machine_open();

	if (r)
		return say_failed("I/O ports (CONFIG_X86_IOPL_IOPERM, and no lockdown)", r);
	(void)umask(0);
	r = read_spec(spec);
	if (r)
		return r;
	if (spec->report) {
		report_enable();
		machine_enable_marks();
	}
	machine_mark(SNUG_MARK_INIT);
	r = modules_load(&spec->modules);
	if (r)
		return r;
	machine_mark(SNUG_MARK_MODULES);
	r = mounts_make(spec);
	if (r)
		return r;
	machine_mark(SNUG_MARK_MOUNTS);
	r = limits_make_group(spec);
	if (r)
		return r;
	if (spec->hostname && sethostname(spec->hostname, strlen(spec->hostname)))
		return say_failed("hostname", -errno);
	r = network_start();
	if (r)
		return r;
	return streams_make(streams, spec);
}

int main(void)
{
	struct command_failure failure;
	struct streams streams;
	struct console console;
	struct spec spec;
	uint32_t status;
	pid_t command;
	int r = prepare(&spec, &streams);

	if (r)
		machine_end(SNUG_STATUS(SNUG_STATUS_INIT_FAILED, -r));
	run_block_signals();
	machine_mark(SNUG_MARK_EXEC);
	command = command_start(&spec, &streams, &failure);
	streams_close_command(&streams);
	/* Only now: the driver finds the ports in the meantime. */
	r = console_open(&console);
	if (r)
		machine_end(SNUG_STATUS(SNUG_STATUS_INIT_FAILED, -r));
	say_on(console.ports[SNUG_PORT_STDERR], spec.stderr_tty);
	if (command < 0)
		machine_end(command_report_failure(&spec, &failure));
	status = run_command(&spec, &console, &streams, command);
	r = keep_save();
	if (r)
		status = SNUG_STATUS(SNUG_STATUS_NOT_KEPT, -r);
	exports_sync(&spec);
	report_send();
	machine_end(status);
}
