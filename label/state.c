/* SPDX-License-Identifier: Apache-2.0 */
#include "label/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "label/journal.h"
#include "label/relabel.h"

#define NAME_START "labels-"

static int make_parents(const char *path)
{
	char parent[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		if (slash - path >= PATH_MAX)
			return -ENAMETOOLONG;
		(void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
		if (mkdir(parent, 0700) < 0 && errno != EEXIST)
			return -errno;
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* Somebody else's could send this user's labels anywhere. */
static bool is_safe(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

static int open_locked(struct state *state, const char *path, enum state_open how)
{
	int err = how == STATE_MAKE ? make_parents(path) : 0;

	if (err)
		return err;
	state->dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (state->dir < 0)
		return -errno;
	if (!is_safe(state->dir))
		return -EPERM;
	state->lock = openat(state->dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (state->lock < 0 ||
	    flock(state->lock, how == STATE_MAKE ? LOCK_EX : LOCK_EX | LOCK_NB) < 0)
		return -errno;
	return 0;
}

int state_open(struct state *state, const char *path, enum state_open how)
{
	*state = STATE_CLOSED;
	int err = open_locked(state, path, how);
	if (err) {
		if (how == STATE_MAKE || (err != -ENOENT && err != -EWOULDBLOCK))
			log_error("%s, where labels are remembered, cannot be used: %s", path,
				  err == -EPERM ? "it is not yours alone" : strerror(-err));
		state_close(state);
	}
	return err;
}

void state_close(struct state *state)
{
	cleanup_close(&state->lock);
	cleanup_close(&state->dir);
	*state = STATE_CLOSED;
}

static int open_journal(const struct state *state, const char *name, int flags)
{
	const int fd = openat(state->dir, name, flags | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	return fd;
}

static int open_object(const char *path)
{
	const int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return fd;
}

/* The top as it was: by its path, if that is still it. */
static int open_top(const struct journal *journal)
{
	_cleanup_close_ int fd = open_object(journal->path);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_ino == journal->inode ? steal_fd(&fd) : -ENOENT;
}

static int take_back(const struct selinux *selinux, const struct journal *journal)
{
	_cleanup_close_ int top = open_top(journal);

	if (top == -ENOENT || top == -ENOTDIR) {
		log_warning("%s is gone: its labels are not taken back", journal->path);
		return 0;
	}
	int err = top < 0 ? top : relabel_restore(selinux, top, journal);
	if (err)
		log_error("not all labels of %s could be taken back: %s; 'snug security mend' "
			  "tries again",
			  journal->path, strerror(-err));
	return err;
}

/* 1: taken back, 0: in use, or -errno after having logged. */
static int mend_one(const struct state *state, const struct selinux *selinux, const char *name)
{
	_cleanup_journal_ struct journal journal = {0};
	_cleanup_close_ int fd = open_journal(state, name, 0);
	int err = fd < 0 ? fd : 0;

	if (!err && flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : -errno;
	if (!err)
		err = journal_read(&journal, fd);
	if (err == 0)
		err = take_back(selinux, &journal);
	else if (err == -ENODATA)
		err = 0; /* no label was changed yet */
	else
		log_error("labels to be taken back cannot be read: %s", strerror(-err));
	if (!err && unlinkat(state->dir, name, 0) < 0)
		err = -errno;
	return err ? err : 1;
}

static void release(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}
#define _cleanup_dir_ __attribute__((cleanup(release)))

/* Calls visit for each journal; the first error is returned in the end. */
static int each_journal(const struct state *state,
			int visit(void *ctx, const struct state *state, const char *name),
			void *ctx)
{
	_cleanup_close_ int fd = openat(state->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int first = 0;

	if (!dir)
		return -errno;
	(void)steal_fd(&fd);
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, NAME_START, strlen(NAME_START)) != 0)
			continue;
		int err = visit(ctx, state, entry->d_name);
		if (err < 0 && !first)
			first = err;
	}
	return first;
}

struct mending {
	const struct selinux *selinux;
	unsigned *count;
};

static int mend_visit(void *ctx, const struct state *state, const char *name)
{
	const struct mending *mending = ctx;
	int r = mend_one(state, mending->selinux, name);

	*mending->count += r > 0;
	return r;
}

int state_mend(const struct state *state, const struct selinux *selinux, unsigned *count)
{
	struct mending mending = {selinux, count};

	*count = 0;
	return each_journal(state, mend_visit, &mending);
}

static bool is_below(const char *path, const char *top)
{
	const size_t len = strlen(top);

	return strncmp(path, top, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Trees that other runs have, which after state_mend() are all there are. */
static int check_visit(void *ctx, const struct state *state, const char *name)
{
	const struct state_tree *tree = ctx;
	_cleanup_journal_ struct journal journal = {0};
	_cleanup_close_ int fd = open_journal(state, name, 0);
	int err = fd < 0 ? fd : journal_read(&journal, fd);

	if (err == -EBADMSG || err == -ENODATA || err == -ENOENT)
		return 0;
	if (err)
		return err;
	if (!is_below(tree->path, journal.path) && !is_below(journal.path, tree->path))
		return 0;
	log_error("volume %s: another run has %s labelled for itself (%s); wait for its end",
		  tree->path, journal.path, journal.given);
	return -EBUSY;
}

/* A tree that is labelled for all VMs is everybody's: the last of them takes that back. */
static int join(const struct state *state, const struct state_tree *tree, const char *name)
{
	_cleanup_journal_ struct journal journal = {0};
	_cleanup_close_ int fd = open_journal(state, name, 0);

	if (fd < 0 || tree->alone)
		return -ENOENT;
	int err = journal_read(&journal, fd);
	if (err || strcmp(journal.path, tree->path) != 0)
		return -ENOENT;
	const char *level = strrchr(journal.given, ':');
	if (!level || strcmp(level + 1, tree->level) != 0)
		return -ENOENT;
	return flock(fd, LOCK_SH | LOCK_NB) < 0 ? -errno : steal_fd(&fd);
}

static int plan_and_give(const struct selinux *selinux, const struct state_tree *tree, int fd)
{
	_cleanup_journal_ struct journal journal = {0};
	int err = relabel_plan(selinux, tree->fd, tree->level, &journal);

	if (err)
		return err;
	journal.path = strdup(tree->path);
	if (!journal.path)
		return -ENOMEM;
	err = journal_write(&journal, fd);
	return err ? err : relabel_give(selinux, tree->fd, tree->level);
}

int state_give(const struct state *state, const struct selinux *selinux,
	       const struct state_tree *tree)
{
	char name[64];
	struct stat st;

	if (fstat(tree->fd, &st) < 0)
		return -errno;
	(void)snprintf(name, sizeof(name), NAME_START "%llx-%llx", (unsigned long long)st.st_dev,
		       (unsigned long long)st.st_ino);
	int joined = join(state, tree, name);
	if (joined != -ENOENT)
		return joined;
	int err = each_journal(state, check_visit, (void *)(uintptr_t)tree);
	if (err)
		return err;
	_cleanup_close_ int fd = open_journal(state, name, O_CREAT | O_EXCL);
	err = fd < 0 ? fd : flock(fd, LOCK_SH) < 0 ? -errno : plan_and_give(selinux, tree, fd);
	if (!err)
		return steal_fd(&fd);
	log_error("volume %s cannot be labelled: %s%s", tree->path, strerror(-err),
		  err == -EOPNOTSUPP ? "; its file system has no labels" : "");
	return err;
}
