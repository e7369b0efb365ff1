/* SPDX-License-Identifier: Apache-2.0 */
#include "report/status.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/exit_code.h"
#include "core/fds.h"
#include "core/log.h"
#include "core/util.h"
#include "report/facts.h"
#include "report/whole_file.h"

#define SCHEMA    1
#define FD_LINES  3
#define FD_RECORD 4

/* NULL, 0: not known. */
struct facts {
	char *version, *kernel, *kernel_version, *boot, *selinux, *label;
	char *cause;
	long long pid, memory, cpus;
	double time, began;
	json_t *command;
	int status, signal;
	unsigned long long peak_kib, user_us, system_us;
};

static int keep(char **field, char *value)
{
	free(*field);
	*field = strdup(facts_decode(value));
	return *field ? 0 : -ENOMEM;
}

static int take_fact(void *context, const char *name, char *value)
{
	struct facts *facts = context;
	const struct {
		const char *name;
		char **field;
	} texts[] = {
		{"version", &facts->version},
		{"kernel", &facts->kernel},
		{"kernel-version", &facts->kernel_version},
		{"selinux", &facts->selinux},
		{"boot", &facts->boot},
	};
	const struct {
		const char *name;
		long long *field;
	} numbers[] = {
		{"pid", &facts->pid},
		{"memory", &facts->memory},
		{"cpus", &facts->cpus},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (strcmp(name, texts[i].name) == 0)
			return keep(texts[i].field, value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (strcmp(name, numbers[i].name) == 0)
			*numbers[i].field = atoll(value);
	}
	if (strcmp(name, "time") == 0)
		facts->time = strtod(value, NULL);
	else if (strcmp(name, "began") == 0)
		facts->began = strtod(value, NULL);
	else if (strcmp(name, "arg") == 0 &&
		 json_array_append_new(facts->command, json_text(facts_decode(value))) < 0)
		return -ENOMEM;
	return 0;
}

/* What the first "end" says counts: a monitor that is killed later has had its say. */
static int take_record(void *context, const char *line, char *value)
{
	struct facts *facts = context;
	char cause[32];
	long rss;
	int number;

	if (!facts->cause && sscanf(line, "end %31s %d", cause, &number) == 2) {
		facts->signal = number;
		return keep(&facts->cause, cause);
	}
	if (strcmp(line, "label") == 0 && !facts->label)
		return keep(&facts->label, value);
	if (sscanf(line, "status %d", &number) == 1)
		facts->status = number;
	if (sscanf(line, "usage %ld %*u %llu %llu", &rss, &facts->user_us, &facts->system_us) == 3)
		facts->peak_kib = (unsigned long long)rss;
	return 0;
}

static json_t *text_or_null(const char *text)
{
	return text && text[0] ? json_text(text) : json_null();
}

static json_t *number_or_null(long long number)
{
	return number ? json_integer(number) : json_null();
}

static json_t *time_text(double seconds)
{
	const time_t whole = (time_t)seconds;
	char text[64], day[32];
	struct tm tm;

	(void)gmtime_r(&whole, &tm);
	(void)strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(text, sizeof(text), "%s.%03dZ", day,
		       (int)((seconds - (double)whole) * 1000));
	return json_string(text);
}

/* What both lines have; a member of which nothing is known is null. */
static json_t *common(const struct facts *facts, const char *event)
{
	return json_pack("{s:i, s:s, s:o, s:I, s:o, s:O, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "snug-status", SCHEMA, "event", event, "started", time_text(facts->time),
			 "pid", (json_int_t)facts->pid, "version", text_or_null(facts->version),
			 "command", facts->command, "kernel", text_or_null(facts->kernel),
			 "kernel_version", text_or_null(facts->kernel_version), "boot",
			 text_or_null(facts->boot), "memory", number_or_null(facts->memory), "cpus",
			 number_or_null(facts->cpus), "selinux", text_or_null(facts->selinux));
}

static int add_end(json_t *line, const struct facts *facts)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	const double seconds = (double)now.tv_sec + (double)now.tv_nsec / 1e9 - facts->began;
	json_t *end = json_pack("{s:s, s:i, s:o, s:f, s:o, s:o, s:f, s:f}", "cause",
				facts->cause ? facts->cause : "snug-error", "status", facts->status,
				"signal", number_or_null(facts->signal), "seconds", seconds,
				"label", text_or_null(facts->label), "peak_memory",
				number_or_null((long long)facts->peak_kib * 1024), "user_seconds",
				(double)facts->user_us / 1e6, "system_seconds",
				(double)facts->system_us / 1e6);
	const int r = end ? json_object_update(line, end) : -1;

	json_decref(end);
	return r < 0 ? -ENOMEM : 0;
}

static int write_line(json_t *line)
{
	_cleanup_free_ char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(6));
	_cleanup_free_ char *whole = NULL;

	if (!text || asprintf(&whole, "%s\n", text) < 0)
		return -ENOMEM;
	return fd_write_all(FD_LINES, whole, strlen(whole));
}

static int tell(struct facts *facts, const char *event)
{
	const bool end = strcmp(event, "end") == 0;
	int err = facts->command ? facts_read(stdin, take_fact, facts) : -ENOMEM;

	if (!err && end) {
		FILE *record = fdopen(FD_RECORD, "r");
		err = record ? facts_read(record, take_record, facts) : -errno;
		if (record)
			(void)fclose(record);
	}
	json_t *line = err ? NULL : common(facts, event);
	if (!err && !line)
		err = -ENOMEM;
	if (!err && end)
		err = add_end(line, facts);
	if (!err)
		err = write_line(line);
	json_decref(line);
	return err;
}

int status_report(int argc, char *const argv[])
{
	struct facts facts = {.command = json_array(), .status = EXIT_SNUG_FAILED};
	const char *event = argc == 3 ? argv[2] : "";

	if (strcmp(event, "start") != 0 && strcmp(event, "end") != 0) {
		log_error("snug-report is a part of snug: use 'snug run --json-status'");
		return EXIT_SNUG_FAILED;
	}
	int err = tell(&facts, event);
	if (err)
		log_error("--json-status: the line for the %s cannot be written: %s", event,
			  strerror(-err));
	json_decref(facts.command);
	free(facts.version);
	free(facts.kernel);
	free(facts.kernel_version);
	free(facts.boot);
	free(facts.selinux);
	free(facts.label);
	free(facts.cause);
	return err ? EXIT_SNUG_FAILED : EXIT_SUCCESS;
}
