/* SPDX-License-Identifier: Apache-2.0 */
/* --env-file: a file with a variable of the command's environment in each line. */
#ifndef LAUNCHER_ENV_FILE_H
#define LAUNCHER_ENV_FILE_H

#include "launcher/strlist.h"

/*
 * Adds what the file says to requested (environment.h): "K=V", the value to the end of the line as it is,
 * without quotes or escapes; or "K", the caller's own. 0, or -errno after having logged (-ENOMEM: not
 * logged).
 */
int env_file_read(const char *name, struct strlist *requested);

#endif
