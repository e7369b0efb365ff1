/* SPDX-License-Identifier: Apache-2.0 */
#include "report/bench_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/exit_code.h"
#include "core/log.h"
#include "launcher/strlist.h"
#include "report/bench_timeline.h"
#include "report/process.h"

#define CACHE_HOME "XDG_CACHE_HOME"
#define TIMELINE   "timeline.json"

/* For a program that may be anything: what is asked of it is answered at once. */
#define QUESTION_TIMEOUT_S 20

/* How each run of an arm is started. */
struct start {
	struct strlist argv;
	struct strlist env;
};

struct runner {
	struct bench *bench;
	struct signals *signals;
	struct start *starts; /* by arm */
	char *cache;          /* the empty cache's home */
	char *timeline;       /* where each run's goes */
	bool seen;            /* there was a run: bench->status is its */
	struct process process;
};

static void runner_free(struct runner *runner)
{
	for (size_t i = 0; runner->starts && i < runner->bench->arm_count; i++) {
		strlist_free(&runner->starts[i].argv);
		strlist_free(&runner->starts[i].env);
	}
	free(runner->starts);
	free(runner->cache);
	free(runner->timeline);
}
#define _cleanup_runner_ __attribute__((cleanup(runner_free)))

bool bench_needs_workspace(const struct bench *bench)
{
	return bench->args->stages || bench_has_cache(bench, BENCH_EMPTY);
}

/* --- questions -------------------------------------------------------------------------------------- */

static int ask(struct process *process, const char *file, char *const argv[],
	       struct signals *signals)
{
	*process = (struct process){.file = file,
				    .argv = argv,
				    .envp = environ,
				    .captured = STDOUT_FILENO,
				    .timeout_s = QUESTION_TIMEOUT_S};
	int err = process_run(process, signals);
	if (err && err != -EINTR && err != -ETIMEDOUT)
		log_error("%s cannot be executed: %s", file, strerror(-err));
	return err;
}

static int ask_version(struct bench_snug *snug, const char *file, struct signals *signals)
{
	char *const argv[] = {(char *)(uintptr_t)file, (char *)(uintptr_t) "version", NULL};
	struct process process;
	struct stat st;
	int err = ask(&process, file, argv, signals);

	if (err && err != -ETIMEDOUT)
		return err;
	char version[24], commit[32];
	if (err || process.status != 0 ||
	    !process_find_line(&process, "snug ", version, sizeof(version))) {
		log_error("%s is no snug: '%s version' does not say its version", file, file);
		return -ENOEXEC;
	}
	if (process_find_line(&process, "commit ", commit, sizeof(commit)))
		(void)snprintf(snug->version, sizeof(snug->version), "%s (%s)", version,
			       commit + strspn(commit, " "));
	else
		(void)snprintf(snug->version, sizeof(snug->version), "%s", version);
	if (stat(file, &st) == 0) {
		snug->size = st.st_size;
		snug->changed = st.st_mtime;
	}
	return 0;
}

/* Its parser knows, and with --help goes no further. */
static int ask_stages(const char *file, const struct workspace *workspace, struct signals *signals)
{
	_cleanup_strlist_ struct strlist argv = {0};
	struct process process;

	strlist_add(&argv, file);
	strlist_add(&argv, "run");
	strlist_addf(&argv, "--timeline=%s/" TIMELINE, workspace->path);
	strlist_add(&argv, "--help");
	if (argv.error)
		return argv.error;
	int err = ask(&process, file, argv.items, signals);
	if (err && err != -ETIMEDOUT)
		return err;
	if (!err && process.status == 0)
		return 0;
	log_error("--stages: %s cannot write its timeline to a file (--timeline=FILE); it takes "
		  "another version of snug",
		  file);
	return -ENOTSUP;
}

int bench_ask_snugs(struct bench *bench, struct signals *signals, const struct workspace *workspace)
{
	const struct bench_args *args = bench->args;
	int err = 0;

	for (size_t i = 0; i < args->variant_count && !err; i++) {
		const char *file = args->variants[i].snug;
		size_t same = 0;

		while (strcmp(args->variants[same].snug, file) != 0)
			same++;
		if (same < i) {
			bench->snugs[i] = bench->snugs[same];
			continue;
		}
		err = ask_version(&bench->snugs[i], file, signals);
		if (!err && args->stages)
			err = ask_stages(file, workspace, signals);
	}
	return err;
}

/* --- one run ---------------------------------------------------------------------------------------- */

/* "run 3 of 'LABEL'" */
static const char *name_run(const struct bench_arm *arm, const char *kind, unsigned round,
			    char name[128])
{
	(void)snprintf(name, 128, "%s %u of '%.80s'", kind, round + 1, arm->label);
	return name;
}

static const char *last_words(struct process *process)
{
	static const char prefix[] = "snug: ";
	const char *line = process_last_line(process);

	return strncmp(line, prefix, sizeof(prefix) - 1) == 0 ? line + sizeof(prefix) - 1 : line;
}

static int not_run(int err, const char *file)
{
	if (err != -EINTR)
		log_error("%s cannot be executed: %s", file, strerror(-err));
	return err;
}

/* A status that says that CMD did not run, or not as it did the first time. */
static int check_status(struct runner *runner, const char *name)
{
	struct bench *bench = runner->bench;
	const int status = runner->process.status;
	const char *words = last_words(&runner->process);
	const char *colon = words[0] ? ": " : "";

	if (!runner->seen)
		bench->status = status;
	runner->seen = true;
	if (status == EXIT_SNUG_FAILED)
		log_error("bench: %s failed%s%s", name, colon, words);
	else if (status == EXIT_NOT_EXECUTABLE || status == EXIT_NOT_FOUND)
		log_error("bench: %s did not run the command (status %d)%s%s", name, status, colon,
			  words);
	else if (status != bench->status)
		log_error("bench: %s ended with status %d, the first of all with %d%s%s", name,
			  status, bench->status, colon, words);
	else
		return 0;
	return -ECANCELED;
}

/* What a run does another way than it should, as without a cache, is not what was meant to be measured. */
static void pass_on_warning(const struct runner *runner, struct bench_arm *arm)
{
	if (!arm->warning[0] && process_find_line(&runner->process, "snug: warning: ", arm->warning,
						  sizeof(arm->warning)))
		log_warning("'%.80s': %s", arm->label, arm->warning);
}

static void drop_pages(struct bench *bench, const struct bench_arm *arm)
{
	struct page_cache_drop drop;

	page_cache_drop(&bench->args->variants[arm->variant].drop, bench->args->cache_dir, &drop);
	if (!bench->dropped_any || drop.files > bench->dropped.files)
		bench->dropped.files = drop.files;
	bench->dropped.all = drop.all && (!bench->dropped_any || bench->dropped.all);
	bench->dropped_any = true;
}

static int prepare_cache(struct runner *runner, const struct bench_arm *arm)
{
	struct bench *bench = runner->bench;
	int err = 0;

	if (arm->cache == BENCH_COLD) {
		drop_pages(bench, arm);
	} else if (arm->cache == BENCH_EMPTY) {
		if (mkdir(runner->cache, 0700) < 0)
			err = -errno;
		if (err)
			log_error("the directory %s cannot be made: %s", runner->cache,
				  strerror(-err));
	}
	return err;
}

static int clear_cache(const struct runner *runner, const struct bench_arm *arm)
{
	int err = arm->cache == BENCH_EMPTY ? remove_tree(runner->cache) : 0;

	if (err)
		log_error("the directory %s cannot be removed: %s", runner->cache, strerror(-err));
	return err;
}

static int run_arm(struct runner *runner, size_t index, const char *kind, unsigned round)
{
	struct bench_arm *arm = &runner->bench->arms[index];
	const struct start *start = &runner->starts[index];
	struct process *process = &runner->process;
	char name[128];
	int err = prepare_cache(runner, arm);

	if (err)
		return err;
	if (runner->timeline)
		(void)unlink(runner->timeline);
	*process = (struct process){.file = start->argv.items[0],
				    .argv = start->argv.items,
				    .envp = start->env.count ? start->env.items : environ,
				    .captured = STDERR_FILENO};
	err = process_run(process, runner->signals);
	if (err)
		return not_run(err, process->file);
	err = check_status(runner, name_run(arm, kind, round, name));
	if (err)
		return err;
	pass_on_warning(runner, arm);
	return clear_cache(runner, arm);
}

/*
 * What one arm's cold run drops, another may have warm: it gets it back by a run that does not count. That
 * is the only way to bring back all of it.
 */
static int rewarm_arm(struct runner *runner, size_t index, unsigned round)
{
	const struct bench *bench = runner->bench;

	if (!bench_has_cache(bench, BENCH_COLD) || bench->arms[index].cache == BENCH_COLD)
		return 0;
	return run_arm(runner, index, "warming run", round);
}

static int measure_arm(struct runner *runner, size_t index, unsigned round)
{
	struct bench *bench = runner->bench;
	const char *why;
	char name[128];
	int err = rewarm_arm(runner, index, round);

	if (!err)
		err = run_arm(runner, index, "run", round);
	if (err)
		return err;
	bench->arms[index].samples[round] = runner->process.ns;
	if (!runner->timeline)
		return 0;
	err = bench_timeline_add(runner->timeline, &bench->stages, index, round, &why);
	if (err == -EBADMSG)
		log_error("--stages: the timeline of %s %s",
			  name_run(&bench->arms[index], "run", round, name), why);
	return err;
}

/* --- all of them ------------------------------------------------------------------------------------ */

static int make_start(const struct runner *runner, size_t index)
{
	const struct bench_args *args = runner->bench->args;
	const struct bench_arm *arm = &runner->bench->arms[index];
	const struct bench_variant *variant = &args->variants[arm->variant];
	struct start *start = &runner->starts[index];

	strlist_add(&start->argv, variant->snug);
	strlist_add(&start->argv, "run");
	for (size_t i = 0; i < variant->options.count; i++)
		strlist_add(&start->argv, variant->options.items[i]);
	if (runner->timeline)
		strlist_addf(&start->argv, "--timeline=%s", runner->timeline);
	strlist_add(&start->argv, "--");
	for (char *const *word = args->argv; *word; word++)
		strlist_add(&start->argv, *word);
	if (arm->cache == BENCH_EMPTY) {
		for (char *const *variable = environ; *variable; variable++)
			strlist_add(&start->env, *variable);
		strlist_setenv(&start->env, CACHE_HOME, runner->cache);
	}
	return start->argv.error ? start->argv.error : start->env.error;
}

static char *below(const struct workspace *workspace, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", workspace->path, name) < 0 ? NULL : path;
}

static int runner_make(struct runner *runner, const struct workspace *workspace)
{
	const struct bench *bench = runner->bench;
	int err = 0;

	runner->starts = calloc(bench->arm_count, sizeof(*runner->starts));
	runner->cache = below(workspace, "cache");
	if (bench->args->stages)
		runner->timeline = below(workspace, TIMELINE);
	if (!runner->starts || !runner->cache || (bench->args->stages && !runner->timeline))
		return -ENOMEM;
	for (size_t i = 0; i < bench->arm_count && !err; i++)
		err = make_start(runner, i);
	return err;
}

/* A person wants to know that it goes on; a file does not. */
static void show_progress(unsigned round, unsigned rounds)
{
	char text[64];

	if (!isatty(STDERR_FILENO))
		return;
	/* The line is whoever's that writes next. */
	if (round < rounds)
		(void)snprintf(text, sizeof(text), "snug: round %u of %u\r", round + 1, rounds);
	else
		(void)snprintf(text, sizeof(text), "%40s\r", "");
	(void)!write(STDERR_FILENO, text, strlen(text));
}

static int warm_up(struct runner *runner)
{
	int err = 0;

	for (unsigned round = 0; round < runner->bench->args->warmup && !err; round++) {
		for (size_t i = 0; i < runner->bench->arm_count && !err; i++)
			err = run_arm(runner, i, "warm-up run", round);
	}
	return err;
}

static int run_rounds(struct runner *runner)
{
	struct bench *bench = runner->bench;
	struct prng prng = {STATS_SEED};
	int err = 0;

	for (unsigned round = 0; round < bench->args->runs && !err; round++) {
		size_t *order = bench->order + round * bench->arm_count;

		show_progress(round, bench->args->runs);
		if (round % 2)
			memcpy(order, order - bench->arm_count, bench->arm_count * sizeof(*order));
		stats_order(&prng, round, order, bench->arm_count);
		for (size_t i = 0; i < bench->arm_count && !err; i++)
			err = measure_arm(runner, order[i], round);
	}
	show_progress(bench->args->runs, bench->args->runs);
	return err;
}

int bench_run_all(struct bench *bench, struct signals *signals, const struct workspace *workspace)
{
	_cleanup_runner_ struct runner runner = {.bench = bench, .signals = signals};
	int err = runner_make(&runner, workspace);

	if (!err)
		err = warm_up(&runner);
	return err ? err : run_rounds(&runner);
}
