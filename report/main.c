/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snug-report: what snug tells about many runs, or of what a run wrote. A program of its own, as it needs
 * a library and time, and a start of snug has neither. The launcher calls it; each command's arguments
 * are in its header.
 */
#include <stdio.h>
#include <string.h>

#include "core/exit_code.h"
#include "core/log.h"
#include "core/util.h"
#include "report/bench_command.h"
#include "report/doctor.h"
#include "report/status.h"
#include "report/timeline.h"

static const struct {
	const char *name;
	int (*run)(int argc, char *const argv[]); /* the exit status */
} commands[] = {
	{"bench", bench_command},
	{"doctor", doctor_report},
	{"status", status_report},
	{"timeline", timeline_report},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc, argv);
	}
	log_error("snug-report is a part of snug: use 'snug bench' or 'snug run --timeline'");
	return EXIT_SNUG_FAILED;
}
