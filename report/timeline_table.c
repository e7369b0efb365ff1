/* SPDX-License-Identifier: Apache-2.0 */
#include "report/timeline_table.h"

#include <string.h>

#include "report/timeline_sums.h"

#define SLOWEST_INITCALLS 20
#define MOST_EXITS        12

static double ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

static void print_details(const struct record *record, const struct record_stage *stage, FILE *out)
{
	for (size_t i = 0; i < record->detail_count; i++) {
		const struct record_detail *d = &record->details[i];

		if (d->start >= stage->start && d->start < stage->end)
			(void)fprintf(out, "%10s %10.3f %7s    %s %s\n", "", ms(d->end - d->start),
				      "", strcmp(d->what, "kernel") == 0 ? "meanwhile:" : d->what,
				      d->name);
	}
	for (size_t i = 0; i < record->point_count; i++) {
		const struct record_point *p = &record->points[i];

		if (p->at >= stage->start && p->at < stage->end)
			(void)fprintf(out, "%10.3f %10s %7s    %s\n", ms(p->at), "", "", p->name);
	}
}

static void print_stages(const struct record *record, FILE *out)
{
	(void)fprintf(out, "%10s %10s %7s  stage\n", "end ms", "ms", "faults");
	for (size_t i = 1; i < record->stage_count; i++) {
		const struct record_stage *s = &record->stages[i];

		(void)fprintf(out, "%10.3f %10.3f %7llu  %s: %s\n", ms(s->end),
			      ms(s->end - s->start), (unsigned long long)s->faults, s->group,
			      s->name);
		print_details(record, s, out);
	}
}

static void print_initcalls(const struct record *record, FILE *out)
{
	const struct record_initcall *slowest[SLOWEST_INITCALLS];
	const size_t count = timeline_slowest_initcalls(record, slowest, SLOWEST_INITCALLS);
	uint64_t sum = 0;

	if (count == 0) {
		(void)fputs("no initcalls: the kernel's log does not have them\n", out);
		return;
	}
	for (size_t i = 0; i < record->initcall_count; i++)
		sum += record->initcalls[i].ns;
	(void)fprintf(out, "the slowest of %zu initcalls, which took %.3f ms together:\n",
		      record->initcall_count, ms(sum));
	for (size_t i = 0; i < count; i++)
		(void)fprintf(out, "%10s %10.3f %7s  %s\n", "", ms(slowest[i]->ns), "",
			      slowest[i]->name);
}

static void print_exits(const struct record *record, FILE *out)
{
	struct exit_sum sums[EXIT_SUMS_MAX];
	const size_t count = timeline_sum_exits(record, sums);
	uint64_t before = 0, before_9p = 0, after = 0;

	for (size_t i = 0; i < count; i++) {
		if (sums[i].is_timelines)
			continue;
		before += sums[i].before_command;
		before_9p += sums[i].is_9p ? sums[i].before_command : 0;
		after += sums[i].later;
	}
	(void)fprintf(out,
		      "exits to user space before the command: %llu of 9p requests, %llu others; "
		      "then %llu:\n",
		      (unsigned long long)before_9p, (unsigned long long)(before - before_9p),
		      (unsigned long long)after);
	for (size_t i = 0; i < count && i < MOST_EXITS; i++)
		(void)fprintf(out, "%10llu %10llu %7s  %s\n",
			      (unsigned long long)sums[i].before_command,
			      (unsigned long long)sums[i].later, "", sums[i].name);
}

static void print_summary(const struct record *record, FILE *out)
{
	const struct record_marks m = record_marks(record);

	if (record->max_rss)
		(void)fprintf(
			out,
			"memory: %llu MiB at most, guest and monitor (the guest used %llu of "
			"its %llu MiB); page faults: %llu; processor: %.0f ms user (and guest), "
			"%.0f ms system\n",
			(unsigned long long)record->max_rss / 1024,
			(unsigned long long)(record->guest_total - record->guest_free) / 1024,
			(unsigned long long)record->guest_total / 1024,
			(unsigned long long)record->faults, (double)record->user_us / 1e3,
			(double)record->system_us / 1e3);
	if (m.entry)
		(void)fprintf(out, "start: %.3f ms to the guest's first instruction", ms(m.entry));
	if (m.entry && m.exec)
		(void)fprintf(out, ", %.3f ms to the command", ms(m.exec));
	if (m.entry)
		(void)fputc('\n', out);
	if (m.store && m.status)
		(void)fprintf(
			out,
			"end: from the power-off store %.3f ms to the status, %.3f ms until all "
			"is released and the process gone\n",
			ms(m.status - m.store), ms(record->total - m.store));
}

void timeline_table_print(const struct record *record, bool initcalls, FILE *out)
{
	print_stages(record, out);
	if (initcalls)
		print_initcalls(record, out);
	if (record->exits_count)
		print_exits(record, out);
	print_summary(record, out);
}
