/* SPDX-License-Identifier: Apache-2.0 */
#include "report/signals.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/log.h"
#include "core/util.h"

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void add_unless_ignored(sigset_t *set, int sig)
{
	struct sigaction action;

	if (sigaction(sig, NULL, &action) < 0 || action.sa_handler != SIG_IGN)
		(void)sigaddset(set, sig);
}

int signals_begin(struct signals *signals)
{
	sigset_t set;

	*signals = (struct signals){.fd = -1};
	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		add_unless_ignored(&set, ending[i]);
	(void)sigprocmask(SIG_BLOCK, &set, &signals->outer);
	/* Ignored by whoever started this, it would take away how programs end. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals->fd >= 0)
		return 0;
	int err = -errno;
	log_error("signals cannot be waited for: %s", strerror(-err));
	return err;
}

int signals_caught(struct signals *signals)
{
	struct signalfd_siginfo info;

	if (!signals->caught && read(signals->fd, &info, sizeof(info)) == sizeof(info))
		signals->caught = (int)info.ssi_signo;
	return signals->caught;
}

void signals_end(struct signals *signals)
{
	if (signals->fd >= 0)
		(void)close(signals->fd);
	signals->fd = -1;
}
