/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/confine_layers.h"
#include "core/layout.h"
#include "core/log.h"
#include "core/util.h"

enum option_id {
	OPT_KVM = 1,
	OPT_KERNEL,
	OPT_KERNEL_NAME,
	OPT_VMLINUX,
	OPT_NO_KASLR,
	OPT_INITRD,
	OPT_CMDLINE,
	OPT_MEMORY,
	OPT_CPUS,
	OPT_SHARE,
	OPT_EXPORT,
	OPT_HIDE,
	OPT_HIDE_NEW,
	OPT_PROC_FD,
	OPT_CONSOLE,
	OPT_TTY,
	OPT_TIMEOUT,
	OPT_TIMELINE,
	OPT_RESULT,
	OPT_PARENT,
	OPT_NO_CONFINE,
	OPT_KEEP,
	OPT_VERBOSE,
};

static const struct option options[] = {
	{"kvm", required_argument, NULL, OPT_KVM},
	{"kernel", required_argument, NULL, OPT_KERNEL},
	{"kernel-name", required_argument, NULL, OPT_KERNEL_NAME},
	{"vmlinux", required_argument, NULL, OPT_VMLINUX},
	{"no-kaslr", no_argument, NULL, OPT_NO_KASLR},
	{"initrd", required_argument, NULL, OPT_INITRD},
	{"cmdline", required_argument, NULL, OPT_CMDLINE},
	{"memory", required_argument, NULL, OPT_MEMORY},
	{"cpus", required_argument, NULL, OPT_CPUS},
	{"share", required_argument, NULL, OPT_SHARE},
	{"export", required_argument, NULL, OPT_EXPORT},
	{"hide", required_argument, NULL, OPT_HIDE},
	{"hide-new", required_argument, NULL, OPT_HIDE_NEW},
	{"proc-fd", required_argument, NULL, OPT_PROC_FD},
	{"console", no_argument, NULL, OPT_CONSOLE},
	{"tty", no_argument, NULL, OPT_TTY},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"timeline", required_argument, NULL, OPT_TIMELINE},
	{"result", required_argument, NULL, OPT_RESULT},
	{"parent", required_argument, NULL, OPT_PARENT},
	{"no-confine", required_argument, NULL, OPT_NO_CONFINE},
	{"keep", required_argument, NULL, OPT_KEEP},
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

static int parse_process(const char *text, pid_t *pid)
{
	uint64_t n;

	if (parse_number(text, &n) < 0 || n == 0 || n > INT_MAX)
		return -EINVAL;
	*pid = (pid_t)n;
	return 0;
}

static int parse_memory(const char *text, uint64_t *bytes)
{
	if (parse_number(text, bytes) < 0 || *bytes == 0 || *bytes % MIB(1) || *bytes > GIB(1024))
		return -EINVAL;
	return 0;
}

static int parse_cpus(const char *text, unsigned *cpus)
{
	uint64_t n;

	if (parse_number(text, &n) < 0 || n == 0 || n > LAYOUT_CPUS_MAX)
		return -EINVAL;
	*cpus = (unsigned)n;
	return 0;
}

/* The share of that tag, a new one if there is none; NULL if there are too many. */
static struct config_share *find_share(struct config *config, const char *tag, size_t tag_len)
{
	struct config_share *share = config->shares;

	if (tag_len == 0 || tag_len > UINT16_MAX)
		return NULL;
	for (; share < config->shares + config->share_count; share++) {
		if (share->tag_len == tag_len && memcmp(share->tag, tag, tag_len) == 0)
			return share;
	}
	if (config->share_count == CONFIG_SHARES_MAX)
		return NULL;
	*share = (struct config_share){
		.tag = tag,
		.tag_len = (uint16_t)tag_len,
		.exports = config->exports + config->export_count,
	};
	config->share_count++;
	return share;
}

/* Behind the other exports of its share; those of later shares make room. */
static int add_export(struct config *config, struct config_share *share,
		      const struct p9_export *export)
{
	const struct p9_export *next = share->exports + share->export_count;
	struct p9_export *at = config->exports + (next - config->exports);

	if (config->export_count == CONFIG_EXPORTS_MAX)
		return -EINVAL;
	memmove(at + 1, at, sizeof(*at) * (size_t)(config->exports + config->export_count - at));
	*at = *export;
	config->export_count++;
	share->export_count++;
	for (share++; share < config->shares + config->share_count; share++)
		share->exports++;
	return 0;
}

/* TAG:FD */
static int parse_share(struct config *config, const char *text)
{
	const char *colon = strchr(text, ':');
	struct p9_export export = {.name = ""};
	struct config_share *share;

	if (!colon || parse_fd(colon + 1, &export.fd) < 0)
		return -EINVAL;
	share = find_share(config, text, (size_t)(colon - text));
	return share && share->export_count == 0 ? add_export(config, share, &export) : -EINVAL;
}

static int parse_export_options(char *text, struct p9_export *export)
{
	char *next;

	for (; text; text = next) {
		next = strchr(text, ',');
		if (next)
			*next++ = '\0';
		if (strcmp(text, "rw") == 0)
			export->writable = true;
		else if (strcmp(text, "direct") == 0)
			export->direct = true;
		else
			return -EINVAL;
	}
	return 0;
}

/* Are the share's exports named, and none like this? */
static bool takes_export(const struct config_share *share, const char *name)
{
	for (unsigned i = 0; i < share->export_count; i++) {
		if (!share->exports[i].name[0] || strcmp(share->exports[i].name, name) == 0)
			return false;
	}
	return true;
}

/* TAG/NAME:FD[:OPT,...] */
static int parse_export(struct config *config, char *text)
{
	char *slash = strchr(text, '/'), *colon = slash ? strchr(slash, ':') : NULL;
	char *opts = colon ? strchr(colon + 1, ':') : NULL;
	struct p9_export export = {.name = slash ? slash + 1 : ""};
	struct config_share *share;

	if (!colon || colon == slash + 1)
		return -EINVAL;
	*colon = '\0';
	if (opts)
		*opts++ = '\0';
	if (strchr(export.name, '/') || strcmp(export.name, ".") == 0 ||
	    strcmp(export.name, "..") == 0 || parse_fd(colon + 1, &export.fd) < 0 ||
	    parse_export_options(opts, &export) < 0)
		return -EINVAL;
	share = find_share(config, text, (size_t)(slash - text));
	if (!share || !takes_export(share, export.name))
		return -EINVAL;
	return add_export(config, share, &export);
}

/* FD:NAME/NAME... */
static int parse_hide(struct config *config, char *text, bool absent)
{
	char *colon = strchr(text, ':');
	char *next = colon ? colon + 1 : NULL;
	int fd;

	if (!colon)
		return -EINVAL;
	*colon = '\0';
	if (parse_fd(text, &fd) < 0)
		return -EINVAL;
	while (next) {
		const char *name = strsep(&next, "/");

		if (config->hide_count == CONFIG_HIDES_MAX || !*name)
			return -EINVAL;
		config->hides[config->hide_count++] =
			(struct p9_hide){.dir_fd = fd, .name = name, .absent = absent};
	}
	return 0;
}

static int parse_timeout(const char *text, uint32_t *ms)
{
	uint64_t value;

	if (parse_number(text, &value) < 0 || value == 0 || value > UINT32_MAX)
		return -EINVAL;
	*ms = (uint32_t)value;
	return 0;
}

static int parse_initrd(struct config *config, const char *text)
{
	if (config->initrd_count == BOOT_INITRDS_MAX ||
	    parse_fd(text, &config->initrd_fds[config->initrd_count]) < 0)
		return -EINVAL;
	config->initrd_count++;
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
	case OPT_VMLINUX:
		return parse_fd(value, &config->vmlinux_fd);
	case OPT_NO_KASLR:
		config->no_kaslr = true;
		return 0;
	case OPT_INITRD:
		return parse_initrd(config, value);
	case OPT_CMDLINE:
		config->cmdline = value;
		return 0;
	case OPT_MEMORY:
		return parse_memory(value, &config->memory);
	case OPT_CPUS:
		return parse_cpus(value, &config->cpus);
	case OPT_SHARE:
		return parse_share(config, value);
	case OPT_EXPORT:
		return parse_export(config, value);
	case OPT_HIDE:
		return parse_hide(config, value, false);
	case OPT_HIDE_NEW:
		return parse_hide(config, value, true);
	case OPT_PROC_FD:
		return parse_fd(value, &config->proc_fd);
	case OPT_CONSOLE:
		config->console = true;
		return 0;
	case OPT_TTY:
		config->tty = true;
		return 0;
	case OPT_TIMEOUT:
		return parse_timeout(value, &config->timeout_ms);
	case OPT_TIMELINE:
		return parse_fd(value, &config->timeline_fd);
	case OPT_RESULT:
		return parse_fd(value, &config->result_fd);
	case OPT_PARENT:
		return parse_process(value, &config->parent);
	case OPT_NO_CONFINE:
		return confine_layers_parse(value, &config->no_confine);
	case OPT_KEEP:
		return parse_fd(value, &(int){0}); /* it is open, and that is all */
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
	else if (config->share_count && config->proc_fd < 0)
		missing = "--proc-fd=FD";
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
				  .vmlinux_fd = -1,
				  .timeline_fd = -1,
				  .result_fd = -1,
				  .proc_fd = -1,
				  .cpus = 1,
				  .kernel_name = "the kernel",
				  .cmdline = ""};
	opterr = 0;
	for (;;) {
		char word[128]; /* as it was: parsing may cut it into pieces */
		int id;

		(void)snprintf(word, sizeof(word), "%s", optind < argc ? argv[optind] : "");
		id = getopt_long(argc, argv, "+", options, NULL);
		if (id == -1)
			break;
		if (parse_option(config, id, optarg) < 0) {
			log_error("snug-monitor: bad option: %s", word);
			return -EINVAL;
		}
	}
	if (optind < argc) {
		log_error("snug-monitor: unexpected argument: %s", argv[optind]);
		return -EINVAL;
	}
	return check(config);
}
