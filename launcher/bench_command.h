/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snug bench: variants and what they are made of are found here, where kernels and options can be read;
 * snug-report (report/) runs them.
 */
#ifndef LAUNCHER_BENCH_COMMAND_H
#define LAUNCHER_BENCH_COMMAND_H

#include "launcher/caller.h"
#include "launcher/host.h"
#include "launcher/options.h"

/* Becomes snug-report. Returns -errno after having logged (-ENOMEM: not logged). */
int bench_command(const struct options *options, const struct caller *caller,
		  const struct host *host);

#endif
