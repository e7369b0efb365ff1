/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/options_commands.h"

#include <errno.h>
#include <string.h>

#include "core/doctor_checks.h"
#include "core/log.h"
#include "core/util.h"
#include "launcher/suggest.h"

int options_unknown_command(const char *word)
{
	static const char *const commands[] = {"run",      "kernel", "bench", "diff",   "apply",
					       "security", "doctor", "help",  "version"};
	const char *nearest = suggest(word, commands, ARRAY_SIZE(commands));

	if (nearest)
		log_error("unknown command '%s'; did you mean 'snug %s'?", word, nearest);
	else if (word[0] == '-')
		log_error("unknown option '%s'; options follow the command, as in 'snug run %s', "
			  "see 'snug help'",
			  word, word);
	else
		log_error("unknown command '%s'; to run it in a VM: snug run -- %s", word, word);
	return -EINVAL;
}

static int unknown_action(const char *command, const char *word, const char *const actions[],
			  size_t count)
{
	const char *nearest = suggest(word, actions, count);

	if (nearest)
		log_error("%s: unknown action '%s'; did you mean '%s'?", command, word, nearest);
	else
		log_error("%s: unknown action '%s'; see 'snug help %s'", command, word, command);
	return -EINVAL;
}

int options_kernel_parse(struct options *options, char *const *argv)
{
	static const char *const actions[] = {"list", "info", "add", "prune"};
	const char *word = argv[0] ? *argv++ : "list";
	size_t i = 0;

	options->command = COMMAND_KERNEL;
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		options->command = COMMAND_HELP_KERNEL;
		return 0;
	}
	while (i < ARRAY_SIZE(actions) && strcmp(word, actions[i]) != 0)
		i++;
	if (i == ARRAY_SIZE(actions))
		return unknown_action("kernel", word, actions, ARRAY_SIZE(actions));
	options->kernel_action = (enum kernel_action)i;
	if (options->kernel_action == KERNEL_PRUNE && argv[0] && strcmp(argv[0], "--all") == 0) {
		options->all = true;
		argv++;
	}
	options->argv = argv;
	const bool wants_files =
		options->kernel_action == KERNEL_INFO || options->kernel_action == KERNEL_ADD;
	if (wants_files && !argv[0])
		log_error("kernel %s: which kernel? Give its file", word);
	else if (!wants_files && argv[0])
		log_error("kernel %s: unexpected '%s'", word, argv[0]);
	return wants_files == (argv[0] != NULL) ? 0 : -EINVAL;
}

int options_security_parse(struct options *options, char *const *argv)
{
	static const char *const actions[] = {"show", "mend"};
	const char *word = argv[0] ? *argv++ : "show";

	options->command = COMMAND_SECURITY;
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		options->command = COMMAND_HELP_SECURITY;
		return 0;
	}
	options->security_action = strcmp(word, "mend") == 0 ? SECURITY_MEND : SECURITY_SHOW;
	if (options->security_action == SECURITY_SHOW && strcmp(word, "show") != 0)
		return unknown_action("security", word, actions, ARRAY_SIZE(actions));
	if (!argv[0])
		return 0;
	log_error("security %s: unexpected '%s'", word, argv[0]);
	return -EINVAL;
}

static bool is_check(const char *word)
{
	for (size_t i = 0; i < (size_t)DOCTOR_CHECKS; i++) {
		if (strcmp(word, doctor_check_names[i]) == 0)
			return true;
	}
	return false;
}

int options_doctor_parse(struct options *options, char *const *argv)
{
	options->command = COMMAND_DOCTOR;
	for (; *argv && (*argv)[0] == '-'; argv++) {
		if (strcmp(*argv, "--help") == 0 || strcmp(*argv, "-h") == 0) {
			options->command = COMMAND_HELP_DOCTOR;
			return 0;
		}
		if (strcmp(*argv, "--json") != 0) {
			log_error("doctor: unknown option '%s'; see 'snug help doctor'", *argv);
			return -EINVAL;
		}
		options->doctor_json = true;
	}
	options->argv = argv;
	for (; *argv; argv++) {
		if (is_check(*argv))
			continue;
		const char *nearest = suggest(*argv, doctor_check_names, DOCTOR_CHECKS);
		if (nearest)
			log_error("doctor: unknown check '%s'; did you mean '%s'?", *argv, nearest);
		else
			log_error("doctor: unknown check '%s'; see 'snug help doctor'", *argv);
		return -EINVAL;
	}
	return 0;
}

int options_help_parse(struct options *options, const char *word)
{
	static const struct {
		const char *name;
		enum command command;
	} topics[] = {
		{"run", COMMAND_HELP_RUN},       {"kernel", COMMAND_HELP_KERNEL},
		{"bench", COMMAND_HELP_BENCH},   {"diff", COMMAND_HELP_DIFF},
		{"apply", COMMAND_HELP_APPLY},   {"security", COMMAND_HELP_SECURITY},
		{"doctor", COMMAND_HELP_DOCTOR}, {"help", COMMAND_HELP},
		{"version", COMMAND_HELP},       {"--help", COMMAND_HELP},
	};

	options->command = COMMAND_HELP;
	if (!word)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
		if (strcmp(word, topics[i].name) == 0) {
			options->command = topics[i].command;
			return 0;
		}
	}
	return options_unknown_command(word);
}
