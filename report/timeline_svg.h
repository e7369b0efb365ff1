/* SPDX-License-Identifier: Apache-2.0 */
/* A record as a picture: a bar of the run's parts, and below it every stage at its time. */
#ifndef REPORT_TIMELINE_SVG_H
#define REPORT_TIMELINE_SVG_H

#include <stdio.h>

#include "report/record.h"

void timeline_svg_print(const struct record *record, FILE *out);

#endif
