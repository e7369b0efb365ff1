/* SPDX-License-Identifier: Apache-2.0 */
#include "report/guest_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/abi.h"
#include "core/util.h"
#include "report/record.h"

/*
 * What stock kernels (6.1 to 7.2) say on their way, in order, quiet or not, and what ends there. A
 * kernel that says something else has fewer stages.
 */
static const struct {
	const char *text; /* how the line begins */
	const char *stage;
} landmarks[] = {
	{"Memory: ", "early set-up, memory map"},
	{"devtmpfs: initialized", "timers, scheduler, RCU, processor"},
	{"Trying to unpack rootfs", "initcalls: core to subsystems"},
	{"Unpacking initramfs", "initcalls: core to subsystems"},
	{"Freeing unused kernel image (initmem)", "initcalls: devices and late"},
	{"Run /init as init process", "memory protection"},
};

static int add_line(struct guest_line **lines, size_t *count, uint64_t time, const char *text)
{
	if ((*count & (*count - 1)) == 0) {
		struct guest_line *more =
			reallocarray(*lines, *count ? 2 * *count : 1, sizeof(*more));

		if (!more)
			return -ENOMEM;
		*lines = more;
	}
	char *copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	for (char *c = copy; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	(*lines)[(*count)++] = (struct guest_line){time, copy};
	return 0;
}

/*
 * The time since the clock's zero of a line that shows ns. The clock stands still somewhere between the
 * lines "Memory:", before the scheduler, and "devtmpfs:", after the first interrupts.
 */
#define FIRST_TICKING "devtmpfs: initialized"

static int add_kernel_line(struct guest_log *log, uint64_t ns, const char *text)
{
	long long now, offset, raw, lost;

	if (strcmp(text, SNUG_REPORT_NOW) == 0) {
		log->kernel_now = ns;
		log->has_kernel_now = true;
	}
	if (sscanf(text, "sched_clock: Marking stable (%lld, %lld)->(%lld, %lld)", &now, &offset,
		   &raw, &lost) == 4 &&
	    lost < 0 && lost > -1000000000000)
		log->kernel_lost = (uint64_t)-lost;
	return add_line(&log->kernel, &log->kernel_count, ns, text);
}

/* Once all lines are there. */
static void make_up_for_lost_time(struct guest_log *log)
{
	bool ticking = false;

	for (size_t i = 0; i < log->kernel_count; i++) {
		ticking |= strncmp(log->kernel[i].text, FIRST_TICKING, strlen(FIRST_TICKING)) == 0;
		if (ticking)
			log->kernel[i].time += log->kernel_lost;
	}
	log->kernel_now += ticking ? log->kernel_lost : 0;
}

int guest_log_add(struct guest_log *log, const char *line)
{
	unsigned long long time, more;
	int at = 0;

	if (sscanf(line, "kmsg %llu %n", &time, &at) == 1 && at && time < UINT64_MAX / 1000) {
		return add_kernel_line(log, time * 1000, line + at);
	}
	if (sscanf(line, "note %llu %n", &time, &at) == 1 && at)
		return add_line(&log->notes, &log->note_count, time, line + at);
	if (sscanf(line, "clock %llu", &time) == 1)
		log->clock = time;
	else if (sscanf(line, "memory %llu %llu", &time, &more) == 2) {
		log->memory_total = time;
		log->memory_free = more;
	}
	return 0;
}

void guest_log_free(struct guest_log *log)
{
	for (size_t i = 0; i < log->note_count; i++)
		free(log->notes[i].text);
	for (size_t i = 0; i < log->kernel_count; i++)
		free(log->kernel[i].text);
	free(log->notes);
	free(log->kernel);
	*log = (struct guest_log){0};
}

/* The record's time of one of the guest's, or false if that cannot be. */
static bool bring_over(uint64_t time, uint64_t guest_mark, uint64_t mark, uint64_t *at)
{
	if (time > guest_mark || guest_mark - time > mark)
		return false;
	*at = mark - (guest_mark - time);
	return true;
}

/* A stage is cut in two: what went before `at` is `group: name`. */
static int split_stage(struct record *record, size_t index, uint64_t at, const char *name)
{
	struct record_stage *stages =
		reallocarray(record->stages, record->stage_count + 1, sizeof(*stages));
	struct record_stage first = {.group = strdup("kernel"), .name = strdup(name)};

	if (stages)
		record->stages = stages;
	if (!stages || !first.group || !first.name) {
		free(first.group);
		free(first.name);
		return -ENOMEM;
	}
	first.start = stages[index].start;
	first.end = at;
	memmove(&stages[index + 1], &stages[index],
		(record->stage_count - index) * sizeof(*stages));
	record->stage_count++;
	stages[index] = first;
	stages[index + 1].start = at;
	return 0;
}

static int rename_stage(struct record_stage *stage, const char *group, const char *name)
{
	free(stage->group);
	free(stage->name);
	stage->group = strdup(group);
	stage->name = strdup(name);
	return stage->group && stage->name ? 0 : -ENOMEM;
}

static const char *landmark(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(landmarks); i++)
		if (strncmp(text, landmarks[i].text, strlen(landmarks[i].text)) == 0)
			return landmarks[i].stage;
	return NULL;
}

static int apply_kernel_stages(const struct guest_log *log, struct record *record, uint64_t mark)
{
	const struct record_stage *whole = record_stage(record, "guest", "kernel");
	size_t index = whole ? (size_t)(whole - record->stages) : 0;
	const char *entry = record->boot && strcmp(record->boot, "bzimage") == 0
				    ? "decompression, entry"
				    : "entry, until its clock runs";
	uint64_t at;
	int err = 0;

	if (!whole)
		return 0;
	/* Its clock shows zero from the first instruction on until it runs. */
	if (log->has_kernel_now && bring_over(0, log->kernel_now, mark, &at) && at > whole->start &&
	    at < whole->end)
		err = split_stage(record, index++, at, entry);
	for (size_t i = 0; !err && i < log->kernel_count && log->has_kernel_now; i++) {
		const char *stage = landmark(log->kernel[i].text);
		const struct record_stage *rest = &record->stages[index];

		if (stage && log->kernel[i].time > 0 &&
		    bring_over(log->kernel[i].time, log->kernel_now, mark, &at) &&
		    at > rest->start && at < rest->end)
			err = split_stage(record, index++, at, stage);
	}
	return err ? err : rename_stage(&record->stages[index], "kernel", GUEST_LOG_LAST_STAGE);
}

static int add_detail(struct record *record, const char *what, size_t what_len, const char *name,
		      uint64_t start, uint64_t end)
{
	struct record_detail *details =
		reallocarray(record->details, record->detail_count + 1, sizeof(*details));
	struct record_detail detail = {.start = start, .end = end};

	if (!details)
		return -ENOMEM;
	record->details = details;
	detail.what = strndup(what, what_len);
	detail.name = strdup(name);
	details[record->detail_count++] = detail;
	return detail.what && detail.name ? 0 : -ENOMEM;
}

/* "/modules/virtio.ko" */
static const char *short_name(char *name)
{
	char *slash = strrchr(name, '/'), *dot = strrchr(name, '.');

	if (!slash || !dot || strcmp(dot, ".ko") != 0)
		return name;
	*dot = '\0';
	return slash + 1;
}

/* A note tells when something was done: it began where the one before ended, or the stage it is in. */
static int apply_notes(const struct guest_log *log, struct record *record, uint64_t mark)
{
	uint64_t before = 0, at;
	int err = 0;

	for (size_t i = 0; !err && log->clock && i < log->note_count; i++) {
		const char *space = strchr(log->notes[i].text, ' ');
		const struct record_stage *stage = record_stage(
			record, "guest",
			strncmp(log->notes[i].text, "module ", 7) == 0 ? "modules" : "mounts");

		if (!space || !stage || !bring_over(log->notes[i].time, log->clock, mark, &at) ||
		    at < before || at < stage->start)
			continue;
		if (before < stage->start)
			before = stage->start;
		err = add_detail(record, log->notes[i].text, (size_t)(space - log->notes[i].text),
				 short_name(strchr(log->notes[i].text, ' ') + 1), before, at);
		before = at;
	}
	return err;
}

/* "Trying to unpack rootfs image as initramfs..." or "Unpacking initramfs...", "Freeing initrd memory" */
static int apply_initrd(const struct guest_log *log, struct record *record, uint64_t mark)
{
	uint64_t start = 0, end = 0;

	for (size_t i = 0; log->has_kernel_now && i < log->kernel_count; i++) {
		const char *text = log->kernel[i].text;

		if (strstr(text, "npack") && strstr(text, "initramfs"))
			(void)bring_over(log->kernel[i].time, log->kernel_now, mark, &start);
		else if (strncmp(text, "Freeing initrd memory", 21) == 0)
			(void)bring_over(log->kernel[i].time, log->kernel_now, mark, &end);
	}
	/* It may stand still in between as well. */
	return start && end >= start
		       ? add_detail(record, "kernel", 6, "initrd unpacked", start, end)
		       : 0;
}

/* "initcall acpi_init+0x0/0x526 returned 0 after 103515 usecs" */
static int apply_initcalls(const struct guest_log *log, struct record *record, uint64_t mark)
{
	for (size_t i = 0; log->has_kernel_now && i < log->kernel_count; i++) {
		unsigned long long us;
		uint64_t end;
		char name[128];
		int result;

		if (sscanf(log->kernel[i].text, "initcall %127[^+ ]+%*s returned %d after %llu",
			   name, &result, &us) != 3 &&
		    sscanf(log->kernel[i].text, "initcall %127[^+ ]+%*s %*s returned %d after %llu",
			   name, &result, &us) != 3)
			continue;
		if (!bring_over(log->kernel[i].time, log->kernel_now, mark, &end) ||
		    us > end / 1000)
			continue;
		struct record_initcall *more =
			reallocarray(record->initcalls, record->initcall_count + 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		record->initcalls = more;
		more[record->initcall_count] =
			(struct record_initcall){strdup(name), end, us * 1000};
		if (!more[record->initcall_count++].name)
			return -ENOMEM;
	}
	return 0;
}

int guest_log_apply(struct guest_log *log, struct record *record)
{
	const struct record_stage *reported = record_stage(record, "guest", "rest of the output");
	int err;

	record->guest_total = log->memory_total;
	record->guest_free = log->memory_free;
	if (!reported)
		return 0;
	const uint64_t mark = reported->end;
	make_up_for_lost_time(log);
	err = apply_kernel_stages(log, record, mark);
	if (!err)
		err = apply_notes(log, record, mark);
	if (!err)
		err = apply_initrd(log, record, mark);
	return err ? err : apply_initcalls(log, record, mark);
}
