/* SPDX-License-Identifier: Apache-2.0 */
#include "label/request.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/util.h"

static const char *const sources[] = {
	[LABEL_DYNAMIC] = "dynamic",
	[LABEL_STATIC] = "static",
	[LABEL_INHERIT] = "inherit",
};

static const char *value_of(const char *word, const char *name)
{
	const size_t len = strlen(name);

	return strncmp(word, name, len) == 0 ? word + len : NULL;
}

static int take_source(struct label_request *request, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		if (strcmp(value, sources[i]) == 0) {
			request->source = (enum label_source)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int take_fd(int *fd, const char *value)
{
	char *end;
	const long number = strtol(value, &end, 10);

	if (end == value || *end || number < 0 || number > INT_MAX)
		return -EINVAL;
	*fd = (int)number;
	return 0;
}

/* FD:ACCESS:RELABEL:PATH */
static int take_volume(struct label_request *request, char *value)
{
	static const char *const relabels[] = {
		[RELABEL_NO] = "no", [RELABEL_ALL] = "z", [RELABEL_ALONE] = "Z"};
	const char *fd = strsep(&value, ":"), *access = strsep(&value, ":");
	const char *relabel = strsep(&value, ":");
	struct label_volume volume = {.path = value};
	size_t i = 0;

	if (request->volume_count == LABEL_VOLUMES_MAX)
		return -E2BIG;
	if (!value || take_fd(&volume.fd, fd))
		return -EINVAL;
	volume.rw = strcmp(access, "rw") == 0;
	while (i < ARRAY_SIZE(relabels) && strcmp(relabel, relabels[i]) != 0)
		i++;
	if ((!volume.rw && strcmp(access, "ro") != 0) || i == ARRAY_SIZE(relabels))
		return -EINVAL;
	volume.relabel = (enum relabel)i;
	request->volumes[request->volume_count++] = volume;
	return 0;
}

static int take_option(struct label_request *request, char *word)
{
	const char *value;

	if ((value = value_of(word, "--security=")))
		return take_source(request, value);
	if ((value = value_of(word, "--volume=")))
		return take_volume(request, word + (value - word));
	if ((value = value_of(word, "--proc=")))
		return take_fd(&request->proc_fd, value);
	if ((value = value_of(word, "--record=")))
		return take_fd(&request->record_fd, value);
	if ((value = value_of(word, "--state="))) {
		request->state_path = value;
		return 0;
	}
	if ((value = value_of(word, "--label="))) {
		request->label = value;
		return 0;
	}
	if (strcmp(word, "--verbose") != 0)
		return -EINVAL;
	request->verbose = true;
	return 0;
}

int label_request_parse(struct label_request *request, char **argv)
{
	const char *action = argv[0] && argv[1] ? *++argv : "";

	*request = (struct label_request){.source = LABEL_DYNAMIC, .proc_fd = -1, .record_fd = -1};
	if (strcmp(action, "show") == 0) {
		request->action = LABEL_SHOW;
	} else if (strcmp(action, "mend") == 0) {
		request->action = LABEL_MEND;
	} else if (strcmp(action, "run") != 0) {
		log_error("snug-label is a part of snug run and not to be called by hand");
		return -EINVAL;
	}
	while (*++argv && strcmp(*argv, "--") != 0) {
		int err = take_option(request, *argv);
		if (err) {
			log_error("snug-label: wrong option '%s'", *argv);
			return err;
		}
	}
	if (request->action == LABEL_MEND && request->state_path)
		return 0;
	if (!argv[0] || !argv[1] || !argv[2] ||
	    (request->source == LABEL_STATIC) != !!request->label) {
		log_error("snug-label: not all that is needed was given");
		return -EINVAL;
	}
	request->monitor = argv[1];
	request->argv = argv + 2;
	return 0;
}
