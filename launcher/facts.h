/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts for snug-report (report/facts.h): lines "NAME=VALUE", where what is not printable ASCII, or '%', is
 * %XX: a value may be anything.
 */
#ifndef LAUNCHER_FACTS_H
#define LAUNCHER_FACTS_H

#include <stdio.h>

#define REPORT_NAME "snug-report"

void facts_add(FILE *out, const char *name, const char *value);

#endif
