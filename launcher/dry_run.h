/* SPDX-License-Identifier: Apache-2.0 */
/* --dry-run: a plan in words, with command lines that can be copied into a shell. */
#ifndef LAUNCHER_DRY_RUN_H
#define LAUNCHER_DRY_RUN_H

#include <stdio.h>

#include "launcher/plan.h"
#include "launcher/prepare.h"
#include "launcher/strlist.h"

/* monitor: the monitor's path; label: its SELinux label, NULL: none. 0, or -errno of writing. */
int dry_run_print(const struct plan *plan, const struct prepared *prepared, const char *monitor,
		  const struct strlist *monitor_argv, const char *label, FILE *out);

#endif
