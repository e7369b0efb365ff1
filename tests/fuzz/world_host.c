/* SPDX-License-Identifier: Apache-2.0 */
/* What the host does while the guest is at work. Whether it works out does not matter. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/util.h"
#include "tests/fuzz/world.h"
#include "tests/fuzz/world_tree.h"

/* Not the hidden ones: what the host takes out of hiding is not hidden any more. */
static const char *const names[] = {"f", "a", "b", "l", "p", "e", "h", "new", "other", "out"};

static int open_place(unsigned place)
{
	static const char *const places[] = {"rw", "rw/a", "rw/a/b", "moved", "rw/new", "moved/a"};

	return openat(tree.base, places[place % ARRAY_SIZE(places)],
		      O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool is_hidden(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == tree.hidden;
}

static void put_file(int dir, const char *name, const char *content, size_t len)
{
	int fd;

	(void)unlinkat(tree.moved, "in the making", 0);
	fd = openat(tree.moved, "in the making", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	(void)!write(fd, content, len);
	close(fd);
	(void)renameat(tree.moved, "in the making", dir, name);
}

static void cut_file(int dir, const char *name)
{
	int fd;

	if (is_hidden(dir, name))
		return;
	fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!ftruncate(fd, 3);
	close(fd);
}

static void hidden_moves(int dir, const char *name)
{
	if (is_hidden(tree.rw, "hidden"))
		(void)renameat(tree.rw, "hidden", dir, name);
}

static int lock_fd = -1;

void world_host_unlocks(void)
{
	if (lock_fd >= 0)
		close(lock_fd);
	lock_fd = -1;
}

/* A lock of the host's, for reading or for writing, until the next one. */
static void host_locks(int dir, const char *name, const char *other)
{
	struct flock lock = {.l_type = other == names[0] ? F_WRLCK : F_RDLCK};

	world_host_unlocks();
	lock_fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (lock_fd >= 0)
		(void)fcntl(lock_fd, F_OFD_SETLK, &lock);
}

static void act(unsigned action, int dir, const char *name, int other_dir, const char *other)
{
	switch (action % 13) {
	case 0:
		(void)renameat(dir, name, other_dir, other);
		break;
	case 1:
		(void)renameat2(dir, name, other_dir, other, RENAME_EXCHANGE);
		break;
	case 2:
		if (unlinkat(dir, name, 0))
			(void)unlinkat(dir, name, AT_REMOVEDIR);
		break;
	case 3:
		put_file(dir, name, "another", 7);
		break;
	case 4:
		(void)unlinkat(dir, name, 0);
		(void)symlinkat("../outside", dir, name);
		break;
	case 5:
		(void)mkdirat(dir, name, 0755);
		break;
	case 6:
		(void)unlinkat(dir, name, 0);
		(void)mkfifoat(dir, name, 0644);
		break;
	case 7:
		cut_file(dir, name);
		break;
	case 8:
		hidden_moves(dir, name);
		break;
	case 9:
		put_file(tree.rw, "hidden", SECRET, SECRET_LEN);
		break;
	case 10:
		(void)unlinkat(tree.rw, "hidden", 0);
		break;
	case 11:
		host_locks(dir, name, other);
		break;
	default:
		(void)linkat(dir, name, other_dir, other, 0);
		break;
	}
}

void world_host_acts(unsigned action, unsigned place, unsigned name, unsigned other_place,
		     unsigned other_name)
{
	int dir = open_place(place), other_dir = open_place(other_place);

	tree.dirty = true;
	if (dir >= 0 && other_dir >= 0)
		act(action, dir, names[name % ARRAY_SIZE(names)], other_dir,
		    names[other_name % ARRAY_SIZE(names)]);
	if (dir >= 0)
		close(dir);
	if (other_dir >= 0)
		close(other_dir);
}
