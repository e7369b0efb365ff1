/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/options_keep.h"

#include <errno.h>
#include <string.h>

#include "core/log.h"

static bool is(const char *word, const char *letter, const char *name)
{
	return strcmp(word, letter) == 0 || strcmp(word, name) == 0;
}

static bool set(struct options *options, const char *word)
{
	const bool apply = options->command == COMMAND_APPLY;

	if (is(word, "-h", "--help"))
		options->command = apply ? COMMAND_HELP_APPLY : COMMAND_HELP_DIFF;
	else if (apply && is(word, "-y", "--yes"))
		options->yes = true;
	else if (apply && is(word, "-n", "--dry-run"))
		options->dry_run = true;
	else if (apply && strcmp(word, "--force") == 0)
		options->force = true;
	else
		return false;
	return true;
}

static int check_paths(char *const *paths)
{
	for (; *paths; paths++) {
		const size_t len = strlen(*paths);

		if ((*paths)[0] == '/' && (len == 1 || (*paths)[len - 1] != '/'))
			continue;
		log_error("apply: '%s' is not a path as 'snug diff' shows them, from / on", *paths);
		return -EINVAL;
	}
	return 0;
}

int options_keep_parse(struct options *options, char *const *argv)
{
	const char *command = *argv++;

	options->command = strcmp(command, "diff") == 0 ? COMMAND_DIFF : COMMAND_APPLY;
	for (; *argv && (*argv)[0] == '-'; argv++) {
		if (strcmp(*argv, "--") == 0) {
			argv++;
			break;
		}
		if (!set(options, *argv)) {
			log_error("%s: unknown option '%s'; see 'snug help %s'", command, *argv,
				  command);
			return -EINVAL;
		}
		if (options->command != COMMAND_DIFF && options->command != COMMAND_APPLY)
			return 0;
	}
	options->argv = argv;
	if (!argv[0]) {
		log_error("%s: which directory? Give that of 'snug run --keep-overlay'", command);
		return -EINVAL;
	}
	if (options->command == COMMAND_DIFF && argv[1]) {
		log_error("diff: unexpected '%s'", argv[1]);
		return -EINVAL;
	}
	return check_paths(argv + 1);
}
