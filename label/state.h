/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of a user's journals: which trees are labelled for VMs, and what they were before. It is the
 * user's, and nobody else's to write to; nothing in it is followed.
 *
 *   lock          held while one of the others is made, looked through or removed
 *   labels-DEVICE-INODE  a journal (journal.h). Locked, shared, by each monitor that the tree is labelled for, to its
  *                 end, however that comes: what nobody has locked is to be taken back
 */
#ifndef LABEL_STATE_H
#define LABEL_STATE_H

#include <stdbool.h>

#include "label/selinux.h"

struct state {
	int dir;
	int lock; /* -1: not held */
};
#define STATE_CLOSED ((struct state){-1, -1})

enum state_open {
	STATE_MAKE,    /* with its parents, if it is not there; and wait for the lock */
	STATE_IF_FREE, /* do neither: -ENOENT and -EWOULDBLOCK are not logged */
};

/* Opens path and takes the lock. 0, or -errno after having logged. */
int state_open(struct state *state, const char *path, enum state_open how);
void state_close(struct state *state);
#define _cleanup_state_ __attribute__((cleanup(state_close)))

/*
 * Takes back all labels that no live run has. *count: trees. 0, or the first error, after having logged each;
 * what could not be taken back stays there.
 */
int state_mend(const struct state *state, const struct selinux *selinux, unsigned *count);

/* What a run wants labelled. */
struct state_tree {
	int fd;           /* O_PATH */
	const char *path; /* absolute, the tree's real one */
	const char *level;
	bool alone; /* the level is this run's only */
};

/*
 * Labels tree, with its journal. A descriptor, which the run has to keep open, or -errno after having logged;
 * what was done is then to be taken back by state_mend().
 */
int state_give(const struct state *state, const struct selinux *selinux,
	       const struct state_tree *tree);

#endif
