/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/keep_command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "launcher/keep_apply.h"
#include "launcher/kept.h"
#include "launcher/paths.h"

/* Of the changes: those at and below the paths, and the new directories that they are in; all, if none. */
static bool is_chosen(const struct kept_entry *entry, char *const *paths)
{
	bool chosen = !paths[0];

	for (; *paths && !chosen; paths++)
		chosen = path_below(entry->path, *paths) ||
			 (S_ISDIR(entry->record.mode) && !entry->record.old_mode &&
			  path_below(*paths, entry->path));
	return chosen;
}

static int check_paths(const struct kept *kept, char *const *paths)
{
	for (; *paths; paths++) {
		size_t i = 0;

		while (i < kept->count && !path_below(kept->entries[i].path, *paths))
			i++;
		if (i < kept->count)
			continue;
		log_error("apply: nothing has changed at %s; give paths as 'snug diff' shows them",
			  *paths);
		return -ENOENT;
	}
	return 0;
}

static int show(const struct kept *kept, char *const *paths, FILE *out, size_t *count)
{
	for (size_t i = 0; i < kept->count; i++) {
		if (!is_chosen(&kept->entries[i], paths))
			continue;
		kept_print(&kept->entries[i], out);
		++*count;
	}
	if (fflush(out) == 0 && !ferror(out))
		return 0;
	int err = -errno;
	log_error("standard output: %s", strerror(-err));
	return err;
}

static int ask(size_t count)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	if (!isatty(STDIN_FILENO)) {
		log_error("apply: there is no terminal to ask on; to apply all of this: -y");
		return -EPERM;
	}
	(void)fprintf(stderr, "Make these %zu changes on the host? [y/N] ", count);
	if (getline(&line, &size, stdin) > 0 && (line[0] == 'y' || line[0] == 'Y'))
		return 0;
	log_error("apply: nothing was changed");
	return -ECANCELED;
}

static int apply_all(const struct kept *kept, char *const *paths, bool force)
{
	size_t left = 0;
	int first = 0;

	for (size_t i = 0; i < kept->count; i++) {
		if (!is_chosen(&kept->entries[i], paths))
			continue;
		int err = keep_apply(kept, &kept->entries[i], force);
		left += err != 0;
		first = first ? first : err;
		/* The same is to be expected of all that follow. */
		if (err == -ENOSPC || err == -EDQUOT || err == -EROFS) {
			log_error("apply: ended there; it can be repeated with --force");
			return err;
		}
	}
	if (left)
		log_error("apply: %zu changes were not made", left);
	return first;
}

int keep_command(const struct options *options, FILE *out)
{
	_cleanup_kept_ struct kept kept;
	char *const *paths = options->argv + 1;
	size_t count = 0;
	int err = kept_read(&kept, options->argv[0]);

	if (!err)
		err = check_paths(&kept, paths);
	if (!err)
		err = show(&kept, paths, out, &count);
	if (err || options->command == COMMAND_DIFF || options->dry_run || count == 0)
		return err;
	if (!options->yes)
		err = ask(count);
	return err ? err : apply_all(&kept, paths, options->force);
}
