/* SPDX-License-Identifier: Apache-2.0 */
/* What "snug bench" compares: the options as they stand, and what each --vs makes of them. */
#ifndef LAUNCHER_BENCH_VARIANTS_H
#define LAUNCHER_BENCH_VARIANTS_H

#include "launcher/options.h"
#include "launcher/strlist.h"

struct variant {
	const char *label;    /* WHAT, as typed */
	const char *snug;     /* another snug; NULL: this one */
	struct strlist words; /* the options of "snug run" */
	struct strlist argv;  /* snug run WORDS -- CMD: what options point into */
	struct options options;
};

struct variants {
	struct variant items[BENCH_VARIANTS_MAX];
	size_t count;
};

/*
 * Reads the --vs of options, which are "snug bench"'s: the first variant is what is there without one.
 * Looks at the files that are named, and parses the options. 0, or -errno after having logged (-ENOMEM:
 * not logged). variants_free() in any case.
 */
int variants_make(struct variants *variants, const struct options *options);

void variants_free(struct variants *variants);
#define _cleanup_variants_ __attribute__((cleanup(variants_free)))

#endif
