/* SPDX-License-Identifier: Apache-2.0 */
#include "label/restorer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "label/state.h"

/* Nobody is to wait for the end of a stream that it has open. */
static int leave_descriptors(int pidfd)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	for (int fd = 0; fd <= 2; fd++) {
		if (dup2(null, fd) < 0)
			return -errno;
	}
	if (dup2(pidfd, 3) < 0)
		return -errno;
	return close_range(4, ~0U, 0) < 0 ? -errno : 0;
}

static void wait_and_restore(const struct selinux *selinux, const char *state_path, int pidfd)
{
	struct pollfd run = {.fd = 3, .events = POLLIN};
	struct state state;
	unsigned count;

	if (leave_descriptors(pidfd) || chdir("/") < 0)
		return;
	while (poll(&run, 1, -1) < 0) {
		if (errno != EINTR)
			return;
	}
	if (state_open(&state, state_path, STATE_MAKE) == 0)
		(void)state_mend(&state, selinux, &count);
}

/* A session of its own: what ends the run by the terminal does not end this. */
static void become_restorer(const struct selinux *selinux, const char *state_path, int pidfd)
{
	(void)setsid();
	const pid_t pid = fork();
	if (pid == 0)
		wait_and_restore(selinux, state_path, pidfd);
	_exit(pid < 0 ? 1 : 0);
}

int restorer_start(const struct selinux *selinux, const char *state_path)
{
	_cleanup_close_ int pidfd = pidfd_open(getpid(), 0);
	const pid_t pid = pidfd < 0 ? -1 : fork();
	int status = 1;

	if (pid == 0)
		become_restorer(selinux, state_path, pidfd);
	int err = pid < 0 ? -errno : 0;
	while (!err && waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			err = -errno;
	}
	if (!err && status != 0)
		err = -EAGAIN;
	if (err)
		log_error("the process that would take labels back cannot be started: %s",
			  strerror(-err));
	return err;
}
