/* SPDX-License-Identifier: Apache-2.0 */
/* snug doctor: can this host run VMs, what do they lack, and what mends it. */
#ifndef LAUNCHER_DOCTOR_H
#define LAUNCHER_DOCTOR_H

#include <stdio.h>

#include "launcher/caller.h"
#include "launcher/host.h"
#include "launcher/options.h"

/*
 * Writes the findings to out, as a table or as JSON (report/doctor.h). *status: 0, or DOCTOR_EXIT_FAIL if a
 * run would fail. 0, or -errno after having logged (-ENOMEM: not logged).
 */
#define DOCTOR_EXIT_FAIL 1
int doctor_command(const struct options *options, const struct caller *caller,
		   const struct host *host, FILE *out, int *status);

#endif
