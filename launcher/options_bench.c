/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/options_bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/util.h"

#define DEFAULT_RUNS   20
#define DEFAULT_WARMUP 1

void bench_options_default(struct bench_options *bench)
{
	*bench = (struct bench_options){.runs = DEFAULT_RUNS,
					.warmup = DEFAULT_WARMUP,
					.caches = {BENCH_WARM},
					.cache_count = 1};
}

static int set_number(unsigned *number, const struct option_def *def, const char *value,
		      unsigned least, unsigned most)
{
	char *end;

	errno = 0;
	const unsigned long n = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || n < least || n > most) {
		log_error("--%s: '%s' is not a number from %u to %u", def->name, value, least,
			  most);
		return -EINVAL;
	}
	*number = (unsigned)n;
	return 0;
}

static int add_vs(struct bench_options *bench, const char *value)
{
	if (value[0] == '\0') {
		log_error("--vs: the value is empty; give a kernel, another snug or options of "
			  "'snug run', as in --vs '--kaslr=off'");
		return -EINVAL;
	}
	if (bench->vs_count == BENCH_VS_MAX) {
		log_error("--vs: %d are the most that can be compared at once", BENCH_VS_MAX);
		return -EINVAL;
	}
	bench->vs[bench->vs_count++] = value;
	return 0;
}

static int add_cache(struct bench_options *bench, const char *name, size_t len)
{
	static const char *const names[] = BENCH_CACHE_NAMES;
	size_t mode = 0;

	while (mode < ARRAY_SIZE(names) &&
	       (strncmp(names[mode], name, len) != 0 || names[mode][len] != '\0'))
		mode++;
	if (mode == ARRAY_SIZE(names)) {
		log_error("--cache: '%.*s' is none of warm, cold and empty", (int)len, name);
		return -EINVAL;
	}
	for (size_t i = 0; i < bench->cache_count; i++) {
		if (bench->caches[i] == (enum bench_cache)mode) {
			log_error("--cache: '%s' is there twice", names[mode]);
			return -EINVAL;
		}
	}
	bench->caches[bench->cache_count++] = (enum bench_cache)mode;
	return 0;
}

/* A list that is given again replaces the one before. */
static int set_caches(struct bench_options *bench, const char *value)
{
	int err = 0;

	bench->cache_count = 0;
	while (!err) {
		const size_t len = strcspn(value, ",");
		err = add_cache(bench, value, len);
		if (!value[len])
			break;
		value += len + 1;
	}
	return err;
}

static int set_json(struct bench_options *bench, const char *value)
{
	if (value[0] == '\0') {
		log_error("--json: the value is empty; give a file");
		return -EINVAL;
	}
	bench->json = value;
	return 0;
}

int bench_options_set(struct bench_options *bench, const struct option_def *def, const char *value)
{
	if (def->id == OPTION_RUNS)
		return set_number(&bench->runs, def, value, 1, BENCH_RUNS_MAX);
	if (def->id == OPTION_WARMUP)
		return set_number(&bench->warmup, def, value, 0, BENCH_WARMUP_MAX);
	if (def->id == OPTION_VS)
		return add_vs(bench, value);
	if (def->id == OPTION_CACHE)
		return set_caches(bench, value);
	if (def->id == OPTION_JSON)
		return set_json(bench, value);
	bench->stages = true;
	return 0;
}
