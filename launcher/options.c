/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/options.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/confine_layers.h"
#include "core/layout.h"
#include "core/log.h"
#include "core/util.h"
#include "launcher/duration.h"
#include "launcher/options_commands.h"
#include "launcher/options_config.h"
#include "launcher/options_keep.h"
#include "launcher/options_table.h"
#include "launcher/suggest.h"

#define OPTION_WORD_MAX 64

int size_parse(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMG";
	uint64_t scale = 1;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	const uint64_t number = strtoull(text, &end, 10);
	if (errno)
		return -ERANGE;
	if (*end) {
		const char *unit = strchr(units, *end & ~0x20);
		if (!unit || end[1])
			return -EINVAL;
		scale = 1ULL << (10 * (unit - units + 1));
	}
	if (mul_overflows(number, scale, bytes) || *bytes == 0)
		return -ERANGE;
	return 0;
}

static int set_memory(struct options *options, const char *value)
{
	uint64_t bytes = 0;
	int err = size_parse(value, &bytes);

	if (err == -EINVAL)
		log_error("--memory: '%s' is not a size; write 512M or 2G", value);
	else if (err)
		log_error("--memory: '%s' is not possible; write 512M or 2G", value);
	else if (bytes < MIB(1) && bytes == strtoull(value, NULL, 10))
		log_error("--memory: '%s' is less than 1M; a plain number counts bytes, did you "
			  "mean %sM?",
			  value, value);
	else if (bytes % MIB(1))
		log_error("--memory: '%s' is not a whole number of MiB", value);
	else {
		options->memory = bytes;
		return 0;
	}
	return -EINVAL;
}

static int set_cpus(struct options *options, const char *value)
{
	char *end;
	const unsigned long number = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || number < 1 || number > LAYOUT_CPUS_MAX) {
		log_error("--cpus: '%s' is not a number from 1 to %d", value, LAYOUT_CPUS_MAX);
		return -EINVAL;
	}
	options->cpus = (unsigned)number;
	return 0;
}

static int set_env(struct options *options, const char *value)
{
	if (value[0] == '\0' || value[0] == '=') {
		log_error("--env: '%s' names no variable; write -e NAME=VALUE, or -e NAME for "
			  "your own value",
			  value);
		return -EINVAL;
	}
	strlist_add(&options->env, value);
	return options->env.error;
}

static int set_string(const char **field, const struct option_def *def, const char *value)
{
	if (value[0] == '\0') {
		log_error("--%s: the value is empty", def->name);
		return -EINVAL;
	}
	*field = value;
	return 0;
}

/* One of two words: *second is whether it is the other one. */
static int set_choice(bool *second, const struct option_def *def, const char *value,
		      const char *const words[2])
{
	*second = strcmp(value, words[1]) == 0;
	if (*second || strcmp(value, words[0]) == 0)
		return 0;
	log_error("--%s: '%s' is neither '%s' nor '%s'", def->name, value, words[0], words[1]);
	return -EINVAL;
}

static int set_boot(struct options *options, const struct option_def *def, const char *value)
{
	static const char *const words[] = {"direct", "bzimage"};
	bool bzimage;
	int err = set_choice(&bzimage, def, value, words);

	options->boot = bzimage ? BOOT_BZIMAGE : BOOT_DIRECT;
	return err;
}

static int set_kaslr(struct options *options, const struct option_def *def, const char *value)
{
	static const char *const words[] = {"on", "off"};

	return set_choice(&options->no_kaslr, def, value, words);
}

static bool ends_with(const char *text, const char *end)
{
	const size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static int set_timeline(struct timeline_options *timeline, const struct option_def *def,
			const char *value)
{
	timeline->any = true;
	if (!value) {
		timeline->table = true;
	} else if (strcmp(value, "initcalls") == 0) {
		timeline->table = timeline->initcalls = true;
	} else if (ends_with(value, ".json")) {
		timeline->json = value;
	} else if (ends_with(value, ".svg")) {
		timeline->svg = value;
	} else {
		log_error("--%s: '%s' is neither 'initcalls' nor the name of a .json or .svg file",
			  def->name, value);
		return -EINVAL;
	}
	return 0;
}

static int add_path(struct strlist *list, const struct option_def *def, const char *value)
{
	const char *path;
	int err = set_string(&path, def, value);

	if (err)
		return err;
	strlist_add(list, path);
	return list->error;
}

static int set_no_confine(struct options *options, const struct option_def *def, const char *value)
{
	int err = confine_layers_parse(value, &options->no_confine);

	if (err)
		log_error("--%s: '%s' is not a list of " CONFINE_LAYER_LIST, def->name, value);
	return err;
}

static int set_timeout(struct options *options, const char *value)
{
	int err = duration_parse(value, &options->timeout_ms);

	if (err == -ERANGE)
		log_error("--timeout: '%s' is not between 1 ms and 49 days", value);
	else if (err)
		log_error("--timeout: '%s' is no time; write 30s, 5m, 1.5h, or seconds", value);
	return err ? -EINVAL : 0;
}

static int set_status_fd(struct options *options, const char *value)
{
	char *end;
	const unsigned long fd = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || fd > INT_MAX) {
		log_error("--json-status-fd: '%s' is not a descriptor's number", value);
		return -EINVAL;
	}
	options->json_status = (struct status_option){.any = true, .fd = (int)fd};
	return 0;
}

static int take_config_word(struct options *options, char *word);

static int set(struct options *options, const struct option_def *def, const char *value)
{
	switch (def->id) {
	case OPTION_MEMORY:
		return set_memory(options, value);
	case OPTION_CPUS:
		return set_cpus(options, value);
	case OPTION_PIDS:
		return pids_option_parse(value, &options->pids);
	case OPTION_OVERLAY_SIZE:
		return overlay_size_option_parse(value, &options->overlay_size);
	case OPTION_KERNEL:
		return set_string(&options->kernel, def, value);
	case OPTION_MODULES:
		return set_string(&options->modules, def, value);
	case OPTION_BOOT:
		return set_boot(options, def, value);
	case OPTION_KASLR:
		return set_kaslr(options, def, value);
	case OPTION_APPEND:
		strlist_add(&options->append, value);
		return options->append.error;
	case OPTION_ENV:
		return set_env(options, value);
	case OPTION_ENV_FILE:
		return add_path(&options->env_files, def, value);
	case OPTION_CLEARENV:
		options->clearenv = true;
		return 0;
	case OPTION_USER:
		return set_string(&options->user, def, value);
	case OPTION_WORKDIR:
		return set_string(&options->workdir, def, value);
	case OPTION_HOSTNAME:
		options->hostname = value;
		return hostname_option_check(value);
	case OPTION_TTY:
		options->tty = STDIO_TTY_ALWAYS;
		return 0;
	case OPTION_NO_TTY:
		options->tty = STDIO_TTY_NEVER;
		return 0;
	case OPTION_TIMEOUT:
		return set_timeout(options, value);
	case OPTION_VOLUME:
		return mount_options_add_volume(&options->mounts, value);
	case OPTION_RW:
		return mount_options_add_dir(&options->mounts, def->name, MOUNT_VOLUME, value);
	case OPTION_TMPFS:
		return mount_options_add_dir(&options->mounts, def->name, MOUNT_TMPFS, value);
	case OPTION_OVERLAY:
		return mount_options_add_dir(&options->mounts, def->name, MOUNT_OVERLAY, value);
	case OPTION_KEEP_OVERLAY:
		return set_string(&options->keep_overlay, def, value);
	case OPTION_SECURITY:
		return security_option_parse(value, &options->security);
	case OPTION_HIDE:
		return add_path(&options->hide, def, value);
	case OPTION_NO_DEFAULT_HIDE:
		options->no_default_hide = true;
		return 0;
	case OPTION_DRY_RUN:
		options->dry_run = true;
		return 0;
	case OPTION_TIMELINE:
		return set_timeline(&options->timeline, def, value);
	case OPTION_JSON_STATUS:
		options->json_status.any = true;
		return set_string(&options->json_status.file, def, value);
	case OPTION_JSON_STATUS_FD:
		return set_status_fd(options, value);
	case OPTION_NO_CONFINE:
		return set_no_confine(options, def, value);
	case OPTION_VERBOSE:
		options->verbose = true;
		return 0;
	case OPTION_CONFIG:
		return options_config_read(options, value, take_config_word);
	case OPTION_HELP:
		options->command =
			options->command == COMMAND_BENCH ? COMMAND_HELP_BENCH : COMMAND_HELP_RUN;
		return 0;
	case OPTION_RUNS:
	case OPTION_WARMUP:
	case OPTION_VS:
	case OPTION_CACHE:
	case OPTION_STAGES:
	case OPTION_JSON:
		return bench_options_set(&options->bench, def, value);
	}
	return -EINVAL;
}

static bool is_bench(const struct option_def *def)
{
	return def >= bench_option_defs && def < bench_option_defs + bench_option_def_count;
}

/* The i-th option there is for a command, or NULL: snug bench has its own and those of snug run. */
static const struct option_def *option_at(enum command command, size_t i)
{
	const size_t own = command == COMMAND_BENCH ? bench_option_def_count : 0;

	if (i < own)
		return &bench_option_defs[i];
	return i - own < option_def_count ? &option_defs[i - own] : NULL;
}

static const struct option_def *by_name(enum command command, const char *name, size_t len)
{
	const struct option_def *def;

	for (size_t i = 0; (def = option_at(command, i)); i++) {
		if (strncmp(def->name, name, len) == 0 && def->name[len] == '\0')
			return def;
	}
	return NULL;
}

static const struct option_def *by_letter(char letter)
{
	for (size_t i = 0; i < option_def_count; i++) {
		if (letter && option_defs[i].letter == letter)
			return &option_defs[i];
	}
	return NULL;
}

static int unknown_option(enum command command, const char *word)
{
	const char *names[OPTION_COUNT];
	char name[OPTION_WORD_MAX];
	const char *nearest = NULL;
	const struct option_def *def;
	size_t count = 0;

	while ((def = option_at(command, count)))
		names[count++] = def->name;
	/* "-memory" is a near miss as well; a single wrong letter says nothing. */
	const char *start = word + strspn(word, "-");
	const size_t len = strcspn(start, "=");
	if (len > 1 && len < sizeof(name)) {
		memcpy(name, start, len);
		name[len] = '\0';
		nearest = suggest(name, names, count);
	}
	if (nearest)
		log_error("unknown option '%s'; did you mean --%s?", word, nearest);
	else
		log_error("unknown option '%s'; see 'snug help %s'", word,
			  command == COMMAND_BENCH ? "bench" : "run");
	return -EINVAL;
}

/* The words still to be read, and the last option there was. */
struct words {
	char *const *next;
	const struct option_def *def;
};

static const char *take_value(struct words *words)
{
	return *words->next ? *words->next++ : NULL;
}

static int no_value(const char *word, const struct option_def *def)
{
	log_error("option '%s' needs a value: %s", word, def->value);
	return -EINVAL;
}

/* --name, --name=value, --name value */
static int parse_long(struct options *options, const char *word, struct words *words)
{
	const char *name = word + 2;
	const size_t len = strcspn(name, "=");
	const struct option_def *def = by_name(options->command, name, len);
	const char *value = name[len] ? name + len + 1 : NULL;

	if (!def)
		return unknown_option(options->command, word);
	words->def = def;
	if (!def->value && value) {
		log_error("option '--%s' takes no value", def->name);
		return -EINVAL;
	}
	if (def->value && !value && !options_value_is_optional(def)) {
		value = take_value(words);
		if (!value)
			return no_value(word, def);
	}
	return set(options, def, value);
}

/* -m512M, -m 512M, and letters without a value in one word */
static int parse_short(struct options *options, const char *word, struct words *words)
{
	for (const char *letter = word + 1; *letter; letter++) {
		const struct option_def *def = by_letter(*letter);

		if (!def)
			return unknown_option(options->command, word);
		words->def = def;
		if (def->value) {
			const char *value = letter[1] ? letter + 1 : take_value(words);
			return value ? set(options, def, value) : no_value(word, def);
		}
		int err = set(options, def, NULL);
		if (err)
			return err;
	}
	return 0;
}

/* Of snug bench's own options and of --config, which has been read, the runs need not know. */
static int keep_run_words(struct options *options, const struct option_def *def, char *const *from,
			  char *const *to)
{
	struct strlist *run = &options->bench.run;

	if (options->command != COMMAND_BENCH || is_bench(def) || def->id == OPTION_CONFIG)
		return 0;
	while (from < to)
		strlist_add(run, *from++);
	return run->error;
}

static int take_config_word(struct options *options, char *word)
{
	char *const line[] = {word, NULL};
	struct words words = {&line[1], NULL};
	const struct option_def *def = by_name(options->command, word + 2, strcspn(word + 2, "="));

	if (def && (def->id == OPTION_CONFIG || def->id == OPTION_HELP)) {
		log_error("'%s' is for the command line only", def->name);
		return -EINVAL;
	}
	int err = parse_long(options, word, &words);
	return err ? err : keep_run_words(options, words.def, line, words.next);
}

static int parse_run(struct options *options, char *const *argv)
{
	const enum command command = options->command;
	struct words words = {argv, NULL};
	int err = 0;

	while (!err && options->command == command) {
		char *const *first = words.next;
		const char *word = *first;

		if (!word || word[0] != '-' || word[1] == '\0')
			break;
		words.next++;
		if (strcmp(word, "--") == 0)
			break;
		err = word[1] == '-' ? parse_long(options, word, &words)
				     : parse_short(options, word, &words);
		if (!err)
			err = keep_run_words(options, words.def, first, words.next);
	}
	options->argv = words.next;
	return err;
}

static int parse_bench(struct options *options, char *const *argv)
{
	options->command = COMMAND_BENCH;
	bench_options_default(&options->bench);
	int err = parse_run(options, argv);
	if (err || options->command != COMMAND_BENCH)
		return err;
	if (options->dry_run) {
		log_error("bench: --dry-run runs nothing that could be measured; it is an option "
			  "of 'snug run'");
		return -EINVAL;
	}
	if (options->json_status.any) {
		log_error("bench: --json-status is of one run; --json=FILE has the benchmark's");
		return -EINVAL;
	}
	if (!options->argv[0]) {
		log_error("bench: no command; as in 'snug bench -- true'");
		return -EINVAL;
	}
	return 0;
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

int options_parse(struct options *options, int argc, char *const argv[])
{
	*options = (struct options){.command = COMMAND_RUN};
	if (argc < 2) {
		log_error("no command; try 'snug run -- CMD' or 'snug help'");
		return -EINVAL;
	}
	if (strcmp(argv[1], "run") == 0)
		return parse_run(options, argv + 2);
	if (strcmp(argv[1], "kernel") == 0)
		return options_kernel_parse(options, argv + 2);
	if (strcmp(argv[1], "diff") == 0 || strcmp(argv[1], "apply") == 0)
		return options_keep_parse(options, argv + 1);
	if (strcmp(argv[1], "bench") == 0)
		return parse_bench(options, argv + 2);
	if (strcmp(argv[1], "security") == 0)
		return options_security_parse(options, argv + 2);
	if (strcmp(argv[1], "doctor") == 0)
		return options_doctor_parse(options, argv + 2);
	if (is_one_of(argv[1], "help", "--help", "-h"))
		return options_help_parse(options, argc > 2 ? argv[2] : NULL);
	if (is_one_of(argv[1], "version", "--version", "-V")) {
		options->command = COMMAND_VERSION;
		return 0;
	}
	return options_unknown_command(argv[1]);
}

void options_free(struct options *options)
{
	strlist_free(&options->append);
	strlist_free(&options->env);
	strlist_free(&options->env_files);
	strlist_free(&options->config_words);
	strlist_free(&options->hide);
	strlist_free(&options->bench.run);
	mount_options_free(&options->mounts);
}
