/* SPDX-License-Identifier: Apache-2.0 */
#include "report/doctor.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/exit_code.h"
#include "core/log.h"
#include "report/facts.h"
#include "report/whole_file.h"

#define SCHEMA     1
#define EXIT_FAILS 1 /* DOCTOR_EXIT_FAIL */

struct diagnosis {
	json_t *object, *checks;
	bool fails;
};

/* A "check" begins another; what follows is of that. */
static int take(void *context, const char *name, char *value)
{
	struct diagnosis *diagnosis = context;
	json_t *to = json_array_get(diagnosis->checks, json_array_size(diagnosis->checks) - 1);
	int r;

	value = facts_decode(value);
	if (strcmp(name, "verdict") == 0 && strcmp(value, "fail") == 0)
		diagnosis->fails = true;
	if (strcmp(name, "version") == 0)
		r = json_object_set_new(diagnosis->object, name, json_text(value));
	else if (strcmp(name, "check") == 0)
		r = json_array_append_new(diagnosis->checks,
					  json_pack("{s:o}", "name", json_text(value)));
	else if (strcmp(name, "cure") == 0 && !value[0])
		r = json_object_set_new(to, name, json_null());
	else
		r = json_object_set_new(to, name, json_text(value));
	return r < 0 ? -ENOMEM : 0;
}

static int write_all(const struct diagnosis *diagnosis)
{
	if (json_object_set_new(diagnosis->object, "ok", json_boolean(!diagnosis->fails)) < 0 ||
	    json_object_set(diagnosis->object, "checks", diagnosis->checks) < 0)
		return -ENOMEM;
	if (json_dumpf(diagnosis->object, stdout, JSON_INDENT(2)) < 0 || putchar('\n') < 0 ||
	    fflush(stdout) != 0)
		return errno ? -errno : -EIO;
	return 0;
}

int doctor_report(int argc, char *const argv[])
{
	struct diagnosis diagnosis = {.object = json_pack("{s:i}", "snug-doctor", SCHEMA),
				      .checks = json_array()};

	(void)argv;
	if (argc != 2 || isatty(STDIN_FILENO)) {
		log_error("snug-report is a part of snug: use 'snug doctor --json'");
		return EXIT_SNUG_FAILED;
	}
	int err = facts_read(stdin, take, &diagnosis);
	if (!err)
		err = write_all(&diagnosis);
	if (err)
		log_error("standard output: %s", strerror(-err));
	json_decref(diagnosis.object);
	json_decref(diagnosis.checks);
	if (err)
		return EXIT_SNUG_FAILED;
	return diagnosis.fails ? EXIT_FAILS : 0;
}
