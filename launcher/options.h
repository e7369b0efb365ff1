/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of snug as data, with the files that --config names read as they come. Nothing else here
 * acts on an option or looks at the host: plan.h does.
 *
 *   snug run [options] [--] [CMD ARG...]     snug help [COMMAND]     snug version
 *   snug kernel [list | info FILE... | add FILE... | prune [--all]]
 *   snug security [show | mend]
 *   snug doctor [--json] [CHECK...]
 *   snug diff DIR     snug apply [-y] [-n] [--force] DIR [PATH...]
 *   snug bench [options of bench and of run] [--] CMD ARG...
 *
 * Options end at "--" or at the first word that is not one, so that CMD's own options are CMD's.
 */
#ifndef LAUNCHER_OPTIONS_H
#define LAUNCHER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "launcher/limit_options.h"
#include "launcher/mount_option.h"
#include "launcher/options_bench.h"
#include "launcher/security.h"
#include "launcher/stdio.h"
#include "launcher/strlist.h"

enum command {
	COMMAND_RUN,
	COMMAND_KERNEL,
	COMMAND_BENCH,
	COMMAND_SECURITY,
	COMMAND_DIFF,
	COMMAND_APPLY,
	COMMAND_DOCTOR,
	COMMAND_HELP,     /* of snug */
	COMMAND_HELP_RUN, /* of snug run */
	COMMAND_HELP_KERNEL,
	COMMAND_HELP_BENCH,
	COMMAND_HELP_SECURITY,
	COMMAND_HELP_DIFF,
	COMMAND_HELP_APPLY,
	COMMAND_HELP_DOCTOR,
	COMMAND_VERSION,
};

/* What snug kernel is to do. */
enum kernel_action {
	KERNEL_LIST,
	KERNEL_INFO,
	KERNEL_ADD,
	KERNEL_PRUNE,
};

/* What snug security is to do. */
enum security_action {
	SECURITY_SHOW,
	SECURITY_MEND,
};

/* Who unpacks the kernel. */
enum boot_way {
	BOOT_DIRECT,  /* snug, once: the guest enters the kernel itself */
	BOOT_BZIMAGE, /* the kernel's own decompressor, in the guest */
};

/* Where the time went, and where to say so. */
struct timeline_options {
	bool any;         /* one of the others */
	bool table;       /* on standard error */
	bool initcalls;   /* and name the slowest of the kernel's initcalls in it */
	const char *json; /* files; NULL: no */
	const char *svg;
};

/* Where a program wants to read how the run went. */
struct status_option {
	bool any;
	const char *file; /* NULL: to fd */
	int fd;           /* the caller's */
};

struct options {
	enum command command;
	enum kernel_action kernel_action;
	enum security_action security_action;
	bool all;            /* of KERNEL_PRUNE: keep nothing */
	uint64_t memory;     /* bytes, a whole number of MiB; 0: not given */
	unsigned cpus;       /* 0: not given */
	const char *kernel;  /* NULL: not given, as with all strings; they point into argv */
	const char *modules; /* directory */
	enum boot_way boot;
	bool no_kaslr;
	const char *user;      /* NAME, UID or UID:GID */
	const char *workdir;   /* directory */
	struct strlist append; /* kernel parameters */
	struct strlist env;    /* "K=V", or "K" for the caller's value */
	struct mount_options mounts;
	struct security_option security;
	struct strlist hide;      /* paths on the host, as typed */
	bool no_default_hide;     /* credentials are left visible */
	const char *keep_overlay; /* directory */
	bool dry_run;
	bool yes, force;  /* of COMMAND_APPLY */
	bool doctor_json; /* of COMMAND_DOCTOR */
	struct timeline_options timeline;
	unsigned int no_confine; /* a bit for each enum confine_layer that is not wanted */
	bool verbose;
	struct status_option json_status;
	enum stdio_tty tty;
	uint32_t timeout_ms; /* 0: not given */
	unsigned pids;       /* processes and threads of CMD at most; 0: not given */
	struct overlay_size overlay_size;
	const char *hostname;
	struct strlist env_files;
	bool clearenv;
	struct strlist config_words; /* of --config: strings point here as well as into argv */
	struct bench_options bench;  /* of COMMAND_BENCH */
	/* CMD and its arguments, FILEs, DIR and PATHs, or CHECKs, NULL-terminated, in argv; empty: none. */
	char *const *argv;
};

/* argv -> options. 0, or -EINVAL after having logged one line, or -ENOMEM. */
int options_parse(struct options *options, int argc, char *const argv[]);

void options_free(struct options *options);
#define _cleanup_options_ __attribute__((cleanup(options_free)))

/* Prints what one of COMMAND_HELP and the like asks for. 0, or -errno of writing. */
int options_print_help(enum command command, FILE *out);

/*
 * "512M" -> bytes (K, M or G, either case; plain: bytes). 0, or -EINVAL: not a size; -ERANGE: zero or
 * more than 64 bits hold.
 */
int size_parse(const char *text, uint64_t *bytes);

#endif
