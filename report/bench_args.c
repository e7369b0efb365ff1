/* SPDX-License-Identifier: Apache-2.0 */
#include "report/bench_args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/util.h"

/* What this says is for whoever calls snug-report by hand: the launcher has said it better. */
static int wrong(const char *word)
{
	log_error(BENCH_PROGRAM ": '%s' is not what report/bench_args.h has; use 'snug bench'",
		  word);
	return -EINVAL;
}

static int set_number(unsigned *number, const char *value, unsigned most)
{
	char *end;
	const unsigned long n = strtoul(value, &end, 10);

	*number = (unsigned)n;
	return *value < '0' || *value > '9' || *end || n > most ? -EINVAL : 0;
}

static int add_cache(struct bench_args *args, const char *name)
{
	static const char *const names[] = BENCH_CACHE_NAMES;

	for (size_t mode = 0; mode < ARRAY_SIZE(names); mode++) {
		if (strcmp(names[mode], name) != 0)
			continue;
		if (args->cache_count == ARRAY_SIZE(args->caches))
			return -EINVAL;
		args->caches[args->cache_count++] = (enum bench_cache)mode;
		return 0;
	}
	return -EINVAL;
}

static int add_variant(struct bench_args *args, const char *label)
{
	if (args->variant_count == BENCH_VARIANTS_MAX)
		return -EINVAL;
	args->variants[args->variant_count++].label = label;
	return 0;
}

/* What belongs to the last --variant. */
static int set_of_variant(struct bench_variant *variant, const char *name, const char *value)
{
	if (strcmp(name, "snug") == 0) {
		variant->snug = value;
	} else if (strcmp(name, "kernel") == 0) {
		variant->kernel = value;
	} else if (strcmp(name, "option") == 0) {
		strlist_add(&variant->options, value);
		return variant->options.error;
	} else if (strcmp(name, "drop") == 0) {
		strlist_add(&variant->drop, value);
		return variant->drop.error;
	} else {
		return -EINVAL;
	}
	return 0;
}

static int set(struct bench_args *args, const char *name, const char *value)
{
	if (strcmp(name, "runs") == 0)
		return set_number(&args->runs, value, BENCH_RUNS_MAX);
	if (strcmp(name, "warmup") == 0)
		return set_number(&args->warmup, value, BENCH_WARMUP_MAX);
	if (strcmp(name, "cache") == 0)
		return add_cache(args, value);
	if (strcmp(name, "variant") == 0)
		return add_variant(args, value);
	if (strcmp(name, "cache-dir") == 0)
		args->cache_dir = value;
	else if (strcmp(name, "json") == 0)
		args->json = value;
	else if (args->variant_count)
		return set_of_variant(&args->variants[args->variant_count - 1], name, value);
	else
		return -EINVAL;
	return 0;
}

/* --NAME=VALUE */
static int parse_word(struct bench_args *args, const char *word)
{
	char name[16];
	const char *equals = strchr(word, '=');

	if (strcmp(word, "--stages") == 0) {
		args->stages = true;
		return 0;
	}
	if (strncmp(word, "--", 2) != 0 || !equals || (size_t)(equals - word - 2) >= sizeof(name))
		return -EINVAL;
	memcpy(name, word + 2, (size_t)(equals - word - 2));
	name[equals - word - 2] = '\0';
	return set(args, name, equals + 1);
}

static int check(const struct bench_args *args)
{
	if (args->runs == 0)
		return wrong("--runs");
	if (args->variant_count == 0)
		return wrong("no --variant");
	for (size_t i = 0; i < args->variant_count; i++) {
		if (!args->variants[i].snug)
			return wrong("a --variant without --snug");
	}
	return args->argv && args->argv[0] ? 0 : wrong("no CMD");
}

int bench_args_parse(struct bench_args *args, int argc, char *const argv[])
{
	int err = 0;

	*args = (struct bench_args){0};
	for (int i = 2; i < argc && !err && !args->argv; i++) {
		if (strcmp(argv[i], "--") == 0)
			args->argv = argv + i + 1;
		else
			err = parse_word(args, argv[i]);
		if (err == -EINVAL)
			return wrong(argv[i]);
	}
	if (args->cache_count == 0)
		args->caches[args->cache_count++] = BENCH_WARM;
	return err ? err : check(args);
}

void bench_args_free(struct bench_args *args)
{
	for (size_t i = 0; i < args->variant_count; i++) {
		strlist_free(&args->variants[i].options);
		strlist_free(&args->variants[i].drop);
	}
}
