/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/report.h"

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
#define NAME_MAX_   128  /* of a note, in the report */
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

/* A name may hold a newline: it does not end the line. */
static void send_line(char *line)
{
	const size_t len = strlen(line);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = '?';
	line[len] = '\n';
	machine_report(line, len + 1);
}

static void send_notes(uint64_t clock)
{
	struct sysinfo info;
	char line[KMSG_TEXT];

	(void)snprintf(line, sizeof(line) - 1, "clock %llu", (unsigned long long)clock);
	send_line(line);
	if (sysinfo(&info) == 0) {
		(void)snprintf(line, sizeof(line) - 1, "memory %llu %llu",
			       (unsigned long long)info.totalram * info.mem_unit / 1024,
			       (unsigned long long)info.freeram * info.mem_unit / 1024);
		send_line(line);
	}
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(line, sizeof(line) - 1, "note %llu %s %.*s",
			       (unsigned long long)notes[i].ns, notes[i].what, NAME_MAX_,
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
	(void)snprintf(line, sizeof(line) - 1, "kmsg %llu %.*s", strtoull(us + 1, NULL, 10),
		       KMSG_TEXT, text + 1);
	send_line(line);
}

void report_send(void)
{
	static char record[KMSG_RECORD + 1];
	uint64_t clock;
	ssize_t n;
	int log;

	if (!enabled)
		return;
	log = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	/* Level 7: kept, and not printed. */
	if (log >= 0 && write(log, "<7>" SNUG_REPORT_NOW, strlen("<7>" SNUG_REPORT_NOW)) < 0) {
		close(log);
		log = -1;
	}
	clock = now();
	machine_mark(SNUG_MARK_REPORT);
	send_notes(clock);
	while (log >= 0 && (n = read(log, record, KMSG_RECORD)) > 0) {
		record[n] = '\0';
		send_record(record);
	}
	if (log >= 0)
		close(log);
}
