/* SPDX-License-Identifier: Apache-2.0 */
#include "report/timeline_json.h"

#include <stdlib.h>

#include "report/whole_file.h"

#define SCHEMA 1

static json_t *string(const char *text)
{
	return text ? json_text(text) : json_null();
}

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* The viewers' tracks. */
enum track {
	TRACK_STAGES = 1,
	TRACK_DETAILS,
	TRACK_INITCALLS,
	TRACK_END
};

static json_t *event(const char *name, const char *category, enum track track, uint64_t start,
		     uint64_t end)
{
	return json_pack("{s:o, s:o, s:s, s:f, s:f, s:i, s:i}", "name", string(name), "cat",
			 string(category), "ph", "X", "ts", (double)start / 1e3, "dur",
			 (double)(end - start) / 1e3, "pid", 1, "tid", (int)track);
}

static json_t *instant(const struct record_point *point)
{
	return json_pack("{s:o, s:s, s:s, s:f, s:i, s:i}", "name", string(point->name), "ph", "i",
			 "s", "p", "ts", (double)point->at / 1e3, "pid", 1, "tid",
			 (int)TRACK_STAGES);
}

static int add_track_names(json_t *events)
{
	static const char *const names[TRACK_END] = {
		[TRACK_STAGES] = "stages",
		[TRACK_DETAILS] = "modules, mounts, initrd",
		[TRACK_INITCALLS] = "initcalls",
	};
	int r = json_array_append_new(events,
				      json_pack("{s:s, s:s, s:i, s:{s:s}}", "name", "process_name",
						"ph", "M", "pid", 1, "args", "name", "snug run"));

	for (int track = TRACK_STAGES; track < TRACK_END; track++)
		r |= json_array_append_new(events,
					   json_pack("{s:s, s:s, s:i, s:i, s:{s:s}}", "name",
						     "thread_name", "ph", "M", "pid", 1, "tid",
						     track, "args", "name", names[track]));
	return r;
}

static json_t *trace_events(const struct record *record)
{
	json_t *events = json_array();
	int r = add_track_names(events);

	for (size_t i = 0; i < record->stage_count; i++) {
		const struct record_stage *s = &record->stages[i];

		r |= json_array_append_new(
			events, event(s->name, s->group, TRACK_STAGES, s->start, s->end));
	}
	for (size_t i = 0; i < record->detail_count; i++) {
		const struct record_detail *d = &record->details[i];

		r |= json_array_append_new(
			events, event(d->name, d->what, TRACK_DETAILS, d->start, d->end));
	}
	for (size_t i = 0; i < record->initcall_count; i++) {
		const struct record_initcall *c = &record->initcalls[i];

		r |= json_array_append_new(events, event(c->name, "initcall", TRACK_INITCALLS,
							 c->end - c->ns, c->end));
	}
	for (size_t i = 0; i < record->point_count; i++)
		r |= json_array_append_new(events, instant(&record->points[i]));
	if (r) {
		json_decref(events);
		return NULL;
	}
	return events;
}

static json_t *stages(const struct record *record)
{
	json_t *list = json_array();

	for (size_t i = 0; i < record->stage_count; i++) {
		const struct record_stage *s = &record->stages[i];

		(void)json_array_append_new(
			list, json_pack("{s:o, s:o, s:o, s:o, s:o}", "group", string(s->group),
					"name", string(s->name), "start_ns", number(s->start),
					"end_ns", number(s->end), "faults", number(s->faults)));
	}
	return list;
}

static json_t *details(const struct record *record)
{
	json_t *list = json_array();

	for (size_t i = 0; i < record->detail_count; i++) {
		const struct record_detail *d = &record->details[i];

		(void)json_array_append_new(
			list, json_pack("{s:o, s:o, s:o, s:o}", "what", string(d->what), "name",
					string(d->name), "start_ns", number(d->start), "end_ns",
					number(d->end)));
	}
	return list;
}

static json_t *points(const struct record *record)
{
	json_t *list = json_array();

	for (size_t i = 0; i < record->point_count; i++)
		(void)json_array_append_new(list, json_pack("{s:o, s:o}", "name",
							    string(record->points[i].name), "ns",
							    number(record->points[i].at)));
	return list;
}

static json_t *exits(const struct record *record)
{
	json_t *list = json_array();
	char buf[48];

	for (size_t i = 0; i < record->exits_count; i++) {
		const struct record_exits *e = &record->exits[i];

		(void)json_array_append_new(
			list,
			json_pack("{s:o, s:o, s:o, s:o, s:b, s:o}", "stage", string(e->stage),
				  "kind", string(e->what), "address", number(e->address), "what",
				  string(record_exit_name(e, buf, sizeof(buf))), "is_9p_request",
				  record_exit_is_9p(e), "count", number(e->count)));
	}
	return list;
}

static json_t *initcalls(const struct record *record)
{
	json_t *list = json_array();

	for (size_t i = 0; i < record->initcall_count; i++) {
		const struct record_initcall *c = &record->initcalls[i];

		(void)json_array_append_new(
			list, json_pack("{s:o, s:o, s:o}", "name", string(c->name), "start_ns",
					number(c->end - c->ns), "ns", number(c->ns)));
	}
	return list;
}

static json_t *marks(const struct record *record)
{
	const struct record_marks m = record_marks(record);

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "first_instruction_ns", number(m.entry),
			 "guest_init_ns", number(m.init), "command_ns", number(m.exec),
			 "command_end_ns", number(m.command_end), "power_off_store_ns",
			 number(m.store), "status_ns", number(m.status));
}

static json_t *snug(const struct record *record)
{
	return json_pack(
		"{s:i, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}, "
		"s:{s:o, s:o, s:o}}",
		"schema", SCHEMA, "kernel", string(record->kernel), "boot", string(record->boot),
		"command", string(record->command), "memory_mib",
		number(record->memory ? strtoull(record->memory, NULL, 10) : 0), "status",
		record->status, "total_ns", number(record->total), "marks", marks(record), "stages",
		stages(record), "details", details(record), "points", points(record), "exits",
		exits(record), "initcalls", initcalls(record), "process", "page_faults",
		number(record->faults), "cpu_us", number(record->user_us + record->system_us),
		"memory_kib", "max_resident", number(record->max_rss), "guest_total",
		number(record->guest_total), "guest_free", number(record->guest_free));
}

json_t *timeline_json(const struct record *record)
{
	return json_pack("{s:s, s:o, s:o}", "displayTimeUnit", "ms", "traceEvents",
			 trace_events(record), "snug", snug(record));
}
