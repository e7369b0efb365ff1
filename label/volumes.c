/* SPDX-License-Identifier: Apache-2.0 */
#include "label/volumes.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "core/util.h"
#include "label/context.h"
#include "label/restorer.h"
#include "label/state.h"

/* What others than VMs need its labels of. What is below may be labelled. */
static const char *const never[] = {
	"/",      "/bin", "/boot", "/dev",  "/etc",     "/home",    "/lib",  "/lib64",
	"/media", "/mnt", "/opt",  "/proc", "/root",    "/run",     "/sbin", "/srv",
	"/sys",   "/tmp", "/usr",  "/var",  "/var/lib", "/var/log",
};

static bool may_be_labelled(const char *path)
{
	const struct passwd *pw = getpwuid(getuid());

	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		if (strcmp(path, never[i]) == 0)
			return false;
	}
	return !pw || strcmp(path, pw->pw_dir) != 0;
}

static int real_path(int fd, char path[PATH_MAX])
{
	char link[32];

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	const ssize_t len = readlink(link, path, PATH_MAX - 1);
	if (len < 0)
		return -errno;
	path[len] = '\0';
	return strchr(path, '\n') ? -EINVAL : 0;
}

static int give(const struct selinux *selinux, const struct state *state,
		const struct label_volume *volume, const char *level, struct kept_fds *kept)
{
	char path[PATH_MAX];
	int fd = real_path(volume->fd, path);

	if (fd) {
		log_error("volume %s cannot be labelled: its path has a newline, or is not known",
			  volume->path);
		return fd;
	}
	if (!may_be_labelled(path)) {
		log_error("volume %s: %s is not to be labelled for VMs, as others need its labels; "
			  "give a directory below it",
			  volume->path, path);
		return -EPERM;
	}
	const struct state_tree tree = {volume->fd, path, level, volume->relabel == RELABEL_ALONE};
	fd = state_give(state, selinux, &tree);
	if (fd < 0)
		return fd;
	kept->fds[kept->count++] = fd;
	return 0;
}

static int label_all(const struct selinux *selinux, const struct label_request *request,
		     const char *context, struct kept_fds *kept)
{
	/* For a volume of all, the sensitivity will do. */
	_cleanup_free_ char *alone = NULL, *all = NULL;
	_cleanup_state_ struct state state = STATE_CLOSED;
	unsigned count;
	int err = context_levels(context, &all, &alone);

	if (err) {
		log_error("volumes cannot be labelled for %s: %s", context, strerror(-err));
		return err;
	}
	err = state_open(&state, request->state_path, STATE_MAKE);
	if (!err)
		err = state_mend(&state, selinux, &count);
	if (!err)
		err = restorer_start(selinux, request->state_path);
	for (size_t i = 0; !err && i < request->volume_count; i++) {
		const struct label_volume *volume = &request->volumes[i];

		if (volume->relabel != RELABEL_NO)
			err = give(selinux, &state, volume,
				   volume->relabel == RELABEL_ALONE ? alone : all, kept);
	}
	return err;
}

int volumes_label(const struct selinux *selinux, const struct label_request *request,
		  const char *context, struct kept_fds *kept)
{
	bool any = false;

	for (size_t i = 0; i < request->volume_count; i++)
		any |= request->volumes[i].relabel != RELABEL_NO;
	if (!any) {
		/* What is left of others is no reason not to run. */
		(void)(request->state_path && volumes_mend(selinux, request->state_path));
		return 0;
	}
	if (request->state_path)
		return label_all(selinux, request, context, kept);
	log_error("volumes cannot be labelled: there is no place to remember their labels, as "
		  "neither "
		  "HOME nor XDG_STATE_HOME is set");
	return -ENOENT;
}

int volumes_mend(const struct selinux *selinux, const char *state_path)
{
	_cleanup_state_ struct state state = STATE_CLOSED;
	unsigned count = 0;
	int err = state_open(&state, state_path, STATE_IF_FREE);

	/* None was ever labelled, or somebody is at it. */
	if (err == -ENOENT || err == -EWOULDBLOCK)
		return 0;
	if (!err)
		err = state_mend(&state, selinux, &count);
	if (count)
		log_verbose("volumes given back their labels, after runs that were killed: %u",
			    count);
	return err;
}
