/* SPDX-License-Identifier: Apache-2.0 */
/* One program, from being started to its end, by the clock. */
#ifndef REPORT_PROCESS_H
#define REPORT_PROCESS_H

#include <stdint.h>

#include "report/signals.h"

#define PROCESS_TEXT_MAX 4096

struct process {
	/* What to run: stdin is /dev/null, and so is what is not captured of stdout and stderr. */
	const char *file;
	char *const *argv;
	char *const *envp;
	int captured;       /* STDOUT_FILENO or STDERR_FILENO */
	unsigned timeout_s; /* 0: none */
	/* What became of it: */
	uint64_t ns;                     /* before posix_spawn to after waitid */
	int status;                      /* as a shell has it: 128+N for signal N */
	char text[PROCESS_TEXT_MAX + 1]; /* the end of what it said, NUL-terminated */
	size_t text_len;
};

/*
 * Runs it in a process group of its own, to its end. 0; -EINTR: a signal of signals came, and the whole
 * group was ended; -ETIMEDOUT: so it was after timeout_s; else -errno: it could not be started or waited
 * for. Nothing is logged.
 */
int process_run(struct process *process, struct signals *signals);

/* The last line of its text that is not empty; in it. Cuts the text there. */
const char *process_last_line(struct process *process);

#endif
