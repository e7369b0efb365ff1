/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "core/abi.h"
#include "guest-init/machine.h"

#define NOTES_MAX   128
#define NOTE_NAME   128  /* of a note, in the report */
#define KMSG_RECORD 8192 /* as large as the kernel makes one */
#define KMSG_TEXT   200  /* of a record, in the report */

static bool enabled;
static unsigned count;
static struct {
	uint64_t ns;
	const char *what, *name;
} notes[NOTES_MAX];

static uint64_t now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void report_enable(void)
{
	enabled = true;
}

void report_note(const char *what, const char *name)
{
	if (!enabled || count == NOTES_MAX)
		return;
	notes[count].ns = now();
	notes[count].what = what;
	notes[count++].name = name;
}

/* Where the report is put together; touched before its frame is asked for. */
static _Alignas(SNUG_REPORT_PAGE) char page[SNUG_REPORT_PAGE];
static size_t used;
static uint32_t frame; /* 0: not known */

/* Linux, Documentation/admin-guide/mm/pagemap.rst: the frame's number in bits 0-54, present: bit 63. */
static uint32_t find_frame(void)
{
	const off_t at = (off_t)((uintptr_t)page / SNUG_REPORT_PAGE * sizeof(uint64_t));
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	page[0] = '\n';
	if (fd < 0)
		return 0;
	if (pread(fd, &entry, sizeof(entry), at) != sizeof(entry) || !(entry >> 63))
		entry = 0;
	close(fd);
	return (uint32_t)(entry & ((1ULL << 32) - 1));
}

static void flush(void)
{
	page[used] = '\0';
	if (used)
		machine_report(frame);
	used = 0;
}

/* A name may hold a newline: it does not end the line. */
static void send_line(const char *line)
{
	const size_t len = strlen(line);

	if (len + 2 > sizeof(page) - used)
		flush();
	for (size_t i = 0; i < len; i++)
		page[used++] = (unsigned char)line[i] < ' ' ? '?' : line[i];
	page[used++] = '\n';
}

static void send_notes(uint64_t clock)
{
	struct sysinfo info;
	char line[KMSG_TEXT];

	(void)snprintf(line, sizeof(line), "clock %llu", (unsigned long long)clock);
	send_line(line);
	if (sysinfo(&info) == 0) {
		(void)snprintf(line, sizeof(line), "memory %llu %llu",
			       (unsigned long long)info.totalram * info.mem_unit / 1024,
			       (unsigned long long)info.freeram * info.mem_unit / 1024);
		send_line(line);
	}
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(line, sizeof(line), "note %llu %s %.*s",
			       (unsigned long long)notes[i].ns, notes[i].what, NOTE_NAME,
			       notes[i].name);
		send_line(line);
	}
}

/* "prefix,sequence,us,flags[,...];text" and a newline; what follows it is not for reading. */
static void send_record(char *record)
{
	char *text = strchr(record, ';'), *us = strchr(record, ',');
	char line[KMSG_TEXT + 32];

	us = us ? strchr(us + 1, ',') : NULL;
	if (!us || !text || us > text)
		return;
	text[1 + strcspn(text + 1, "\n")] = '\0';
	(void)snprintf(line, sizeof(line), "kmsg %llu %.*s", strtoull(us + 1, NULL, 10), KMSG_TEXT,
		       text + 1);
	send_line(line);
}

/* PID 1 ends the VM after this: nothing is released. */
void report_send(void)
{
	static char record[KMSG_RECORD + 1];
	uint64_t clock;
	ssize_t n;
	int log;

	if (!enabled)
		return;
	log = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	/* Level 7: kept, and not printed. A line that is not ended is not readable before the next. */
	if (log >= 0 &&
	    write(log, "<7>" SNUG_REPORT_NOW "\n", 3 + strlen(SNUG_REPORT_NOW "\n")) < 0) {
		close(log);
		log = -1;
	}
	clock = now();
	machine_mark(SNUG_MARK_REPORT);
	frame = find_frame();
	if (!frame)
		return;
	send_notes(clock);
	/* EPIPE: records were overwritten that were not read yet. */
	while (log >= 0 &&
	       ((n = read(log, record, KMSG_RECORD)) > 0 || (n < 0 && errno == EPIPE))) {
		record[n > 0 ? n : 0] = '\0';
		send_record(record);
	}
	flush();
}
