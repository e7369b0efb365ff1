/* SPDX-License-Identifier: Apache-2.0 */
/* What the user mounts, checked against a host, and what is hidden of it. */
#include "tests/unit/tree.h"

#include <errno.h>

#include "core/util.h"
#include "launcher/hides.h"
#include "launcher/mounts.h"
#include "launcher/paths.h"

static struct tree tree;
static struct captured captured;

static int set_up(void **state)
{
	(void)state;
	tree_make(&tree);
	tree_write(&tree, "/data/file", "x", 1);
	tree_mkdir(&tree, "/data/dir/sub");
	tree_mkdir(&tree, "/etc");
	assert_int_equal(symlink("data", tree_path(&tree, "/link")), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tree_remove(&tree);
	return 0;
}

static void names_of_paths(void **state)
{
	(void)state;
	assert_true(path_below("/a/b", "/a") && path_below("/a", "/a") && path_below("/a", "/"));
	assert_false(path_below("/ab", "/a") || path_below("/", "/a"));
	assert_int_equal(path_depth("/"), 0);
	assert_int_equal(path_depth("/a"), 1);
	assert_int_equal(path_depth("/a/b.c"), 2);
	assert_string_equal(path_fresh("/run"), "/run");
	assert_string_equal(path_fresh("/dev/shm/x"), "/dev");
	assert_null(path_fresh("/running"));
	assert_null(path_fresh("/"));
}

static void assert_resolved(const char *path, const char *cwd, const char *expected)
{
	char *real = NULL;

	assert_int_equal(path_resolve(path, cwd, &real), 0);
	assert_string_equal(real, expected);
	free(real);
}

static void paths_that_exist_in_part(void **state)
{
	char cwd[PATH_MAX], longest[PATH_MAX + 1];
	char *real = NULL;

	(void)state;
	FORMAT(cwd, "%s/link", tree.root);
	assert_resolved("/", NULL, "/");
	assert_resolved("//", NULL, "/");
	assert_resolved("/nothing/./here//at/all/", NULL, "/nothing/here/at/all");
	assert_resolved("dir/../dir", cwd, tree_path(&tree, "/data/dir"));
	assert_resolved("dir/new/sub", cwd, tree_path(&tree, "/data/dir/new/sub"));
	assert_resolved(".", cwd, tree_path(&tree, "/data"));
	assert_resolved("file/x", cwd, tree_path(&tree, "/data/file/x"));
	assert_int_equal(path_resolve("/nothing/../x", NULL, &real), -EINVAL);
	assert_int_equal(path_resolve("x", NULL, &real), -ENOENT);
	memset(longest, 'x', PATH_MAX);
	longest[0] = '/';
	longest[PATH_MAX] = '\0';
	assert_int_equal(path_resolve(longest, NULL, &real), -ENAMETOOLONG);
	longest[PATH_MAX - 1] = '\0';
	assert_resolved(longest, NULL, longest);
}

/* "KIND:TEXT", where KIND is v, rw, t or o, and '@' in TEXT is the tree; up to a NULL. */
static int plan(struct mounts *mounts, const char *const *what)
{
	struct mount_options options = {0};
	char cwd[PATH_MAX];

	for (; *what; what++) {
		char text[PATH_MAX] = "";
		const char *colon = strchr(*what, ':');

		for (const char *c = colon + 1; *c; c++) {
			const char one[] = {*c, '\0'};
			(void)strcat(text, *c == '@' ? tree.root : one);
		}
		switch (**what) {
		case 'v':
			assert_int_equal(mount_options_add_volume(&options, text), 0);
			break;
		case 'r':
			assert_int_equal(mount_options_add_dir(&options, "rw", MOUNT_VOLUME, text),
					 0);
			break;
		case 't':
			assert_int_equal(
				mount_options_add_dir(&options, "tmpfs", MOUNT_TMPFS, text), 0);
			break;
		default:
			assert_int_equal(
				mount_options_add_dir(&options, "overlay", MOUNT_OVERLAY, text), 0);
			break;
		}
	}
	FORMAT(cwd, "%s/data", tree.root);
	stderr_begin(&captured);
	int err = mounts_plan(mounts, &options, cwd);
	stderr_end(&captured);
	mount_options_free(&options);
	if (err)
		assert_one_line(captured.text);
	else
		assert_string_equal(captured.text, "");
	return err;
}
#define PLAN(mounts, ...) plan(mounts, (const char *const[]){__VA_ARGS__, NULL})

static void assert_place(const struct mount *mount, const char *below)
{
	assert_string_equal(mount->dst, tree_path(&tree, below));
}

static void places_and_sources(void **state)
{
	struct mounts mounts;
	struct stat st, there;

	(void)state;
	assert_int_equal(PLAN(&mounts, "v:@/link/file", "v:@/link:/srv/x/:rw", "r:@/link/dir",
			      "t:new", "o:dir/sub"),
			 0);
	assert_int_equal(mounts.count, 5);
	assert_string_equal(mounts.items[0].dst, "/srv/x");
	assert_true(mounts.items[0].rw && mounts.items[0].is_dir);
	assert_int_equal(mounts.items[0].cache, CACHE_MMAP);
	assert_int_equal(fstat(mounts.items[0].fd, &st), 0);
	assert_int_equal(stat(tree_path(&tree, "/data"), &there), 0);
	assert_true(st.st_ino == there.st_ino && st.st_dev == there.st_dev);
	assert_true(fcntl(mounts.items[0].fd, F_GETFL) & O_PATH);
	assert_place(&mounts.items[1], "/data/file");
	assert_true(!mounts.items[1].rw && !mounts.items[1].is_dir);
	assert_place(&mounts.items[2], "/data/dir");
	assert_true(mounts.items[2].rw);
	assert_place(&mounts.items[3], "/data/new");
	assert_int_equal(mounts.items[3].kind, MOUNT_TMPFS);
	assert_place(&mounts.items[4], "/data/dir/sub");
	assert_int_equal(mounts.items[4].kind, MOUNT_OVERLAY);
	mounts_free(&mounts);
}

static void parents_come_first(void **state)
{
	static const char *const expected[] = {"/", "/z", "/b/c", "/a/b", "/z/b/c", "/a/b/c/d"};
	struct mounts mounts;

	(void)state;
	assert_int_equal(PLAN(&mounts, "v:@/data:/a/b/c/d", "t:/b/c", "t:/z", "v:@/data/dir:/a/b",
			      "o:/", "t:/z/b/c"),
			 0);
	assert_int_equal(mounts.count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < mounts.count; i++)
		assert_string_equal(mounts.items[i].dst, expected[i]);
	assert_true(mounts_cover(&mounts, "/anything", true));
	assert_false(mounts_cover(&mounts, "/anything", false));
	assert_true(mounts_cover(&mounts, "/z/x", false));
	mounts_free(&mounts);
}

static void cache_modes_in_use(void **state)
{
	struct mounts mounts;
	bool rw;

	(void)state;
	assert_int_equal(
		PLAN(&mounts, "v:@/data:/a", "v:@/data:/b", "t:/c", "v:@/data:/d:cache=none,rw"),
		0);
	assert_true(mounts_use_cache(&mounts, CACHE_LOOSE, &rw) && !rw);
	assert_false(mounts_use_cache(&mounts, CACHE_MMAP, &rw));
	assert_true(mounts_use_cache(&mounts, CACHE_NONE, &rw) && rw);
	mounts_free(&mounts);
}

static void what_cannot_be_mounted(void **state)
{
	static const struct {
		const char *what[3];
		int err;
		const char *says;
	} rows[] = {
		{{"v:@/nothing"}, -ENOENT, "--volume: "},
		{{"v:/dev/null"}, -ENOTDIR, "neither a directory nor a regular file"},
		{{"r:@/data/file"}, -ENOTDIR, "for a file: -v FILE:rw"},
		{{"v:@/data:/"}, -EINVAL, "'--overlay /' makes it writable"},
		{{"v:/"}, -EINVAL, "'--overlay /' makes it writable"},
		{{"r:/"}, -EINVAL, "--rw: nothing can be put in place of the VM's /"},
		{{"t:@/../.."}, -EINVAL, "--tmpfs: nothing can be put"},
		{{"t:/proc/"}, -EINVAL, "/proc is the VM's own"},
		{{"v:@/data:/dev"}, -EINVAL, "/dev is the VM's own"},
		{{"o:/run/x"}, -EINVAL, "the VM has a /run of its own"},
		{{"o:@/nothing"}, -ENOENT, "--overlay: "},
		{{"o:@/data/file"}, -ENOTDIR, "is not a directory"},
		{{"t:@/data/file"}, -ENOTDIR, "is not a directory"},
		{{"v:@/data:@/data/file"}, -ENOTDIR, "is a directory, and "},
		{{"v:@/data/file:@/data"}, -ENOTDIR, "is a file, and "},
		{{"v:@/data:/x/../y/../../z"}, -EINVAL, "\"..\" after a name that does not exist"},
		{{"v:@/data:/x", "t:/x/"}, -EEXIST, "something at /x already (--volume)"},
		{{"t:/x/y", "v:@/data/file:/x"},
		 -ENOTDIR,
		 "/x/y would be below /x, which is a file"},
		{{"r:@/link", "v:@/data"}, -EEXIST, "already (--rw)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *const what[] = {rows[i].what[0], rows[i].what[1], NULL};
		struct mounts mounts;

		if (plan(&mounts, what) != rows[i].err)
			fail_msg("%s: %s", rows[i].what[0], captured.text);
		assert_contains(captured.text, rows[i].says);
		mounts_free(&mounts);
	}
}

/* What the host has at a place says nothing where something else is mounted. */
static void what_only_the_guest_can_refuse(void **state)
{
	struct mounts mounts;

	(void)state;
	assert_int_equal(PLAN(&mounts, "v:@/data/dir:@/etc", "v:@/data/file:@/etc/new/passwd",
			      "o:@/etc/none", "t:/run/x", "v:@/data:/run/y", "o:/run/y/dir"),
			 0);
	mounts_free(&mounts);
}

static void too_many_mounts(void **state)
{
	const char *what[MOUNTS_MAX + 2];
	char text[MOUNTS_MAX + 1][16];
	struct mounts mounts;

	(void)state;
	for (unsigned i = 0; i <= MOUNTS_MAX; i++) {
		FORMAT(text[i], "t:/x/%u", i);
		what[i] = text[i];
	}
	what[MOUNTS_MAX + 1] = NULL;
	assert_int_equal(plan(&mounts, what), -E2BIG);
	mounts_free(&mounts);
	what[MOUNTS_MAX] = NULL;
	assert_int_equal(plan(&mounts, what), 0);
	mounts_free(&mounts);
}

/* --- what is hidden ------------------------------------------------------------------------------- */

static char *const no_environment[] = {NULL};

static bool hidden(const struct hides *hides, const char *path)
{
	struct stat parent, st;
	char dir[PATH_MAX];

	FORMAT(dir, "%s", path);
	char *slash = strrchr(dir, '/');
	*slash = '\0';
	assert_int_equal(stat(dir[0] ? dir : "/", &parent), 0);
	for (size_t i = 0; i < hides->count; i++) {
		const struct hide *hide = &hides->items[i];

		assert_int_equal(fstat(hides->dirs[hide->dir].fd, &st), 0);
		if (st.st_ino == parent.st_ino && st.st_dev == parent.st_dev &&
		    strcmp(hide->name, slash + 1) == 0)
			return true;
	}
	return false;
}

#define HIDDEN(hides, below) hidden(hides, tree_path(&tree, below))

static int add_default(struct hides *hides, uid_t uid, const char *a, const char *b)
{
	const struct caller caller = {.uid = uid, .environ = no_environment};
	const char *const homes[] = {NULL, a, b};

	*hides = (struct hides){0};
	stderr_begin(&captured);
	int err = hides_add_default(hides, &caller, homes, 3);
	stderr_end(&captured);
	assert_string_equal(captured.text, "");
	return err;
}

static void credentials_in_the_homes(void **state)
{
	static const char *const names[] = {".ssh",
					    ".gnupg",
					    ".aws",
					    ".netrc",
					    ".config/gh",
					    ".config/chromium",
					    ".cargo/credentials.toml"};
	char a[PATH_MAX], b[PATH_MAX];
	struct hides hides;

	(void)state;
	tree_mkdir(&tree, "/home/a/.ssh");
	tree_mkdir(&tree, "/home/a/.config");
	tree_mkdir(&tree, "/home/a/.cargo");
	tree_mkdir(&tree, "/home/b");
	FORMAT(a, "%s/home/a/", tree.root);
	FORMAT(b, "%s/home/b", tree.root);
	assert_int_equal(add_default(&hides, 54321, a, b), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[PATH_MAX];

		FORMAT(path, "%s%s", a, names[i]);
		if (!hidden(&hides, path))
			fail_msg("%s is not hidden", names[i]);
	}
	assert_true(HIDDEN(&hides, "/home/b/.ssh"));
	/* One descriptor for each directory, none for what does not exist. */
	assert_int_equal(hides.dir_count, 4);
	assert_false(HIDDEN(&hides, "/home/a/.config/git"));
	hides_free(&hides);
	/* Once is enough; and what is no path is no home. */
	assert_int_equal(add_default(&hides, 54321, b, b), 0);
	assert_int_equal(hides.dir_count, 1);
	hides_free(&hides);
	assert_int_equal(add_default(&hides, 54321, "nowhere", ""), 0);
	assert_int_equal(hides.dir_count, 0);
	hides_free(&hides);
}

static void what_is_behind_a_link_is_hidden_too(void **state)
{
	struct hides hides;
	char home[PATH_MAX];

	(void)state;
	tree_mkdir(&tree, "/home/a");
	tree_mkdir(&tree, "/safe/keys");
	FORMAT(home, "%s/home/a", tree.root);
	assert_int_equal(symlink("../../safe/keys", tree_path(&tree, "/home/a/.ssh")), 0);
	assert_int_equal(symlink("nowhere", tree_path(&tree, "/home/a/.netrc")), 0);
	assert_int_equal(symlink("/", tree_path(&tree, "/home/a/.aws")), 0);
	assert_int_equal(add_default(&hides, 54321, home, NULL), 0);
	assert_true(HIDDEN(&hides, "/home/a/.ssh"));
	assert_true(HIDDEN(&hides, "/safe/keys"));
	assert_true(HIDDEN(&hides, "/home/a/.netrc"));
	assert_true(HIDDEN(&hides, "/home/a/.aws"));
	assert_int_equal(hides.dir_count, 2);
	hides_free(&hides);
}

static void the_secrets_of_the_host_are_hidden_from_root(void **state)
{
	struct hides hides;

	(void)state;
	assert_int_equal(add_default(&hides, 0, NULL, NULL), 0);
	assert_true(hidden(&hides, "/etc/shadow"));
	assert_true(hidden(&hides, "/etc/gshadow-"));
	hides_free(&hides);
	assert_int_equal(add_default(&hides, 1, NULL, NULL), 0);
	assert_int_equal(hides.count, 0);
	hides_free(&hides);
}

static int add_path(struct hides *hides, const char *path)
{
	stderr_begin(&captured);
	int err = hides_add_path(hides, path);
	stderr_end(&captured);
	if (err)
		assert_one_line(captured.text);
	return err;
}

static void paths_to_hide(void **state)
{
	struct hides hides = {0};
	char cwd[PATH_MAX];

	(void)state;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(chdir(tree_path(&tree, "/data")), 0);
	assert_int_equal(add_path(&hides, tree_path(&tree, "/link/not-yet//")), 0);
	assert_int_equal(add_path(&hides, "file"), 0);
	assert_int_equal(add_path(&hides, "dir/sub/."), 0);
	assert_int_equal(add_path(&hides, tree_path(&tree, "/link")), 0);
	assert_int_equal(chdir(cwd), 0);
	assert_true(HIDDEN(&hides, "/data/not-yet"));
	assert_true(HIDDEN(&hides, "/data/file"));
	assert_true(HIDDEN(&hides, "/data/dir/sub"));
	assert_true(HIDDEN(&hides, "/link"));
	assert_true(HIDDEN(&hides, "/data"));
	assert_int_equal(add_path(&hides, "/"), -EINVAL);
	assert_int_equal(add_path(&hides, "/.."), -EINVAL);
	assert_int_equal(add_path(&hides, tree_path(&tree, "/none/x")), -ENOENT);
	assert_contains(captured.text, "--hide: the directory of ");
	assert_int_equal(add_path(&hides, tree_path(&tree, "/none/x")), -ENOENT);
	assert_int_equal(add_path(&hides, tree_path(&tree, "/data/file/x")), -ENOTDIR);
	assert_int_equal(add_path(&hides, tree_path(&tree, "/none/.")), -ENOENT);
	hides_free(&hides);
}

static void too_many_hidden_paths(void **state)
{
	struct hides hides = {0};
	char name[16];

	(void)state;
	for (unsigned i = 0; i < HIDES_MAX; i++) {
		FORMAT(name, "x%u", i);
		assert_int_equal(add_path(&hides, name), 0);
	}
	assert_int_equal(add_path(&hides, "x0"), 0);
	assert_int_equal(add_path(&hides, "y"), -E2BIG);
	assert_contains(captured.text, "more than 256 names");
	assert_int_equal(hides.dir_count, 1);
	hides_free(&hides);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_paths),
		TEST(paths_that_exist_in_part),
		TEST(places_and_sources),
		TEST(parents_come_first),
		TEST(cache_modes_in_use),
		TEST(what_cannot_be_mounted),
		TEST(what_only_the_guest_can_refuse),
		TEST(too_many_mounts),
		TEST(credentials_in_the_homes),
		TEST(what_is_behind_a_link_is_hidden_too),
		TEST(the_secrets_of_the_host_are_hidden_from_root),
		TEST(paths_to_hide),
		TEST(too_many_hidden_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
