/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record as JSON: one object that trace viewers (Chrome's, Perfetto) load, "traceEvents", and in
 * "snug" the same for programs. docs/timeline.md has the schema.
 */
#ifndef REPORT_TIMELINE_JSON_H
#define REPORT_TIMELINE_JSON_H

#include <jansson.h>

#include "report/record.h"

/* A new reference; NULL: out of memory. */
json_t *timeline_json(const struct record *record);

#endif
