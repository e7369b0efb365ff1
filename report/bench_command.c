/* SPDX-License-Identifier: Apache-2.0 */
#include "report/bench_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/exit_code.h"
#include "core/fds.h"
#include "core/log.h"
#include "report/bench.h"
#include "report/bench_json.h"
#include "report/bench_run.h"
#include "report/bench_table.h"
#include "report/whole_file.h"

static void warn(const struct manifest *manifest)
{
	if (manifest_is_busy(manifest))
		log_warning("this host is busy: load %.2f on %u processors; times will say more "
			    "of that than of snug",
			    manifest->load, manifest->cpus);
}

/* In memory first: there is all of it, or nothing. */
static int print_table(const struct bench *bench)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return -ENOMEM;
	bench_table_print(bench, out);
	if (fclose(out) != 0)
		return -ENOMEM;
	int err = fd_write_all(STDOUT_FILENO, text, len);
	if (err)
		log_error("standard output: %s", strerror(-err));
	return err;
}

static int write_json(const struct bench *bench, struct whole_file *file)
{
	if (!file->path)
		return 0;
	json_t *root = bench_json(bench);
	if (!root)
		return -ENOMEM;
	int err = whole_file_finish_json(file, root);
	json_decref(root);
	return err;
}

/* What took so long is not lost if one of the two cannot be written. */
static int report(struct bench *bench, struct whole_file *file)
{
	int err = bench_summarize(bench);

	if (err)
		return err;
	const int table_err = print_table(bench);
	err = write_json(bench, file);
	return err ? err : table_err;
}

static int run(const struct bench_args *args, struct signals *signals)
{
	_cleanup_whole_file_ struct whole_file file = WHOLE_FILE_NONE;
	_cleanup_workspace_ struct workspace workspace = {0};
	_cleanup_bench_ struct bench bench = {0};
	int err = args->json ? whole_file_begin(&file, args->json) : 0;

	if (!err)
		err = bench_make(&bench, args);
	if (!err && bench_needs_workspace(&bench))
		err = workspace_make(&workspace, getenv("TMPDIR"));
	if (err)
		return err;
	manifest_read(&bench.manifest, "");
	err = bench_ask_snugs(&bench, signals, &workspace);
	if (err)
		return err;
	warn(&bench.manifest);
	err = bench_run_all(&bench, signals, &workspace);
	if (!err && signals_caught(signals))
		err = -EINTR;
	return err ? err : report(&bench, &file);
}

int bench_command(int argc, char *const argv[])
{
	_cleanup_bench_args_ struct bench_args args;
	_cleanup_signals_ struct signals signals = {.fd = -1};
	int err = bench_args_parse(&args, argc, argv);

	if (!err)
		err = signals_begin(&signals);
	if (!err)
		err = run(&args, &signals);
	if (err == -ENOMEM)
		log_error("out of memory");
	if (err == -EINTR)
		return EXIT_SIGNAL_BASE + signals.caught;
	return err ? EXIT_SNUG_FAILED : EXIT_SUCCESS;
}
