/* SPDX-License-Identifier: Apache-2.0 */
#include "label/relabel.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "label/context.h"
#include "label/tree.h"

struct giving {
	const struct selinux *selinux;
	const char *level;
	struct journal *journal; /* of relabel_plan() */
};

/* What it is now, and what it is to be; *given NULL: no need. */
static int labels_of(const struct giving *giving, int fd, char **now, char **given)
{
	*now = *given = NULL;
	int err = giving->selinux->of_fd(fd, now);
	if (!err)
		err = context_with(*now, SNUG_FILE_TYPE, giving->level, given);
	return err;
}

static int plan_object(void *ctx, int fd, const struct stat *st, unsigned depth)
{
	const struct giving *giving = ctx;
	struct journal *journal = giving->journal;
	_cleanup_free_ char *now = NULL, *given = NULL;
	int err = labels_of(giving, fd, &now, &given);

	if (err)
		return err;
	if (depth == 0) {
		journal->inode = st->st_ino;
		journal->given = strdup(given);
		if (!journal->given)
			return -ENOMEM;
	}
	return strcmp(now, given) == 0 ? 0 : journal_add(journal, st->st_ino, now);
}

static int give_object(void *ctx, int fd, const struct stat *st, unsigned depth)
{
	const struct giving *giving = ctx;
	_cleanup_free_ char *now = NULL, *given = NULL;
	int err = labels_of(giving, fd, &now, &given);

	(void)st;
	(void)depth;
	return err || strcmp(now, given) == 0 ? err : giving->selinux->label_fd(fd, given);
}

int relabel_plan(const struct selinux *selinux, int top, const char *level, struct journal *journal)
{
	struct giving giving = {selinux, level, journal};

	*journal = (struct journal){0};
	int err = tree_walk(top, plan_object, &giving, false);
	journal_sort(journal);
	return err;
}

int relabel_give(const struct selinux *selinux, int top, const char *level)
{
	struct giving giving = {selinux, level, NULL};

	return tree_walk(top, give_object, &giving, false);
}

/* The labels of the directories that lead to where the walk is. */
struct restoring {
	const struct selinux *selinux;
	const struct journal *journal;
	char *above[TREE_DEPTH_MAX + 1];
};

static bool has_given_type(const char *context)
{
	_cleanup_free_ char *same = NULL;

	return context_with(context, SNUG_FILE_TYPE, NULL, &same) == 0 &&
	       strcmp(context, same) == 0;
}

static int restore_object(void *ctx, int fd, const struct stat *st, unsigned depth)
{
	struct restoring *restoring = ctx;
	const char *was = journal_find(restoring->journal, st->st_ino);
	char *now = NULL;
	int err = restoring->selinux->of_fd(fd, &now);

	if (!err && has_given_type(now)) {
		const char *wanted = was ? was : depth > 0 ? restoring->above[depth - 1] : NULL;
		if (wanted && strcmp(wanted, now) != 0) {
			err = restoring->selinux->label_fd(fd, wanted);
			free(now);
			now = strdup(wanted);
		}
	}
	free(restoring->above[depth]);
	restoring->above[depth] = now;
	return err;
}

int relabel_restore(const struct selinux *selinux, int top, const struct journal *journal)
{
	struct restoring *restoring = calloc(1, sizeof(*restoring));

	if (!restoring)
		return -ENOMEM;
	restoring->selinux = selinux;
	restoring->journal = journal;
	int err = tree_walk(top, restore_object, restoring, true);
	for (size_t i = 0; i < TREE_DEPTH_MAX + 1; i++)
		free(restoring->above[i]);
	free(restoring);
	return err;
}
