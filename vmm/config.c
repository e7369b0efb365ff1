/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/util.h"

enum option_id {
	OPT_KVM = 1,
	OPT_KERNEL,
	OPT_KERNEL_NAME,
	OPT_INITRD,
	OPT_CMDLINE,
	OPT_MEMORY,
	OPT_SHARE,
	OPT_CONSOLE,
	OPT_TTY,
	OPT_STAGE,
	OPT_TIMELINE,
	OPT_VERBOSE,
};

static const struct option options[] = {
	{"kvm", required_argument, NULL, OPT_KVM},
	{"kernel", required_argument, NULL, OPT_KERNEL},
	{"kernel-name", required_argument, NULL, OPT_KERNEL_NAME},
	{"initrd", required_argument, NULL, OPT_INITRD},
	{"cmdline", required_argument, NULL, OPT_CMDLINE},
	{"memory", required_argument, NULL, OPT_MEMORY},
	{"share", required_argument, NULL, OPT_SHARE},
	{"console", no_argument, NULL, OPT_CONSOLE},
	{"tty", no_argument, NULL, OPT_TTY},
	{"stage", required_argument, NULL, OPT_STAGE},
	{"timeline", no_argument, NULL, OPT_TIMELINE},
	{"verbose", no_argument, NULL, OPT_VERBOSE},
	{NULL, 0, NULL, 0},
};

/* A decimal number that is all of text. */
static int parse_number(const char *text, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return errno || *end ? -EINVAL : 0;
}

/* An open descriptor's number. */
static int parse_fd(const char *text, int *fd)
{
	uint64_t n;

	if (parse_number(text, &n) < 0 || n > INT_MAX || fcntl((int)n, F_GETFD) < 0)
		return -EINVAL;
	*fd = (int)n;
	return 0;
}

static int parse_memory(const char *text, uint64_t *bytes)
{
	if (parse_number(text, bytes) < 0 || *bytes == 0 || *bytes % MIB(1) || *bytes > GIB(1024))
		return -EINVAL;
	return 0;
}

static int parse_share(struct config *config, const char *text)
{
	const char *colon = strchr(text, ':');
	struct config_share *share = &config->shares[config->share_count];

	if (config->share_count == CONFIG_SHARES_MAX || !colon || colon == text ||
	    colon - text > UINT16_MAX || parse_fd(colon + 1, &share->fd) < 0)
		return -EINVAL;
	share->tag = text;
	share->tag_len = (uint16_t)(colon - text);
	config->share_count++;
	return 0;
}

static int parse_stage(struct config *config, char *text)
{
	char *colon = strrchr(text, ':');
	struct config_stage *stage = &config->stages[config->stage_count];

	if (config->stage_count == CONFIG_STAGES_MAX || !colon ||
	    parse_number(colon + 1, &stage->ns) < 0)
		return -EINVAL;
	*colon = '\0';
	stage->name = text;
	config->stage_count++;
	return 0;
}

static int parse_option(struct config *config, int id, char *value)
{
	switch (id) {
	case OPT_KVM:
		return parse_fd(value, &config->kvm_fd);
	case OPT_KERNEL:
		return parse_fd(value, &config->kernel_fd);
	case OPT_KERNEL_NAME:
		config->kernel_name = value;
		return 0;
	case OPT_INITRD:
		return parse_fd(value, &config->initrd_fd);
	case OPT_CMDLINE:
		config->cmdline = value;
		return 0;
	case OPT_MEMORY:
		return parse_memory(value, &config->memory);
	case OPT_SHARE:
		return parse_share(config, value);
	case OPT_CONSOLE:
		config->console = true;
		return 0;
	case OPT_TTY:
		config->tty = true;
		return 0;
	case OPT_STAGE:
		return parse_stage(config, value);
	case OPT_TIMELINE:
		config->timeline = true;
		return 0;
	case OPT_VERBOSE:
		config->verbose = true;
		return 0;
	default:
		return -EINVAL;
	}
}

static int check(const struct config *config)
{
	const char *missing = NULL;

	if (config->kvm_fd < 0)
		missing = "--kvm=FD";
	else if (config->kernel_fd < 0)
		missing = "--kernel=FD";
	else if (config->memory == 0)
		missing = "--memory=BYTES";
	if (missing) {
		log_error("snug-monitor: %s is missing (it is started by `snug run`)", missing);
		return -EINVAL;
	}
	/* What is opened next would take the number, and get the command's output. */
	for (int fd = 0; config->console && fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) < 0) {
			log_error("snug-monitor: --console needs descriptors 0, 1 and 2 open");
			return -EINVAL;
		}
	}
	return 0;
}

int config_parse(struct config *config, int argc, char **argv)
{
	*config = (struct config){.kvm_fd = -1,
				  .kernel_fd = -1,
				  .initrd_fd = -1,
				  .kernel_name = "the kernel",
				  .cmdline = ""};
	opterr = 0;
	for (;;) {
		int at = optind;
		int id = getopt_long(argc, argv, "+", options, NULL);

		if (id == -1)
			break;
		if (parse_option(config, id, optarg) < 0) {
			log_error("snug-monitor: bad option: %s", argv[at]);
			return -EINVAL;
		}
	}
	if (optind < argc) {
		log_error("snug-monitor: unexpected argument: %s", argv[optind]);
		return -EINVAL;
	}
	return check(config);
}
