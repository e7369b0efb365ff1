/* SPDX-License-Identifier: Apache-2.0 */
/* A run's record: as the monitor writes it (vmm/timeline.h), and as snug-report reads and shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/abi.h"
#include "core/record.h"
#include "core/util.h"
#include "report/record.h"
#include "report/timeline_json.h"
#include "report/timeline_sums.h"
#include "report/timeline_svg.h"
#include "report/timeline_table.h"
#include "vmm/timeline.h"

/* A run of a second: the guest's clocks are 900 ms behind the host's at the mark. */
static const char whole[] =
	"kernel=/boot/vmlinuz-6.1\n"
	"boot=direct\n"
	"memory=512\n"
	"command=sh -c 'a <b> & c'\n"
	"stage 5000000000 0 launcher: exec\n"
	"stage 5002000000 0 launcher: plan\n"
	"stage 5003000000 10 monitor: exec\n"
	"stage 5010000000 110 monitor: threads\n"
	"point 5870000000 first byte of output\n"
	"stage 5600000000 200 guest: kernel\n"
	"stage 5700000000 200 guest: modules\n"
	"stage 5800000000 200 guest: mounts\n"
	"stage 5810000000 200 guest: network, streams\n"
	"stage 5890000000 200 guest: the command\n"
	"stage 5900000000 200 guest: rest of the output\n"
	"stage 5910000000 200 guest: report for this timeline\n"
	"stage 5911000000 200 end: status\n"
	"exits guest: kernel\tport 3f8 7\n"
	"exits guest: kernel\tport 80 3\n"
	"exits guest: mounts\tmmio d0001050 20\n"
	"exits guest: mounts\tmmio d0001064 4\n"
	"exits guest: mounts\tmmio d0000070 2\n"
	"exits guest: the command\tmmio d0002050 9\n"
	"exits guest: report for this timeline\tport 60c 900\n"
	"guest clock 800000000\n"
	"guest memory 500000 400000\n"
	"guest note 550000000 module /modules/virtio.ko\n"
	"guest note 560000000 module /modules/9p.ko\n"
	"guest note 650000000 mount /proc\n"
	"guest kmsg 0 Linux version 6.1\n"
	"guest kmsg 100000 Memory: 5K/6K available\n"
	"guest kmsg 200000 devtmpfs: initialized\n"
	"guest kmsg 300000 Trying to unpack rootfs image as initramfs...\n"
	"guest kmsg 350000 initcall acpi_init+0x0/0x5 returned 0 after 40000 usecs\n"
	"guest kmsg 351000 initcall a_init+0x0/0x5 [a] returned -19 after 900 usecs\n"
	"guest kmsg 380000 Freeing initrd memory: 5K\n"
	"guest kmsg 450000 Freeing unused kernel image (initmem) memory: 2K\n"
	"guest kmsg 460000 Run /init as init process\n"
	"guest kmsg 790000 snug: now\n"
	"stage 6000000000 0 end: process gone\n"
	"status 3\n"
	"usage 81920 4000 300000 40000\n";

static int read_text(struct record *record, const char *text)
{
	FILE *in = fmemopen((void *)text, strlen(text), "r");
	int r;

	assert_non_null(in);
	r = record_read(record, in);
	assert_int_equal(fclose(in), 0);
	return r;
}

static void assert_stage(const struct record *record, size_t index, const char *group,
			 const char *name, unsigned start_ms, unsigned end_ms)
{
	const struct record_stage *stage = &record->stages[index];

	assert_true(index < record->stage_count);
	assert_string_equal(stage->group, group);
	assert_string_equal(stage->name, name);
	assert_int_equal(stage->start, start_ms * 1000000ULL);
	assert_int_equal(stage->end, end_ms * 1000000ULL);
}

/* The kernel's clock was 790 ms at the mark, 900 ms after the launcher's start: it began at 110. */
static void the_kernels_stages(void **state)
{
	struct record record;

	(void)state;
	assert_int_equal(read_text(&record, whole), 0);
	assert_stage(&record, 0, "launcher", "exec", 0, 0);
	assert_stage(&record, 3, "monitor", "threads", 3, 10);
	assert_stage(&record, 4, "kernel", "entry, until its clock runs", 10, 110);
	assert_stage(&record, 5, "kernel", "early set-up, memory map", 110, 210);
	assert_stage(&record, 6, "kernel", "timers, scheduler, RCU, processor", 210, 310);
	assert_stage(&record, 7, "kernel", "initcalls: core to subsystems", 310, 410);
	assert_stage(&record, 8, "kernel", "initcalls: devices and late", 410, 560);
	assert_stage(&record, 9, "kernel", "memory protection", 560, 570);
	assert_stage(&record, 10, "kernel", "exec of /init", 570, 600);
	assert_stage(&record, 11, "guest", "modules", 600, 700);
	assert_stage(&record, record.stage_count - 1, "end", "process gone", 911, 1000);
	for (size_t i = 1; i < record.stage_count; i++)
		assert_int_equal(record.stages[i].start, record.stages[i - 1].end);
	assert_int_equal(record.stages[3].faults, 100);
	assert_int_equal(record.status, 3);
	assert_int_equal(record.total, 1000000000);
	assert_int_equal(record.points[0].at, 870000000);
	record_free(&record);
}

static void what_guest_init_did(void **state)
{
	struct record record;

	(void)state;
	assert_int_equal(read_text(&record, whole), 0);
	assert_int_equal(record.detail_count, 4);
	assert_string_equal(record.details[0].what, "module");
	assert_string_equal(record.details[0].name, "virtio");
	/* From where its stage began. */
	assert_int_equal(record.details[0].start, 600000000);
	assert_int_equal(record.details[0].end, 650000000);
	assert_string_equal(record.details[1].name, "9p");
	assert_int_equal(record.details[1].start, 650000000);
	assert_string_equal(record.details[2].name, "/proc");
	assert_int_equal(record.details[2].start, 700000000);
	assert_int_equal(record.details[2].end, 750000000);
	assert_string_equal(record.details[3].name, "initrd unpacked");
	assert_int_equal(record.details[3].end - record.details[3].start, 80000000);
	assert_int_equal(record.initcall_count, 2);
	assert_string_equal(record.initcalls[0].name, "acpi_init");
	assert_int_equal(record.initcalls[0].ns, 40000000);
	assert_int_equal(record.initcalls[0].end, 460000000);
	assert_string_equal(record.initcalls[1].name, "a_init");
	assert_int_equal(record.guest_total, 500000);
	record_free(&record);
}

static void the_marks(void **state)
{
	struct record record;
	struct record_marks marks;

	(void)state;
	assert_int_equal(read_text(&record, whole), 0);
	marks = record_marks(&record);
	assert_int_equal(marks.entry, 10000000);
	assert_int_equal(marks.init, 600000000);
	assert_int_equal(marks.exec, 810000000);
	assert_int_equal(marks.command_end, 890000000);
	assert_int_equal(marks.store, 910000000);
	assert_int_equal(marks.status, 911000000);
	record_free(&record);
}

static void exits_by_what_they_were_about(void **state)
{
	struct exit_sum sums[EXIT_SUMS_MAX];
	struct record record;

	(void)state;
	assert_int_equal(read_text(&record, whole), 0);
	assert_int_equal(timeline_sum_exits(&record, sums), 6);
	assert_string_equal(sums[0].name, "9p root: request");
	assert_true(sums[0].is_9p);
	assert_int_equal(sums[0].before_command, 20);
	assert_string_equal(sums[1].name, "9p volumes 1: request");
	assert_int_equal(sums[1].before_command, 0);
	assert_int_equal(sums[1].later, 9);
	assert_string_equal(sums[2].name, "early console");
	assert_false(sums[2].is_9p);
	assert_string_equal(sums[3].name, "9p root: interrupt acknowledged");
	assert_string_equal(sums[5].name, "console: set-up");
	record_free(&record);
}

static void the_parts(void **state)
{
	struct group_sum sums[GROUP_SUMS];
	struct record record;
	uint64_t all = 0;

	(void)state;
	assert_int_equal(read_text(&record, whole), 0);
	timeline_sum_groups(&record, sums);
	for (unsigned i = 0; i < GROUP_SUMS; i++)
		all += sums[i].ns;
	assert_int_equal(all, record.total);
	assert_string_equal(sums[2].name, "kernel");
	assert_int_equal(sums[2].ns, 590000000);
	assert_int_equal(sums[4].ns, 80000000);
	record_free(&record);
}

static char *print(const struct record *record, void (*printer)(const struct record *, FILE *))
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	printer(record, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void print_table(const struct record *record, FILE *out)
{
	timeline_table_print(record, true, out);
}

static void the_table(void **state)
{
	static const char *const lines[] = {
		"\n     2.000      2.000       0  launcher: plan\n",
		"\n    10.000      7.000     100  monitor: threads\n",
		"\n               50.000            module virtio\n",
		"\n   870.000                       first byte of output\n",
		"\n               40.000          acpi_init\n",
		"the slowest of 2 initcalls, which took 40.900 ms together:\n",
		"before the command: 24 of 9p requests, 12 others; then 9:\n",
		"start: 10.000 ms to the guest's first instruction, 810.000 ms to the command\n",
		"store 1.000 ms to the status, 90.000 ms until all is released",
	};
	struct record record;
	char *text;

	(void)state;
	assert_int_equal(read_text(&record, whole), 0);
	text = print(&record, print_table);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_non_null(strstr(text, lines[i]));
	free(text);
	record_free(&record);
}

static void the_picture(void **state)
{
	struct record record;
	char *text;

	(void)state;
	assert_int_equal(read_text(&record, whole), 0);
	text = print(&record, timeline_svg_print);
	assert_non_null(strstr(text, "sh -c 'a &lt;b&gt; &amp; c': 1000 ms"));
	assert_non_null(strstr(text, "initcall: acpi_init"));
	assert_non_null(strstr(text, "first byte of output"));
	assert_string_equal(text + strlen(text) - 6, "</svg>");
	free(text);
	record_free(&record);
}

static void the_json(void **state)
{
	struct record record;
	json_t *root;
	const char *unit, *name;
	json_t *events, *stages;
	int schema, status;

	(void)state;
	assert_int_equal(read_text(&record, whole), 0);
	root = timeline_json(&record);
	assert_int_equal(json_unpack(root, "{s:s, s:o, s:{s:i, s:i, s:o}}", "displayTimeUnit",
				     &unit, "traceEvents", &events, "snug", "schema", &schema,
				     "status", &status, "stages", &stages),
			 0);
	assert_int_equal(schema, 1);
	assert_int_equal(status, 3);
	assert_int_equal(json_array_size(stages), record.stage_count);
	/* A name each for the process and three tracks. */
	assert_int_equal(json_array_size(events),
			 4 + record.stage_count + record.detail_count + 2 + 1);
	assert_int_equal(json_unpack(json_array_get(events, 5), "{s:s}", "name", &name), 0);
	assert_string_equal(name, "plan");
	json_decref(root);
	record_free(&record);
}

/* Without a report, and of a guest that ended early: what there is. */
static void a_short_record(void **state)
{
	struct record record;
	char *text;

	(void)state;
	assert_int_equal(read_text(&record, ""), -ENODATA);
	record_free(&record);
	assert_int_equal(
		read_text(&record, "stage 5 0 launcher: exec\nstage 9 0 end: process gone\n"), 0);
	assert_int_equal(record.stage_count, 2);
	assert_int_equal(record.status, -1);
	text = print(&record, print_table);
	assert_null(strstr(text, "first instruction"));
	free(text);
	text = print(&record, timeline_svg_print);
	free(text);
	json_decref(timeline_json(&record));
	record_free(&record);
}

/* The guest writes its report itself. */
static void a_lying_guest(void **state)
{
	static const char *const lies[] = {
		"guest clock 18446744073709551615\n",
		"guest kmsg 18446744073709551615 Memory: 5K\n",
		"guest kmsg 790001 Memory: later than now\n",
		"guest kmsg 1 snug: now\nguest kmsg 2 Memory: 5\n",
		"guest kmsg\nguest note\nguest clock x\nguest\nguest \nkmsg 5 Memory: \n",
		"guest note 800000001 module later\nguest note 1 mount earlier\nguest note 5 \n",
		"guest note 600000000 module\n",
		"guest kmsg 400000 initcall x+ returned 0 after 99999999999999 usecs\n",
		"guest kmsg 400000 initcall  returned 0 after 5 usecs\n",
		"guest kmsg 400000 \x1b[31mMemory\xff\n",
		"guest kmsg 5 sched_clock: Marking stable (1, 2)->(3, -999999999999)\n",
		"guest kmsg 5 sched_clock: Marking stable (1, 2)->(3, -9223372036854775808)\n",
		"stage 1 2\nstage x\npoint\nexits \t\nexits a: b\tport zz 5\nstatus\nusage 1\n",
	};
	char text[sizeof(whole) + 512];
	struct record record;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		const char *end = strstr(whole, "guest clock");
		char *out;

		(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(end - whole), whole, lies[i],
			       end);
		assert_int_equal(read_text(&record, text), 0);
		for (size_t s = 0; s < record.stage_count; s++)
			assert_true(record.stages[s].start <= record.stages[s].end &&
				    record.stages[s].end <= record.total);
		for (size_t d = 0; d < record.detail_count; d++)
			assert_true(record.details[d].start <= record.details[d].end &&
				    record.details[d].end <= record.total);
		out = print(&record, print_table);
		assert_null(strchr(out, '\x1b'));
		free(out);
		out = print(&record, timeline_svg_print);
		free(out);
		json_decref(timeline_json(&record));
		record_free(&record);
	}
}

/* The clock stood still for 70 ms, before the devices' file system was there. */
static void a_clock_that_stood_still(void **state)
{
	static const char stable[] =
		"guest kmsg 200001 sched_clock: Marking stable (1, 2)->(3, -70000000)\n";
	char text[sizeof(whole) + sizeof(stable)];
	const char *end = strstr(whole, "guest kmsg 300000");
	struct record record;

	(void)state;
	(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(end - whole), whole, stable, end);
	assert_int_equal(read_text(&record, text), 0);
	assert_stage(&record, 4, "kernel", "entry, until its clock runs", 10, 40);
	assert_stage(&record, 5, "kernel", "early set-up, memory map", 40, 140);
	assert_stage(&record, 6, "kernel", "timers, scheduler, RCU, processor", 140, 310);
	assert_stage(&record, 7, "kernel", "initcalls: core to subsystems", 310, 410);
	record_free(&record);
}

/* Both halves, one against the other. */
static void what_the_monitor_writes(void **state)
{
	int fd = memfd_create("record", MFD_CLOEXEC);
	struct timeline *timeline = timeline_new(fd);
	static const char report[] = "memory 5000 400\n\nnot ended";
	struct exit_sum sums[EXIT_SUMS_MAX];
	struct record record;
	FILE *in;

	(void)state;
	assert_non_null(timeline);
	timeline_stage(timeline, "monitor: exec");
	timeline_stage(timeline, "monitor: threads");
	timeline_exit(timeline, EXIT_PORT, 0x80);
	timeline_exit(timeline, EXIT_PORT, 0x80);
	timeline_exit(timeline, EXIT_KVM, 0x80);
	timeline_guest_mark(timeline, SNUG_MARK_INIT);
	timeline_exit(timeline, EXIT_MMIO, 0xd0000050);
	timeline_guest_mark(timeline, SNUG_MARK_EXEC);
	timeline_exit(timeline, EXIT_MMIO, 0xd0000050);
	timeline_point(timeline, "first byte of output");
	timeline_guest_mark(timeline, SNUG_MARK_EXIT);
	timeline_guest_mark(timeline, SNUG_MARK_REPORT);
	timeline_guest_report(timeline, report, sizeof(report));
	timeline_guest_end(timeline);
	timeline_exit(timeline, EXIT_PORT, 0x999);
	timeline_write(timeline);
	timeline_free(timeline);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	in = fdopen(fd, "r");
	assert_int_equal(record_read(&record, in), 0);
	assert_int_equal(fclose(in), 0);
	assert_int_equal(record.stage_count, 8);
	assert_string_equal(record.stages[6].name, "report for this timeline");
	assert_string_equal(record.stages[7].name, "record for this timeline");
	assert_int_equal(record.point_count, 1);
	assert_int_equal(record.guest_total, 5000);
	assert_int_equal(timeline_sum_exits(&record, sums), 4);
	assert_int_equal(sums[0].before_command + sums[1].before_command, 3);
	assert_string_equal(record_stage(&record, NULL, "the command")->group, "guest");
	record_free(&record);
}

/* More different exits than there is room for: those there are keep being counted. */
static void endless_exits(void **state)
{
	struct timeline *timeline = timeline_new(STDOUT_FILENO);
	uint64_t count = 0;

	(void)state;
	for (uint64_t i = 0; i < 100000; i++)
		timeline_exit(timeline, EXIT_MMIO, i * 4);
	timeline_exit(timeline, EXIT_MMIO, 0);
	for (unsigned i = 0; i < TIMELINE_EXITS_MAX; i++)
		count += timeline->exits[i].counts[0];
	assert_int_equal(count, TIMELINE_EXITS_MAX + 1);
	timeline_free(timeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernels_stages),
		cmocka_unit_test(what_guest_init_did),
		cmocka_unit_test(the_marks),
		cmocka_unit_test(exits_by_what_they_were_about),
		cmocka_unit_test(the_parts),
		cmocka_unit_test(the_table),
		cmocka_unit_test(the_picture),
		cmocka_unit_test(the_json),
		cmocka_unit_test(a_short_record),
		cmocka_unit_test(a_lying_guest),
		cmocka_unit_test(a_clock_that_stood_still),
		cmocka_unit_test(what_the_monitor_writes),
		cmocka_unit_test(endless_exits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
