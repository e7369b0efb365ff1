/* SPDX-License-Identifier: Apache-2.0 */
/* One program, from being started to its end, by the clock. */
#ifndef REPORT_PROCESS_H
#define REPORT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/signals.h"

#define PROCESS_TEXT_MAX 4096
#define PROCESS_HEAD_MAX 1024

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
	char head[PROCESS_HEAD_MAX + 1]; /* and its beginning */
	size_t head_len;
};

/*
 * Runs it in a process group of its own, to its end. 0; -EINTR: a signal of signals came, and the whole
 * group was ended; -ETIMEDOUT: so it was after timeout_s; else -errno: it could not be started or waited
 * for. Nothing is logged.
 */
int process_run(struct process *process, struct signals *signals);

/*
 * The first line at its beginning that starts with prefix, copied, without that, into line: true, or false
 * if there is none.
 */
bool process_find_line(const struct process *process, const char *prefix, char *line, size_t size);

/* The last line of its text that is not empty; in it. Cuts the text there. */
const char *process_last_line(struct process *process);

#endif
