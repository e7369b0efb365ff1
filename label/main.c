/* SPDX-License-Identifier: Apache-2.0 */
/* snug-label: from the launcher's label to the monitor's. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/exit_code.h"
#include "core/log.h"
#include "label/access.h"
#include "label/choose.h"
#include "label/context.h"
#include "label/request.h"
#include "label/reservation.h"
#include "label/selinux.h"
#include "label/volumes.h"

/*
 * The reservation is to outlive the change of labels, so its socket is at a level that every label may use: in
 * refpolicy a socket has all categories of its maker, else.
 */
static int prepare_reservation(const struct selinux *selinux)
{
	_cleanup_free_ char *own = NULL, *lowest = NULL;
	int err = selinux->own(&own);

	if (!err)
		err = context_lowest(own, &lowest);
	if (!err)
		err = selinux->set_socket(lowest);
	return err == -EOPNOTSUPP ? 0 : err; /* no levels at all */
}

/* /proc, which has a label of its own, in the place of what is somebody's there. */
static int open_proc(int place)
{
	_cleanup_close_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return proc < 0 || dup2(proc, place) < 0 ? -errno : 0;
}

static int show(const struct label *label)
{
	if (label->context && (puts(label->context) < 0 || fflush(stdout) < 0)) {
		log_error("standard output: %s", strerror(errno));
		return -EIO;
	}
	return 0;
}

/* With what it is to keep. */
static char **monitor_argv(const struct label_request *request, const struct kept_fds *kept)
{
	static char words[LABEL_VOLUMES_MAX + 1][32];
	size_t count = 0;

	while (request->argv[count])
		count++;
	char **argv = calloc(count + kept->count + 1, sizeof(*argv));
	if (!argv)
		return NULL;
	memcpy(argv, request->argv, count * sizeof(*argv));
	for (size_t i = 0; i < kept->count; i++) {
		(void)snprintf(words[i], sizeof(words[i]), "--keep=%d", kept->fds[i]);
		(void)fcntl(kept->fds[i], F_SETFD, 0);
		argv[count++] = words[i];
	}
	return argv;
}

static int become(const struct selinux *selinux, const struct label_request *request,
		  const char *context, const struct kept_fds *kept)
{
	static char *const no_environment[] = {NULL};
	char **argv = monitor_argv(request, kept);
	int err = 0;

	if (!argv) {
		log_error("out of memory");
		return -ENOMEM;
	}
	if (context)
		err = selinux->set_exec(context);
	if (err) {
		log_error("SELinux: label %s cannot be taken: %s", context, strerror(-err));
	} else {
		(void)execve(request->monitor, argv, no_environment);
		err = -errno;
		log_error("%s cannot be executed%s%s: %s", request->monitor, context ? " as " : "",
			  context ? context : "", strerror(-err));
	}
	free(argv);
	return err;
}

/* What the run is given, made usable under its label. */
static int adapt(const struct selinux *selinux, enum selinux_mode mode,
		 const struct label_request *request, const char *context, struct kept_fds *kept)
{
	int err = mode == SELINUX_ENFORCING ? access_streams(selinux, context) : 0;

	if (!err)
		err = volumes_label(selinux, request, context, kept);
	if (err)
		return err;
	if (mode == SELINUX_ENFORCING)
		access_volumes(selinux, context, request);
	err = request->proc_fd >= 0 ? open_proc(request->proc_fd) : 0;
	if (err)
		log_error("/proc cannot be shared: %s", strerror(-err));
	return err;
}

static int choose(const struct selinux *selinux, enum selinux_mode mode,
		  const struct label_request *request, struct label *label)
{
	int err = prepare_reservation(selinux);

	if (err) {
		log_error("SELinux: the label of sockets cannot be set: %s", strerror(-err));
		return err;
	}
	err = label_choose(selinux, mode, request, reservation_take, label);
	(void)selinux->set_socket(NULL);
	return err;
}

static int run(const struct selinux *selinux, const struct label_request *request)
{
	_cleanup_label_ struct label label = LABEL_NONE;
	const enum selinux_mode mode = selinux->mode();
	struct kept_fds kept = {.count = 0};
	int err = mode == SELINUX_DISABLED ? 0 : choose(selinux, mode, request, &label);

	if (err)
		return err;
	if (request->action == LABEL_SHOW)
		return show(&label);
	if (label.context && request->record_fd >= 0)
		(void)dprintf(request->record_fd, "label=%s\n", label.context);
	if (label.context)
		err = adapt(selinux, mode, request, label.context, &kept);
	if (err)
		return err;
	if (label.reservation >= 0)
		kept.fds[kept.count++] = label.reservation;
	return become(selinux, request, label.context, &kept);
}

int main(int argc, char **argv)
{
	static struct label_request request;
	int err;

	(void)argc;
	if (label_request_parse(&request, argv))
		return EXIT_SNUG_FAILED;
	log_set_verbose(request.verbose);
	if (request.action == LABEL_MEND)
		err = volumes_mend(&real_selinux, request.state_path);
	else
		err = run(&real_selinux, &request);
	return err ? EXIT_SNUG_FAILED : EXIT_SUCCESS;
}
