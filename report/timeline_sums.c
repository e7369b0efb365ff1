/* SPDX-License-Identifier: Apache-2.0 */
#include "report/timeline_sums.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/util.h"

enum {
	GROUP_LAUNCHER,
	GROUP_MONITOR,
	GROUP_KERNEL,
	GROUP_INIT,
	GROUP_COMMAND,
	GROUP_END
};

static bool is_before_command(const char *stage)
{
	static const char *const stages[] = {"kernel", "modules", "mounts", "network, streams"};

	for (size_t i = 0; i < ARRAY_SIZE(stages); i++)
		if (strcmp(stage, stages[i]) == 0)
			return true;
	return false;
}

static int by_count(const void *a, const void *b)
{
	const struct exit_sum *x = a, *y = b;
	const uint64_t p = x->before_command + x->later, q = y->before_command + y->later;

	return (p < q) - (p > q);
}

size_t timeline_sum_exits(const struct record *record, struct exit_sum sums[EXIT_SUMS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < record->exits_count; i++) {
		const struct record_exits *exits = &record->exits[i];
		char buf[48];
		const char *name = record_exit_name(exits, buf, sizeof(buf));
		size_t at = 0;

		if (strcmp(name, "timeline report") == 0)
			continue;
		while (at < count && strcmp(sums[at].name, name) != 0)
			at++;
		if (at == EXIT_SUMS_MAX)
			continue;
		if (at == count) {
			sums[at] =
				(struct exit_sum){.is_9p = record_exit_is_9p(exits),
						  .is_timelines = record_exit_is_timelines(exits)};
			(void)snprintf(sums[at].name, sizeof(sums[at].name), "%s", name);
			count++;
		}
		if (is_before_command(exits->stage))
			sums[at].before_command += exits->count;
		else
			sums[at].later += exits->count;
	}
	qsort(sums, count, sizeof(*sums), by_count);
	return count;
}

size_t timeline_slowest_initcalls(const struct record *record,
				  const struct record_initcall **slowest, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < record->initcall_count; i++) {
		const struct record_initcall *call = &record->initcalls[i];
		size_t at = count;

		while (at > 0 && slowest[at - 1]->ns < call->ns) {
			if (at < max)
				slowest[at] = slowest[at - 1];
			at--;
		}
		if (at == max)
			continue;
		slowest[at] = call;
		if (count < max)
			count++;
	}
	return count;
}

unsigned timeline_group(const struct record_stage *stage)
{
	if (strcmp(stage->group, "launcher") == 0)
		return GROUP_LAUNCHER;
	if (strcmp(stage->group, "monitor") == 0)
		return GROUP_MONITOR;
	if (strcmp(stage->group, "kernel") == 0 || strcmp(stage->name, "kernel") == 0)
		return GROUP_KERNEL;
	if (strcmp(stage->group, "guest") != 0)
		return GROUP_END;
	return strcmp(stage->name, "the command") == 0 ? GROUP_COMMAND
	       : is_before_command(stage->name)        ? GROUP_INIT
						       : GROUP_END;
}

void timeline_sum_groups(const struct record *record, struct group_sum sums[GROUP_SUMS])
{
	static const char *const names[GROUP_SUMS] = {
		[GROUP_LAUNCHER] = "launcher", [GROUP_MONITOR] = "monitor",
		[GROUP_KERNEL] = "kernel",     [GROUP_INIT] = "guest-init",
		[GROUP_COMMAND] = "command",   [GROUP_END] = "end",
	};

	for (unsigned i = 0; i < GROUP_SUMS; i++)
		sums[i] = (struct group_sum){names[i], 0};
	for (size_t i = 0; i < record->stage_count; i++) {
		const struct record_stage *stage = &record->stages[i];

		sums[timeline_group(stage)].ns += stage->end - stage->start;
	}
}
