/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signals that end a benchmark, as something that is waited for: nothing is interrupted in the middle,
 * and what has to be removed or ended is, by whoever waits.
 */
#ifndef REPORT_SIGNALS_H
#define REPORT_SIGNALS_H

#include <signal.h>

struct signals {
	int fd;         /* readable when one has come */
	int caught;     /* which; 0: none yet */
	sigset_t outer; /* the mask before: what programs are started with */
};

/*
 * SIGINT, SIGTERM, SIGHUP and SIGQUIT, but those that are ignored, are taken from here on (nohup and "&"
 * mean it). SIGPIPE and SIGXFSZ become errors to tell. 0, or -errno after having logged.
 */
int signals_begin(struct signals *signals);

/* One that has come by now, also earlier, or 0. Does not wait. */
int signals_caught(struct signals *signals);

void signals_end(struct signals *signals);
#define _cleanup_signals_ __attribute__((cleanup(signals_end)))

#endif
