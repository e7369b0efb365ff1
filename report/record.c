/* SPDX-License-Identifier: Apache-2.0 */
#include "report/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/util.h"
#include "report/guest_log.h"

/* Room for one more of an array that grows by doubling; -ENOMEM. */
static int grow(void *array, size_t count, size_t size)
{
	void *bigger;

	if (count & (count - 1))
		return 0;
	bigger = reallocarray(*(void **)array, count ? 2 * count : 1, size);
	if (!bigger)
		return -ENOMEM;
	*(void **)array = bigger;
	return 0;
}

static int add_stage(struct record *record, uint64_t ns, uint64_t faults, const char *text,
		     uint64_t faults_before)
{
	const char *colon = strstr(text, ": ");
	const uint64_t start =
		record->stage_count ? record->stages[record->stage_count - 1].end : ns;
	struct record_stage stage = {
		.start = start,
		.end = ns > start ? ns : start, /* time goes on, whoever says otherwise */
		.faults = faults > faults_before ? faults - faults_before : 0,
	};
	int err = grow(&record->stages, record->stage_count, sizeof(stage));

	if (err)
		return err;
	stage.group = colon ? strndup(text, (size_t)(colon - text)) : strdup("");
	stage.name = strdup(colon ? colon + 2 : text);
	record->stages[record->stage_count++] = stage;
	return stage.group && stage.name ? 0 : -ENOMEM;
}

static int add_point(struct record *record, uint64_t ns, const char *name)
{
	int err = grow(&record->points, record->point_count, sizeof(*record->points));

	if (err)
		return err;
	record->points[record->point_count] = (struct record_point){strdup(name), ns};
	return record->points[record->point_count++].name ? 0 : -ENOMEM;
}

/* "GROUP: STAGE\tWHAT ADDRESS COUNT" */
static int add_exits(struct record *record, const char *text)
{
	struct record_exits exits = {0};
	const char *tab = strchr(text, '\t'), *colon = strstr(text, ": ");
	unsigned long long address, count;
	char what[8];

	if (!tab || !colon || colon > tab ||
	    sscanf(tab + 1, "%7s %llx %llu", what, &address, &count) != 3)
		return 0;
	int err = grow(&record->exits, record->exits_count, sizeof(exits));
	if (err)
		return err;
	exits.stage = strndup(colon + 2, (size_t)(tab - colon - 2));
	exits.what = strdup(what);
	exits.address = address;
	exits.count = count;
	record->exits[record->exits_count++] = exits;
	return exits.stage && exits.what ? 0 : -ENOMEM;
}

static int set_fact(struct record *record, const char *line)
{
	const struct {
		const char *name;
		char **value;
	} facts[] = {
		{"kernel=", &record->kernel},
		{"boot=", &record->boot},
		{"command=", &record->command},
		{"memory=", &record->memory},
	};

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		const size_t len = strlen(facts[i].name);

		if (strncmp(line, facts[i].name, len) != 0 || *facts[i].value)
			continue;
		*facts[i].value = strdup(line + len);
		return *facts[i].value ? 0 : -ENOMEM;
	}
	return 0;
}

static void set_usage(struct record *record, const char *text)
{
	unsigned long long rss, faults, user, system;

	if (sscanf(text, "%llu %llu %llu %llu", &rss, &faults, &user, &system) != 4)
		return;
	record->max_rss = rss;
	record->faults = faults;
	record->user_us = user;
	record->system_us = system;
}

static int read_line(struct record *record, const char *line, struct guest_log *log,
		     uint64_t *faults_before)
{
	unsigned long long ns, faults;
	int at = 0;

	if (sscanf(line, "stage %llu %llu %n", &ns, &faults, &at) == 2 && at) {
		int err = add_stage(record, ns, faults, line + at, *faults_before);
		*faults_before = faults;
		return err;
	}
	if (sscanf(line, "point %llu %n", &ns, &at) == 1 && at)
		return add_point(record, ns, line + at);
	if (strncmp(line, "exits ", 6) == 0)
		return add_exits(record, line + 6);
	if (strncmp(line, "guest ", 6) == 0)
		return guest_log_add(log, line + 6);
	if (sscanf(line, "status %d", &record->status) == 1)
		return 0;
	if (strncmp(line, "usage ", 6) == 0)
		set_usage(record, line + 6);
	return set_fact(record, line);
}

static void make_relative(struct record *record)
{
	const uint64_t zero = record->stages[0].start;

	for (size_t i = 0; i < record->stage_count; i++) {
		record->stages[i].start -= zero;
		record->stages[i].end -= zero;
	}
	record->total = record->stages[record->stage_count - 1].end;
	for (size_t i = 0; i < record->point_count; i++) {
		const uint64_t at = record->points[i].at;

		record->points[i].at = at < zero ? 0 : min_u64(at - zero, record->total);
	}
}

int record_read(struct record *record, FILE *in)
{
	_cleanup_free_ char *line = NULL;
	struct guest_log log = {0};
	uint64_t faults_before = 0;
	size_t room = 0;
	ssize_t len;
	int err = 0;

	*record = (struct record){.status = -1};
	while (!err && (len = getline(&line, &room, in)) >= 0) {
		if (len && line[len - 1] == '\n')
			line[len - 1] = '\0';
		err = read_line(record, line, &log, &faults_before);
	}
	if (!err && record->stage_count == 0)
		err = -ENODATA;
	if (!err) {
		make_relative(record);
		err = guest_log_apply(&log, record);
	}
	guest_log_free(&log);
	return err;
}

void record_free(struct record *record)
{
	for (size_t i = 0; i < record->stage_count; i++) {
		free(record->stages[i].group);
		free(record->stages[i].name);
	}
	for (size_t i = 0; i < record->detail_count; i++) {
		free(record->details[i].what);
		free(record->details[i].name);
	}
	for (size_t i = 0; i < record->point_count; i++)
		free(record->points[i].name);
	for (size_t i = 0; i < record->exits_count; i++) {
		free(record->exits[i].stage);
		free(record->exits[i].what);
	}
	for (size_t i = 0; i < record->initcall_count; i++)
		free(record->initcalls[i].name);
	free(record->stages);
	free(record->details);
	free(record->points);
	free(record->exits);
	free(record->initcalls);
	free(record->kernel);
	free(record->boot);
	free(record->command);
	free(record->memory);
	*record = (struct record){0};
}

const struct record_stage *record_stage(const struct record *record, const char *group,
					const char *name)
{
	for (size_t i = 0; i < record->stage_count; i++) {
		const struct record_stage *stage = &record->stages[i];

		if (strcmp(stage->name, name) == 0 && (!group || strcmp(stage->group, group) == 0))
			return stage;
	}
	return NULL;
}

static uint64_t end_of(const struct record *record, const char *group, const char *name)
{
	const struct record_stage *stage = record_stage(record, group, name);

	return stage ? stage->end : 0;
}

struct record_marks record_marks(const struct record *record)
{
	struct record_marks marks = {
		.entry = end_of(record, "monitor", "threads"),
		.init = end_of(record, "kernel", GUEST_LOG_LAST_STAGE),
		.exec = end_of(record, "guest", "network, streams"),
		.command_end = end_of(record, "guest", "the command"),
		.store = end_of(record, "guest", "report for this timeline"),
		.status = end_of(record, "end", "status"),
	};

	if (!marks.store)
		marks.store = end_of(record, "guest", "rest of the output");
	return marks;
}
