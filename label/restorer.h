/* SPDX-License-Identifier: Apache-2.0 */
/* The process that takes labels back when the run is over. */
#ifndef LABEL_RESTORER_H
#define LABEL_RESTORER_H

#include "label/selinux.h"

/*
 * Starts it: it waits for the end of this process, which will be the monitor, and is not its child. It holds
 * no descriptor of the run's. 0, or -errno after having logged.
 */
int restorer_start(const struct selinux *selinux, const char *state_path);

#endif
