/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/hide.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"

struct hidden {
	struct p9_file_id dir;
	struct p9_file_id file; /* while fd is open */
	int fd;                 /* -1: there is nothing of that name */
	char *name;
};

/* The default list is below one or two homes: a dozen directories. */
#define GUARDED_MAX 4096

struct p9_hides {
	struct p9_file_id *guarded;
	size_t guarded_count;
	size_t count;
	struct hidden items[];
};

/* Neither type nor mount: a bind mount of the file is the file. */
static bool same_inode(const struct p9_file_id *a, const struct p9_file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

static int add_guarded(struct p9_hides *hides, const struct p9_file_id *id)
{
	struct p9_file_id *more;

	if (hides->guarded_count == GUARDED_MAX)
		return -E2BIG;
	more = reallocarray(hides->guarded, hides->guarded_count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	hides->guarded = more;
	more[hides->guarded_count++] = *id;
	return 0;
}

/* The directory and all above it, up to one that is guarded already, or the root, its own parent. */
static int guard_up(struct p9_hides *hides, int dir_fd)
{
	_cleanup_close_ int fd = -1;
	struct statx stx;
	int at = dir_fd, r = 0;

	while (r == 0) {
		struct p9_file_id id;
		int up;

		r = p9_fs_stat(at, &stx);
		if (r)
			break;
		id = p9_fs_id(&stx);
		if (p9_hides_guard(hides, &id))
			break;
		r = add_guarded(hides, &id);
		if (r)
			break;
		up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (up < 0)
			return errno == EACCES ? 0 : -errno; /* nor can the guest get there */
		if (fd >= 0)
			(void)close(fd);
		at = fd = up;
	}
	return r;
}

static int identify(int fd, struct p9_file_id *id)
{
	struct statx stx;
	int r = p9_fs_stat(fd, &stx);

	if (r == 0)
		*id = p9_fs_id(&stx);
	return r;
}

/* Its directory is known already. */
static int set_up(struct hidden *hidden, const struct p9_hide *hide)
{
	hidden->name = strdup(hide->name);
	if (!hidden->name)
		return -ENOMEM;
	if (hide->absent)
		return 0;
	/* What may not be looked at by this process is out of the guest's reach anyway. */
	hidden->fd = p9_fs_lookup(hide->dir_fd, hide->name);
	if (hidden->fd < 0)
		return hidden->fd == -EMFILE || hidden->fd == -ENFILE ? hidden->fd : 0;
	return identify(hidden->fd, &hidden->file);
}

int p9_hides_new(struct p9_hides **hides, const struct p9_hide *list, size_t count, bool guard)
{
	struct p9_hides *new = calloc(1, sizeof(*new) + count * sizeof(new->items[0]));
	int r = 0;

	if (!new)
		return -ENOMEM;
	for (size_t i = 0; i < count && r == 0; i++) {
		const bool same_dir = i > 0 && list[i].dir_fd == list[i - 1].dir_fd;
		struct hidden *hidden = &new->items[i];

		hidden->fd = -1;
		new->count++;
		if (same_dir)
			hidden->dir = hidden[-1].dir;
		else
			r = identify(list[i].dir_fd, &hidden->dir);
		if (r == 0)
			r = set_up(hidden, &list[i]);
		if (r == 0 && guard && !same_dir)
			r = guard_up(new, list[i].dir_fd);
	}
	if (r) {
		p9_hides_free(new);
		return r;
	}
	*hides = new;
	return 0;
}

void p9_hides_free(struct p9_hides *hides)
{
	if (!hides)
		return;
	for (size_t i = 0; i < hides->count; i++) {
		if (hides->items[i].fd >= 0)
			(void)close(hides->items[i].fd);
		free(hides->items[i].name);
	}
	free(hides->guarded);
	free(hides);
}

size_t p9_hides_count(const struct p9_hides *hides)
{
	return hides ? hides->count : 0;
}

bool p9_hides_file(const struct p9_hides *hides, const struct p9_file_id *id)
{
	for (size_t i = 0; i < p9_hides_count(hides); i++) {
		if (hides->items[i].fd >= 0 && same_inode(&hides->items[i].file, id))
			return true;
	}
	return false;
}

bool p9_hides_guard(const struct p9_hides *hides, const struct p9_file_id *id)
{
	for (size_t i = 0; hides && i < hides->guarded_count; i++) {
		if (same_inode(&hides->guarded[i], id))
			return true;
	}
	return false;
}

bool p9_hides_entry(const struct p9_hides *hides, const struct p9_file_id *dir, const char *name)
{
	for (size_t i = 0; i < p9_hides_count(hides); i++) {
		if (same_inode(&hides->items[i].dir, dir) &&
		    strcmp(hides->items[i].name, name) == 0)
			return true;
	}
	return false;
}
