/* SPDX-License-Identifier: Apache-2.0 */
#include "report/bench_timeline.h"

#include <errno.h>
#include <jansson.h>

#define TIMELINE_SCHEMA 1

static int bad(const char **why, const char *text)
{
	*why = text;
	return -EBADMSG;
}

static int add_stage(const json_t *stage, struct stage_table *table, size_t arm, size_t round,
		     size_t *after, const char **why)
{
	const char *group = json_string_value(json_object_get(stage, "group"));
	const char *name = json_string_value(json_object_get(stage, "name"));
	const json_t *start = json_object_get(stage, "start_ns");
	const json_t *end = json_object_get(stage, "end_ns");

	if (!group || !name || !json_is_integer(start) || !json_is_integer(end))
		return bad(why, "has a stage without a name or times");
	const json_int_t ns = json_integer_value(end) - json_integer_value(start);
	if (json_integer_value(start) < 0 || ns < 0)
		return bad(why, "has a stage that ends before it starts");
	return stage_table_add(table, arm, round, after, group, name, (uint64_t)ns);
}

static int add_stages(const json_t *root, struct stage_table *table, size_t arm, size_t round,
		      const char **why)
{
	const json_t *snug = json_object_get(root, "snug");
	const json_t *stages = json_object_get(snug, "stages");
	const json_t *schema = json_object_get(snug, "schema");
	const json_t *stage;
	size_t i, after = 0;

	if (json_integer_value(schema) != TIMELINE_SCHEMA)
		return bad(why, "is of another version than this program knows");
	if (json_array_size(stages) == 0)
		return bad(why, "has no stages");
	json_array_foreach(stages, i, stage)
	{
		int err = add_stage(stage, table, arm, round, &after, why);
		if (err)
			return err;
	}
	return 0;
}

int bench_timeline_add(const char *file, struct stage_table *table, size_t arm, size_t round,
		       const char **why)
{
	json_error_t error;
	json_t *root = json_load_file(file, 0, &error);

	if (!root) {
		if (json_error_code(&error) == json_error_out_of_memory)
			return -ENOMEM;
		return bad(why, json_error_code(&error) == json_error_cannot_open_file
					? "was not written"
					: "is not JSON");
	}
	int err = add_stages(root, table, arm, round, why);
	json_decref(root);
	return err;
}
