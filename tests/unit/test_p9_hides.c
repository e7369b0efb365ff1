/* SPDX-License-Identifier: Apache-2.0 */
/* 9P: what the user wants hidden stays hidden, by its place and by what it is. */
#include "tests/unit/p9_client.h"

#include "virtio/p9/hide.h"

/*
 * "home" is the share, writable. Hidden: the directory .ssh with a key, the file .netrc, and .later, which
 * does not exist yet.
 */
struct hiding {
	struct client *c;
	struct p9_hides *hides;
	int home_fd;
};

#define FILE_FID 1u

static int setup_hides(void **state)
{
	static const char *const names[] = {".ssh", ".netrc", ".later"};
	struct hiding *h = calloc(1, sizeof(*h));
	struct p9_hide list[3];
	struct client *c;

	assert_non_null(h);
	c = h->c = client_new_temporary(true);
	client_stop(c);
	make_dir(c, "home");
	make_dir(c, "home/.ssh");
	make_file(c, "home/.ssh/key", SECRET);
	make_file(c, "home/.netrc", SECRET);
	make_file(c, "home/f", "ordinary");
	make_dir(c, "home/d");
	assert_int_equal(linkat(c->dir_fd, "home/.netrc", c->dir_fd, "home/alias", 0), 0);
	h->home_fd = openat(c->dir_fd, "home", O_PATH | O_DIRECTORY);
	for (size_t i = 0; i < 3; i++)
		list[i] =
			(struct p9_hide){.dir_fd = h->home_fd, .name = names[i], .absent = i == 2};
	assert_int_equal(p9_hides_new(&h->hides, list, 3, true), 0);
	c->exports[0].fd = dup(h->home_fd);
	client_serve(c, 1, h->hides);
	assert_int_equal(walk(c, 0, FILE_FID, "f"), 0);
	*state = h;
	return 0;
}

static int teardown_hides(void **state)
{
	struct hiding *h = *state;

	client_free(h->c);
	p9_hides_free(h->hides);
	close(h->home_fd);
	free(h);
	return 0;
}

/* Whatever is there now is an empty file to the guest, or an empty directory. */
static void assert_nothing_in(struct client *c, uint32_t dir, const char *name)
{
	struct attr attr;

	assert_int_equal(walk(c, dir, 50, name), 0);
	assert_int_equal(getattr(c, 50, &attr), 0);
	assert_int_equal(attr.size, 0);
	assert_int_equal(attr.times[2], 0);
	assert_int_equal(lopen(c, 50, P9_DOTL_RDWR), -EACCES);
	assert_int_equal(xattrwalk(c, 50, 51, ""), -EOPNOTSUPP);
	if (S_ISDIR(attr.mode)) {
		assert_int_equal(attr.mode, S_IFDIR | 0555);
		assert_int_equal(walk(c, 50, 51, "key"), -ENOENT);
		assert_int_equal(lopen(c, 50, P9_DOTL_RDONLY), 0);
		assert_int_equal(read_bytes(c, P9_TREADDIR, 50, 0, 1000), 51);
	} else {
		assert_int_equal(attr.mode, S_IFREG | 0444);
		assert_int_equal(lopen(c, 50, P9_DOTL_RDONLY), 0);
		assert_int_equal(read_bytes(c, P9_TREAD, 50, 0, 1000), 0);
		assert_int_equal(twrite(c, 50, 0, "x", 1), -EACCES);
	}
	assert_int_equal(clunk(c, 50), 0);
}

static void hidden_entries_are_empty(void **state)
{
	struct client *c = ((struct hiding *)*state)->c;

	assert_nothing_in(c, 0, ".ssh");
	assert_nothing_in(c, 0, ".netrc");
	assert_nothing_in(c, 0, "d/../.ssh");
	assert_nothing_in(c, 0, ".ssh/../.netrc");
	/* The same file by another name of the host's. */
	assert_nothing_in(c, 0, "alias");
	assert_int_equal(walk(c, 0, 2, ".ssh/key"), 1);
	assert_int_equal(walk(c, 0, 2, ".later"), -ENOENT);
	assert_slurp(c, 0, "f", "ordinary");
	/* What is empty to the guest is not so to the host. */
	assert_content(c, "home/.ssh/key", SECRET);
	assert_content(c, "home/.netrc", SECRET);
}

static void hidden_entries_cannot_be_changed(void **state)
{
	struct client *c = ((struct hiding *)*state)->c;
	static const char *const names[] = {".ssh", ".netrc", "alias"};

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(walk(c, 0, 2, names[i]), 0);
		assert_int_equal(set_mode(c, 2, 0777), -EACCES);
		assert_int_equal(set_size(c, 2, 0), -EACCES);
		assert_int_equal(setattr(c, 2, (struct wish){.valid = P9_SETATTR_CTIME}), -EACCES);
		assert_int_equal(xattrcreate(c, 2, "user.x", 0, 0), -EACCES);
		assert_int_equal(tlink(c, 0, 2, "new"), -EACCES);
		assert_int_equal(trename(c, 2, 0, "new"), -EACCES);
		assert_int_equal(tremove(c, 2), -EACCES);
		assert_int_equal(walk(c, 0, 2, ""), 0);
		assert_int_equal(lcreate(c, 2, names[i], P9_DOTL_RDWR | P9_DOTL_TRUNC, 0644, ~0u),
				 -EACCES);
		assert_int_equal(clunk(c, 2), 0);
	}
	assert_int_equal(walk(c, 0, 2, ".ssh"), 0);
	assert_int_equal(lcreate(c, 2, "authorized_keys", P9_DOTL_RDWR, 0644, ~0u), -EACCES);
	assert_int_equal(tmkdir(c, 2, "new", 0755, ~0u), -EACCES);
	assert_int_equal(tunlinkat(c, 2, "key", 0), -EACCES);
	assert_int_equal(trenameat(c, 2, "key", 0, "key"), -EACCES);
	assert_content(c, "home/.netrc", SECRET);
	assert_content(c, "home/.ssh/key", SECRET);
}

/* Whether the guest has looked at them before or not. */
static void hidden_entries_are_neither_moved_nor_removed(void **state)
{
	struct client *c = ((struct hiding *)*state)->c;
	static const char *const names[] = {".ssh", ".netrc", "alias"};

	assert_int_equal(walk(c, 0, 2, "d"), 0);
	for (int known = 0; known < 2; known++) {
		for (size_t i = 0; i < 3; i++) {
			const char *name = names[i];

			if (known)
				assert_int_equal(walk(c, 0, 10 + (uint32_t)i, name), 0);
			assert_int_equal(trenameat(c, 0, name, 0, "new"), -EACCES);
			assert_int_equal(trenameat(c, 0, name, 2, "new"), -EACCES);
			assert_int_equal(trenameat(c, 0, "f", 0, name), -EACCES);
			assert_int_equal(trename(c, FILE_FID, 0, name), -EACCES);
			assert_int_equal(tunlinkat(c, 0, name, i ? 0 : P9_DOTL_AT_REMOVEDIR),
					 -EACCES);
			assert_int_equal(tmkdir(c, 0, name, 0755, ~0u), i == 2 ? -EEXIST : -EACCES);
			assert_int_equal(tlink(c, 0, FILE_FID, name), i == 2 ? -EEXIST : -EACCES);
		}
	}
	assert_content(c, "home/f", "ordinary");
	assert_content(c, "home/.netrc", SECRET);
	assert_content(c, "home/alias", SECRET);
}

/* A name that is hidden before there is anything: the guest shall not decide what the host finds there. */
static void a_hidden_name_cannot_be_taken(void **state)
{
	struct client *c = ((struct hiding *)*state)->c;

	assert_int_equal(walk(c, 0, 2, ""), 0);
	assert_int_equal(lcreate(c, 2, ".later", P9_DOTL_RDWR, 0644, ~0u), -EACCES);
	assert_int_equal(tmkdir(c, 0, ".later", 0755, ~0u), -EACCES);
	assert_int_equal(tsymlink(c, 0, ".later", "f"), -EACCES);
	assert_int_equal(tmknod(c, 0, ".later", S_IFREG | 0644), -EACCES);
	assert_int_equal(tlink(c, 0, FILE_FID, ".later"), -EACCES);
	assert_int_equal(trename(c, FILE_FID, 0, ".later"), -EACCES);
	assert_int_equal(trenameat(c, 0, "f", 0, ".later"), -EACCES);
	assert_false(is_there(c, "home/.later"));
	/* Of another directory it is a name like others. */
	assert_int_equal(walk(c, 0, 3, "d"), 0);
	assert_int_equal(tmkdir(c, 3, ".later", 0755, ~0u), 0);
	make_file(c, "home/.later", SECRET);
	assert_nothing_in(c, 0, ".later");
}

/* As programs save: to a new file, which then takes the name. */
static void what_replaces_it_is_hidden(void **state)
{
	struct client *c = ((struct hiding *)*state)->c;
	struct attr attr;

	assert_int_equal(walk(c, 0, 2, ".netrc"), 0);
	make_file(c, "home/.netrc.new", "more " SECRET);
	assert_int_equal(renameat(c->dir_fd, "home/.netrc.new", c->dir_fd, "home/.netrc"), 0);
	assert_nothing_in(c, 0, ".netrc");
	assert_nothing_in(c, 0, "alias");
	assert_int_equal(getattr(c, 2, &attr), 0);
	assert_int_equal(attr.size, 0);
	/* What was hidden when the server started is, under whatever name. */
	assert_int_equal(renameat(c->dir_fd, "home/.ssh", c->dir_fd, "home/d/moved"), 0);
	assert_nothing_in(c, 0, "d/moved");
	make_dir(c, "home/.ssh");
	make_file(c, "home/.ssh/key", SECRET);
	assert_nothing_in(c, 0, ".ssh");
}

/* The directory may be called whatever: it is the directory that counts. */
static void hidden_whatever_its_directory_is_called(void **state)
{
	struct hiding *h = *state;
	struct client *c = h->c;

	client_stop(c);
	/* Now the share is one above. */
	c->exports[0].fd = dup(c->dir_fd);
	client_serve(c, 1, h->hides);
	assert_nothing_in(c, 0, "home/.netrc");
	assert_int_equal(renameat(c->dir_fd, "home", c->dir_fd, "moved"), 0);
	assert_nothing_in(c, 0, "moved/.netrc");
	assert_nothing_in(c, 0, "moved/.ssh");
	assert_int_equal(walk(c, 0, 2, "moved"), 0);
	assert_int_equal(tunlinkat(c, 2, ".netrc", 0), -EACCES);
	assert_int_equal(tmkdir(c, 2, ".later", 0755, ~0u), -EACCES);
	assert_int_equal(walk(c, 0, 3, ""), 0);
	assert_int_equal(tmkdir(c, 3, "home", 0755, ~0u), 0);
	assert_int_equal(renameat2(c->dir_fd, "home", c->dir_fd, "moved", RENAME_EXCHANGE), 0);
	assert_nothing_in(c, 0, "home/.netrc");
}

/* To export it by name is to mean it. */
static void a_hidden_directory_that_is_an_export_itself(void **state)
{
	struct hiding *h = *state;
	struct client *c = h->c;

	client_stop(c);
	c->exports[0] = (struct p9_export){.name = "home", .fd = dup(h->home_fd)};
	c->exports[1] = (struct p9_export){
		.name = "ssh", .fd = openat(c->dir_fd, "home/.ssh", O_PATH | O_DIRECTORY)};
	client_serve(c, 2, h->hides);
	assert_slurp(c, 0, "ssh/key", SECRET);
	assert_int_equal(walk(c, 0, 2, "home/.ssh"), 0);
	assert_int_equal(walk(c, 2, 3, "key"), -ENOENT);
}

static void a_mount_of_what_is_hidden(void **state)
{
	struct client *c = ((struct hiding *)*state)->c;
	char from[128];

	if (!may_mount)
		skip_because("no right to mount anything");
	make_file(c, "home/m", "");
	make_dir(c, "home/md");
	(void)snprintf(from, sizeof(from), "%s", path_of(c, "home/.ssh"));
	assert_int_equal(mount(from, path_of(c, "home/md"), NULL, MS_BIND, NULL), 0);
	(void)snprintf(from, sizeof(from), "%s", path_of(c, "home/.netrc"));
	assert_int_equal(mount(from, path_of(c, "home/m"), NULL, MS_BIND, NULL), 0);
	assert_nothing_in(c, 0, "md");
	assert_nothing_in(c, 0, "m");
	/* Or something else at its place. */
	assert_int_equal(mount("t", path_of(c, "home/.ssh"), "tmpfs", 0, NULL), 0);
	make_file(c, "home/.ssh/key", SECRET);
	assert_nothing_in(c, 0, ".ssh");
	assert_int_equal(umount(path_of(c, "home/.ssh")), 0);
	assert_int_equal(umount(path_of(c, "home/md")), 0);
	assert_int_equal(umount(path_of(c, "home/m")), 0);
}

/* Else the guest moves one away, and what the host writes to the path of the hidden entry is elsewhere. */
static void directories_on_the_way_stay(void **state)
{
	struct hiding *h = *state;
	struct client *c = h->c;

	client_stop(c);
	c->exports[0].fd = open(c->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	client_serve(c, 1, h->hides);
	assert_int_equal(tmkdir(c, 0, "other", 0755, ~0u), 0);
	/* Without having looked at it, and after. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(trenameat(c, 0, "home", 0, "away"), -EBUSY);
		assert_int_equal(trenameat(c, 0, "other", 0, "home"), -EBUSY);
		assert_int_equal(tunlinkat(c, 0, "home", P9_DOTL_AT_REMOVEDIR), -EBUSY);
		assert_int_equal(walk(c, 0, 2 + (uint32_t)i, "home"), 0);
	}
	assert_int_equal(trename(c, 2, 0, "away"), -EBUSY);
	assert_int_equal(trenameat(c, 2, "d", 0, "e"), 0);
	assert_int_equal(trenameat(c, 0, "other", 0, "third"), 0);
	assert_nothing_in(c, 2, ".ssh");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_hides, teardown_hides)
		T(hidden_entries_are_empty),
		T(hidden_entries_cannot_be_changed),
		T(hidden_entries_are_neither_moved_nor_removed),
		T(a_hidden_name_cannot_be_taken),
		T(what_replaces_it_is_hidden),
		T(hidden_whatever_its_directory_is_called),
		T(a_hidden_directory_that_is_an_export_itself),
		T(a_mount_of_what_is_hidden),
		T(directories_on_the_way_stay),
#undef T
	};

	return cmocka_run_group_tests_name("p9 hides", tests, enter_mount_namespace, NULL);
}
