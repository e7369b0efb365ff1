/* SPDX-License-Identifier: Apache-2.0 */
#include "report/timeline.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/exit_code.h"
#include "core/log.h"
#include "report/record.h"
#include "report/timeline_json.h"
#include "report/timeline_svg.h"
#include "report/timeline_table.h"
#include "report/whole_file.h"

struct wanted {
	bool table, initcalls;
	const char *json, *svg;
};

static int parse(struct wanted *wanted, int argc, char *const argv[])
{
	static const struct option options[] = {
		{"table", no_argument, NULL, 't'},
		{"initcalls", no_argument, NULL, 'i'},
		{"json", required_argument, NULL, 'j'},
		{"svg", required_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*wanted = (struct wanted){0};
	while ((option = getopt_long(argc - 1, argv + 1, "", options, NULL)) >= 0) {
		switch (option) {
		case 't':
			wanted->table = true;
			break;
		case 'i':
			wanted->initcalls = true;
			break;
		case 'j':
			wanted->json = optarg;
			break;
		case 's':
			wanted->svg = optarg;
			break;
		default:
			return -EINVAL;
		}
	}
	return optind == argc - 1 ? 0 : -EINVAL;
}

static int write_json(const struct record *record, const char *path)
{
	_cleanup_whole_file_ struct whole_file file = WHOLE_FILE_NONE;
	json_t *root;
	int err = whole_file_begin(&file, path);

	if (err)
		return err;
	root = timeline_json(record);
	err = root ? whole_file_finish_json(&file, root) : -ENOMEM;
	json_decref(root);
	return err;
}

static int write_svg(const struct record *record, const char *path)
{
	_cleanup_whole_file_ struct whole_file file = WHOLE_FILE_NONE;
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *out;
	int err = whole_file_begin(&file, path);

	if (err)
		return err;
	out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	timeline_svg_print(record, out);
	return fclose(out) == 0 ? whole_file_finish(&file, text) : -ENOMEM;
}

static int report(const struct wanted *wanted)
{
	_cleanup_record_ struct record record;
	int err = record_read(&record, stdin);

	if (err == -ENODATA)
		log_error("--timeline: the run left no record");
	if (!err && wanted->table)
		timeline_table_print(&record, wanted->initcalls, stderr);
	if (!err && wanted->json)
		err = write_json(&record, wanted->json);
	if (!err && wanted->svg)
		err = write_svg(&record, wanted->svg);
	if (err == -ENOMEM)
		log_error("--timeline: out of memory");
	return err;
}

int timeline_report(int argc, char *const argv[])
{
	struct wanted wanted;

	if (parse(&wanted, argc, argv) < 0)
		return EXIT_SNUG_FAILED;
	return report(&wanted) ? EXIT_SNUG_FAILED : EXIT_SUCCESS;
}
