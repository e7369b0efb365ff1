/* SPDX-License-Identifier: Apache-2.0 */
/* The snug command: options become a plan, a plan becomes a monitor. Only main() ends the process. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/doctor_checks.h"
#include "core/exit_code.h"
#include "core/log.h"
#include "launcher/bench_command.h"
#include "launcher/caller.h"
#include "launcher/doctor.h"
#include "launcher/dry_run.h"
#include "launcher/full.h"
#include "launcher/host.h"
#include "launcher/keep.h"
#include "launcher/keep_command.h"
#include "launcher/kernel_command.h"
#include "launcher/label.h"
#include "launcher/monitor.h"
#include "launcher/options.h"
#include "launcher/plan.h"
#include "launcher/prepare.h"
#include "launcher/recorder.h"
#include "launcher/security_command.h"
#include "launcher/stages.h"
#include "launcher/status.h"
#include "launcher/stdio.h"
#include "launcher/version.h"

/* What nothing below logs, as there is never more to say. */
static int out_of_memory(int err)
{
	if (err == -ENOMEM)
		log_error("out of memory");
	return err;
}

static int written(int err)
{
	if (err)
		log_error("standard output: %s", strerror(-err));
	return err;
}

static int open_kvm(const struct host *host)
{
	struct host_trouble trouble;
	int r = host_check_kvm(host, &trouble);

	if (!r)
		r = host_open_kvm(host, &trouble);
	if (r < 0)
		log_error("%s; %s" SEE_DOCTOR("kvm"), trouble.text, trouble.cure);
	return r;
}

/*
 * Becomes the monitor: never returns 0, as success is another program. Where the run is to be recorded a
 * child becomes it; then 0, and *status.
 */
static int start(const struct plan *plan, const struct host *host, const struct prepared *prepared,
		 const char *program, struct strlist *command, struct stages *stages,
		 struct status *told, int *status)
{
	struct recorder recorder = RECORDER_NONE;
	struct monitor_fds fds = {.kernel = plan->kernel.fd,
				  .vmlinux = prepared->vmlinux_fd,
				  .initrd = prepared->initrd_fd,
				  .spec = prepared->spec_fd};

	fds.kvm = open_kvm(host);
	if (fds.kvm < 0)
		return fds.kvm;
	int err = keep_begin(plan);
	if (err)
		return err;
	stage_end(stages, "command line, /dev/kvm");
	if (plan->timeline.any || told->fd >= 0) {
		err = recorder_fork(&recorder);
		if (err < 0)
			return err;
		if (err > 0) {
			status_start(told, plan);
			*status = recorder_end(&recorder, &plan->timeline, told);
			return 0;
		}
		told->told = true; /* by the other */
		stage_end(stages, "another process, for this timeline");
		err = recorder_begin(&recorder, plan, stages, command);
	}
	fds.timeline = recorder.fd;
	if (!err)
		err = monitor_open_shares(plan, &fds);
	return err ? err : monitor_exec(program, command, plan, &fds);
}

static int dry_run(const struct plan *plan, const struct prepared *prepared, const char *monitor,
		   const struct strlist *argv, const char *program, const struct strlist *command)
{
	_cleanup_free_ char *label = NULL;
	int err = label_show(plan, program, command, &label);

	return err ? out_of_memory(err)
		   : written(dry_run_print(plan, prepared, monitor, argv, label, stdout));
}

static int run(const struct options *options, const struct caller *caller, struct stages *stages,
	       int *status)
{
	_cleanup_plan_ struct plan plan = {.kernel = KERNEL_NONE, .cache = CACHE_NOT_OPEN};
	_cleanup_prepared_ struct prepared prepared = {
		.vmlinux_fd = -1, .initrd_fd = -1, .spec_fd = -1};
	_cleanup_strlist_ struct strlist argv = {0}, command = {0};
	_cleanup_status_ struct status told = STATUS_NONE;
	char monitor[PATH_MAX], program[PATH_MAX];
	struct host host;

	int err = status_begin(&told, options);
	if (err) {
		told.told = true;
		return err;
	}
	host_read(&host);
	if (!options->kernel)
		host_find_own_kernels(&host);
	stage_end(stages, "options, caller");
	err = plan_make(&plan, options, caller, &host);
	stage_end(stages, "plan");
	if (!err)
		err = prepare(&prepared, &plan);
	stage_end(stages, "kernel, initrd");
	if (!err)
		err = monitor_find(monitor);
	if (!err)
		err = monitor_argv(&plan, prepared.vmlinux_fd >= 0, &argv);
	if (!err)
		err = label_command(&plan, caller, monitor, &argv, program, &command);
	if (!err)
		err = recorder_check(&plan.timeline);
	if (err)
		return out_of_memory(err);
	if (options->dry_run)
		return dry_run(&plan, &prepared, monitor, &argv, program, &command);
	return start(&plan, &host, &prepared, program, &command, stages, &told, status);
}

static int manage_kernels(const struct options *options, const struct caller *caller)
{
	struct host host;

	host_read(&host);
	host_find_own_kernels(&host);
	return kernel_command(options, caller, &host, stdout);
}

static int benchmark(const struct options *options, const struct caller *caller)
{
	struct host host;

	host_read(&host);
	host_find_own_kernels(&host);
	return bench_command(options, caller, &host);
}

static int diagnose(const struct options *options, const struct caller *caller, int *status)
{
	struct host host;

	host_read(&host);
	host_find_own_kernels(&host);
	return doctor_command(options, caller, &host, stdout, status);
}

static int version(const struct caller *caller)
{
	struct host host;

	host_read(&host);
	host_find_own_kernels(&host);
	return written(version_print(caller, &host, stdout));
}

static int command(int argc, char **argv, struct stages *stages, int *status)
{
	_cleanup_options_ struct options options = {0};
	_cleanup_caller_ struct caller caller = {0};
	struct stdio stdio;
	int err = stdio_begin(&stdio);

	if (err) {
		log_error("/dev/null: %s", strerror(-err));
		return err;
	}
	full_remember(argv, &stdio);
	err = options_parse(&options, argc, argv);
	if (err)
		return out_of_memory(err);
	if (options.command == COMMAND_DIFF || options.command == COMMAND_APPLY)
		return out_of_memory(keep_command(&options, stdout));
	if (options.command != COMMAND_RUN && options.command != COMMAND_KERNEL &&
	    options.command != COMMAND_BENCH && options.command != COMMAND_SECURITY &&
	    options.command != COMMAND_DOCTOR && options.command != COMMAND_VERSION)
		return written(options_print_help(options.command, stdout));
	log_set_verbose(options.verbose);
	err = caller_read(&caller, &stdio);
	if (!err && options.command == COMMAND_KERNEL)
		err = manage_kernels(&options, &caller);
	else if (!err && options.command == COMMAND_VERSION)
		err = version(&caller);
	else if (!err && options.command == COMMAND_DOCTOR)
		err = diagnose(&options, &caller, status);
	else if (!err && options.command == COMMAND_SECURITY)
		err = security_command(&options, &caller, stdout);
	else if (!err && options.command == COMMAND_BENCH)
		err = benchmark(&options, &caller);
	else if (!err)
		err = run(&options, &caller, stages, status);
	return out_of_memory(err);
}

int main(int argc, char **argv)
{
	struct stages stages = {0};
	int status = EXIT_SUCCESS;

	stage_end(&stages, "exec");
	/* The initrd may be larger than RLIMIT_FSIZE: an error to tell, not a death. */
	(void)signal(SIGXFSZ, SIG_IGN);
	return command(argc, argv, &stages, &status) ? EXIT_SNUG_FAILED : status;
}
