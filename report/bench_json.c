/* SPDX-License-Identifier: Apache-2.0 */
#include "report/bench_json.h"

#include "report/whole_file.h"

/*
 * Makers return NULL when out of memory; json_object_set_new() and json_array_append_new() take that, and
 * fail. So failures are collected here, and looked at once.
 */
struct maker {
	bool failed;
};

static void set(struct maker *maker, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		maker->failed = true;
}

static void append(struct maker *maker, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		maker->failed = true;
}

static json_t *text_or_null(const char *text)
{
	return text && text[0] ? json_text(text) : json_null();
}

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *number_or_null(uint64_t n)
{
	return n ? number(n) : json_null();
}

static json_t *words(struct maker *maker, char *const *word)
{
	json_t *array = json_array();

	for (; word && *word; word++)
		append(maker, array, json_text(*word));
	return array;
}

static json_t *host(struct maker *maker, const struct manifest *manifest)
{
	json_t *object = json_object();

	set(maker, object, "kernel", text_or_null(manifest->host_kernel));
	set(maker, object, "cpu", text_or_null(manifest->cpu));
	set(maker, object, "cpus", number(manifest->cpus));
	set(maker, object, "governor", text_or_null(manifest->governor));
	set(maker, object, "load", manifest->has_load ? json_real(manifest->load) : json_null());
	set(maker, object, "busy", json_boolean(manifest_is_busy(manifest)));
	set(maker, object, "memory", number_or_null(manifest->memory));
	set(maker, object, "memory_available", number_or_null(manifest->memory_available));
	set(maker, object, "transparent_hugepage", text_or_null(manifest->thp));
	set(maker, object, "kvm", text_or_null(manifest->kvm));
	set(maker, object, "pvm", json_boolean(manifest->is_pvm));
	set(maker, object, "virtual_machine", json_boolean(manifest->is_guest));
	return object;
}

static json_t *caches(struct maker *maker, const struct bench_args *args)
{
	json_t *array = json_array();

	for (size_t i = 0; i < args->cache_count; i++)
		append(maker, array, json_string(bench_cache_names[args->caches[i]]));
	return array;
}

static json_t *dropped(struct maker *maker, const struct bench *bench)
{
	if (!bench->dropped_any)
		return json_null();
	json_t *object = json_object();
	set(maker, object, "files", number(bench->dropped.files));
	set(maker, object, "drop_caches", json_boolean(bench->dropped.all));
	return object;
}

static json_t *order(struct maker *maker, const struct bench *bench)
{
	json_t *rounds = json_array();

	for (size_t round = 0; round < bench->args->runs; round++) {
		json_t *array = json_array();
		for (size_t i = 0; i < bench->arm_count; i++)
			append(maker, array, number(bench->order[round * bench->arm_count + i]));
		append(maker, rounds, array);
	}
	return rounds;
}

static json_t *statistics(struct maker *maker)
{
	json_t *object = json_object();

	set(maker, object, "ratio", json_string("median / median of the first variant"));
	set(maker, object, "interval", json_real(0.95));
	set(maker, object, "method", json_string("percentile bootstrap of rounds"));
	set(maker, object, "resamples", number(STATS_RESAMPLES));
	set(maker, object, "seed", number(STATS_SEED));
	return object;
}

static json_t *summary(struct maker *maker, const struct summary *summary)
{
	json_t *object = json_object();

	set(maker, object, "n", number(summary->n));
	set(maker, object, "min_ns", number(summary->min));
	set(maker, object, "p50_ns", number(summary->p50));
	set(maker, object, "p90_ns", number_or_null(summary->p90));
	set(maker, object, "p99_ns", number_or_null(summary->p99));
	set(maker, object, "max_ns", number(summary->max));
	set(maker, object, "mean_ns", number((uint64_t)(summary->mean + 0.5)));
	return object;
}

static json_t *ratio(struct maker *maker, const struct ratio *ratio)
{
	json_t *object = json_object();

	set(maker, object, "of_medians", json_real(ratio->ratio));
	set(maker, object, "low", ratio->has_interval ? json_real(ratio->low) : json_null());
	set(maker, object, "high", ratio->has_interval ? json_real(ratio->high) : json_null());
	return object;
}

static json_t *samples(struct maker *maker, const uint64_t *ns, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		append(maker, array, ns[i] == STAGE_NONE ? json_null() : number(ns[i]));
	return array;
}

static json_t *stages(struct maker *maker, const struct bench *bench, size_t arm)
{
	const struct stage_table *table = &bench->stages;
	json_t *array = json_array();

	for (size_t i = 0; i < table->count; i++) {
		const struct stage_times *times = &table->items[i];
		json_t *object = json_object();
		uint64_t ns;

		set(maker, object, "group", json_text(times->group));
		set(maker, object, "name", json_text(times->name));
		set(maker, object, "p50_ns",
		    stage_median(table, i, arm, &ns) ? number(ns) : json_null());
		set(maker, object, "samples_ns",
		    samples(maker, times->ns + arm * table->runs, table->runs));
		append(maker, array, object);
	}
	return array;
}

static json_t *snug(struct maker *maker, const char *file, const struct bench_snug *snug)
{
	json_t *object = json_object();

	set(maker, object, "file", json_text(file));
	set(maker, object, "version", text_or_null(snug->version));
	set(maker, object, "size", number((uint64_t)snug->size));
	set(maker, object, "changed", json_integer((json_int_t)snug->changed));
	return object;
}

static json_t *arm_object(struct maker *maker, const struct bench *bench, size_t index)
{
	const struct bench_arm *arm = &bench->arms[index];
	const struct bench_variant *variant = &bench->args->variants[arm->variant];
	json_t *object = json_object();

	set(maker, object, "label", json_text(variant->label));
	set(maker, object, "cache", json_string(bench_cache_names[arm->cache]));
	set(maker, object, "snug", snug(maker, variant->snug, &bench->snugs[arm->variant]));
	set(maker, object, "kernel", text_or_null(variant->kernel));
	set(maker, object, "options", words(maker, variant->options.items));
	set(maker, object, "warning", text_or_null(arm->warning));
	set(maker, object, "samples_ns", samples(maker, arm->samples, bench->args->runs));
	set(maker, object, "summary", summary(maker, &arm->summary));
	set(maker, object, "ratio", index ? ratio(maker, &arm->ratio) : json_null());
	if (bench->args->stages)
		set(maker, object, "stages", stages(maker, bench, index));
	return object;
}

json_t *bench_json(const struct bench *bench)
{
	const struct bench_args *args = bench->args;
	struct maker maker = {0};
	json_t *root = json_object();
	json_t *variants = json_array();

	set(&maker, root, "schema", number(BENCH_SCHEMA));
	set(&maker, root, "date", text_or_null(bench->manifest.date));
	set(&maker, root, "host", host(&maker, &bench->manifest));
	set(&maker, root, "command", words(&maker, args->argv));
	set(&maker, root, "runs", number(args->runs));
	set(&maker, root, "warmup", number(args->warmup));
	set(&maker, root, "cache", caches(&maker, args));
	set(&maker, root, "status", json_integer(bench->status));
	set(&maker, root, "dropped", dropped(&maker, bench));
	set(&maker, root, "order", order(&maker, bench));
	set(&maker, root, "statistics", statistics(&maker));
	for (size_t i = 0; i < bench->arm_count; i++)
		append(&maker, variants, arm_object(&maker, bench, i));
	set(&maker, root, "variants", variants);
	if (maker.failed) {
		json_decref(root);
		return NULL;
	}
	return root;
}
