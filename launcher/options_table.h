/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of "snug run", and those that "snug bench" has besides, once: the parser and the help text
 * read the same tables.
 */
#ifndef LAUNCHER_OPTIONS_TABLE_H
#define LAUNCHER_OPTIONS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

enum option_id {
	OPTION_MEMORY,
	OPTION_CPUS,
	OPTION_PIDS,
	OPTION_OVERLAY_SIZE,
	OPTION_KERNEL,
	OPTION_MODULES,
	OPTION_BOOT,
	OPTION_KASLR,
	OPTION_APPEND,
	OPTION_ENV,
	OPTION_ENV_FILE,
	OPTION_CLEARENV,
	OPTION_USER,
	OPTION_WORKDIR,
	OPTION_HOSTNAME,
	OPTION_TTY,
	OPTION_NO_TTY,
	OPTION_TIMEOUT,
	OPTION_VOLUME,
	OPTION_RW,
	OPTION_TMPFS,
	OPTION_OVERLAY,
	OPTION_KEEP_OVERLAY,
	OPTION_SECURITY,
	OPTION_HIDE,
	OPTION_NO_DEFAULT_HIDE,
	OPTION_DRY_RUN,
	OPTION_TIMELINE,
	OPTION_JSON_STATUS,
	OPTION_JSON_STATUS_FD,
	OPTION_NO_CONFINE,
	OPTION_CONFIG,
	OPTION_VERBOSE,
	OPTION_HELP,
	/* of snug bench only */
	OPTION_RUNS,
	OPTION_WARMUP,
	OPTION_VS,
	OPTION_CACHE,
	OPTION_STAGES,
	OPTION_JSON,
};
#define OPTION_COUNT (OPTION_JSON + 1)

struct option_def {
	enum option_id id;
	char letter; /* 0: has none */
	const char *name;
	const char
		*value; /* what the help calls it; NULL: takes none; "[=...": need not have one */
	const char *help;
};

/* Then only --name=value gives it one: the next word is another. */
bool options_value_is_optional(const struct option_def *def);

extern const struct option_def option_defs[];
extern const size_t option_def_count;
extern const struct option_def bench_option_defs[];
extern const size_t bench_option_def_count;

#endif
