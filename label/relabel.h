/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels of a volume's tree, given for VMs and taken back: the walks themselves. Who may do so when, and with
 * which journal, is volumes.h's.
 */
#ifndef LABEL_RELABEL_H
#define LABEL_RELABEL_H

#include "label/journal.h"
#include "label/selinux.h"

/* Of snug's policy module: what VMs may write to. */
#define SNUG_FILE_TYPE "snug_file_t"

/*
 * What has to be remembered to give the tree top (O_PATH) labels of SNUG_FILE_TYPE and level: fills all but
 * path. 0 or -errno; journal_free() releases, also after an error.
 */
int relabel_plan(const struct selinux *selinux, int top, const char *level,
		 struct journal *journal);

/* Gives them. 0 or -errno: some may have been given. */
int relabel_give(const struct selinux *selinux, int top, const char *level);

/*
 * Takes them back: what the journal knows is labelled as it was. What is new, and has a label of the given
 * type, as the directory it is in. What has been given another label since keeps it. Goes on after an error,
 * and returns the first, 0 or -errno.
 */
int relabel_restore(const struct selinux *selinux, int top, const struct journal *journal);

#endif
