/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the labels of a tree were before it was labelled for VMs: a file that is complete, on the disk, before the
 * first label changes. Objects are known by their inode numbers: what a guest renames keeps its label.
 *
 *   snug labels 1
 *   tree INODE PATH     the top
 *   given CONTEXT       the top's label while VMs have it; of the others user and role may differ
 *   INODE CONTEXT       one line for each object whose label is changed
 *   end
 */
#ifndef LABEL_JOURNAL_H
#define LABEL_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

struct journal_entry {
	uint64_t inode;
	const char *context; /* one of the journal's contexts */
};

struct journal {
	uint64_t inode; /* of the top */
	char *path;     /* of the top; absolute, no newline; owned, as all of this */
	char *given;
	struct journal_entry *entries;
	size_t count, room;
	char **contexts; /* all different ones */
	size_t context_count;
};

/* 0 or -ENOMEM. */
int journal_add(struct journal *journal, uint64_t inode, const char *context);

/* To be able to find. No more is to be added. */
void journal_sort(struct journal *journal);

/* The label it had, or NULL. */
const char *journal_find(const struct journal *journal, uint64_t inode);

/* To fd, an empty file, and on to the disk. 0 or -errno. */
int journal_write(const struct journal *journal, int fd);

/*
 * Reads fd from its beginning, into *journal, sorted. 0; -ENODATA: it was never completed, so no label was
 * changed; -EBADMSG: not a journal; -errno. journal_free() releases, also after an error.
 */
int journal_read(struct journal *journal, int fd);

void journal_free(struct journal *journal);
#define _cleanup_journal_ __attribute__((cleanup(journal_free)))

#endif
