/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user mounts, as guest-init sees it: where mount points can be made (guest-init/places.h),
 * and the mounts themselves (guest-init/user_mounts.h), made in a mount namespace of this machine with
 * a read-only bind mount for the share and directories for the volumes' devices.
 */
#include "tests/unit/tree.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>

#include "guest-init/overlay.h"
#include "guest-init/places.h"
#include "guest-init/spec.h"
#include "guest-init/user_mounts.h"

static void test_below(void **state)
{
	(void)state;
	assert_true(places_below("/a", "/a"));
	assert_true(places_below("/a/b", "/a"));
	assert_true(places_below("/a", "/"));
	assert_true(places_below("/", "/"));
	assert_false(places_below("/ab", "/a"));
	assert_false(places_below("/", "/a"));
}

#define MOUNT(path)                                                  \
	{                                                            \
		.kind = USER_TMPFS, .dst = (char *)(uintptr_t)(path) \
	}

static void test_parents(void **state)
{
	const struct user_mount mounts[] = {
		MOUNT("/a"), MOUNT("/b"), MOUNT("/a/b"), MOUNT("/ab/c"), MOUNT("/a/b/c/d"),
	};
	const struct user_mount in_root[] = {MOUNT("/"), MOUNT("/a")};

	(void)state;
	assert_true(places_parent(mounts, 0) == PLACES_ROOT);
	assert_true(places_parent(mounts, 1) == PLACES_ROOT);
	assert_int_equal(places_parent(mounts, 2), 0);
	assert_true(places_parent(mounts, 3) == PLACES_ROOT);
	assert_int_equal(places_parent(mounts, 4), 2);
	assert_true(places_parent(in_root, 0) == PLACES_ROOT);
	assert_int_equal(places_parent(in_root, 1), 0);
}

static const char *const *existing;

static bool exists(const char *path)
{
	for (const char *const *e = existing; *e; e++)
		if (strcmp(*e, path) == 0)
			return true;
	return false;
}

static void test_bases(void **state)
{
	static const char *const paths[] = {"/", "/var", "/var/lib", "/var/lib/x", NULL};

	(void)state;
	existing = paths;
	assert_int_equal(places_base("/var/lib/x", "/", exists), 0);
	assert_int_equal(places_base("/", "/", exists), 0);
	assert_int_equal(places_base("/var/lib/y", "/", exists), strlen("/var/lib"));
	assert_int_equal(places_base("/var/lib/y/z/w", "/", exists), strlen("/var/lib"));
	assert_int_equal(places_base("/var/lib/x/y", "/", exists), strlen("/var/lib/x"));
	assert_int_equal(places_base("/var/y", "/", exists), strlen("/var"));
	assert_int_equal(places_base("/srv", "/", exists), 1);
	assert_int_equal(places_base("/srv/a", "/", exists), 1);
	assert_int_equal(places_base("/mnt/a/b", "/mnt", exists), strlen("/mnt"));
}

static void test_bases_do_not_cover_each_other(void **state)
{
	struct user_mount mounts[] = {
		MOUNT("/var/x"),       MOUNT("/var/lib/y"),   MOUNT("/var/lib/z"),
		MOUNT("/variety/lib"), MOUNT("/srv/d/e"),     MOUNT("/srv/d/f"),
		MOUNT("/srv/vol"),     MOUNT("/srv/vol/d/e"), MOUNT("/opt/x"),
	};
	const size_t bases[] = {4, 8, 8, 8, 6, 6, 0, 8, 0};
	const size_t left[] = {4, 0, 0, 8, 6, 0, 0, 8, 0};

	(void)state;
	for (size_t i = 0; i < 9; i++)
		mounts[i].base = bases[i];
	places_prune(mounts, 9, PLACES_ROOT);
	for (size_t i = 0; i < 9; i++)
		if (mounts[i].base != left[i])
			fail_msg("%s: %zu", mounts[i].dst, mounts[i].base);
	/* The root covers all, whoever has it. */
	mounts[4].base = 1;
	places_prune(mounts, 9, PLACES_ROOT);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(mounts[i].base, i == 4 ? 1 : i == 7 ? 8 : 0);
}

/* --- the mounts themselves ------------------------------------------------------------------------ */

static struct tree tree;

static int step(const char *what, int r)
{
	if (r)
		print_message("%s: %s\n", what, strerror(r < 0 ? -r : errno));
	return r;
}

/* A mount namespace of its own, whose mounts nobody else sees. False: not here, or without overlays. */
static bool separate(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return false;
	/* Without options it is refused in any case: the reason counts. */
	return mount("overlay", tree.root, "overlay", 0, NULL) == 0 || errno != ENODEV;
}

/*
 * As mounts_make() does it, the share being the tree's directory "share", and "/" in the end the root
 * of it. The private place has the directory "vol" for a device, with volumes in it.
 */
static int make_all(struct spec *spec)
{
	const char *share = tree_path(&tree, "/share");
	char root[PATH_MAX];

	FORMAT(root, "%s", share);
	if (step("bind", mount(root, root, NULL, MS_BIND, NULL)) ||
	    step("read-only", mount(NULL, root, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL)) ||
	    step("private", mount("private", tree_path(&tree, "/private"), "tmpfs", 0, NULL)) ||
	    step("chdir", chdir(tree.path)) || step("vol", mkdir("vol", 0755)) ||
	    step("vol", mount(tree_path(&tree, "/vol"), "vol", NULL, MS_BIND, NULL)) ||
	    step("root", user_mounts_root(spec, root)))
		return 1;
	int private = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (step("root", chdir(root)) || step("move", mount(".", "/", NULL, MS_MOVE, NULL)) ||
	    step("chroot", chroot(".")) || step("private", fchdir(private)) ||
	    step("base", user_mounts_base(spec)) ||
	    step("overlays", overlays_mount(&spec->overlays)) ||
	    step("mounts", user_mounts_make(spec)))
		return 1;
	return step("/", chdir("/"));
}

/* In the namespace: true if the shell in the share finds everything as it should be. */
static bool check(const char *script)
{
	static const char helper[] =
		"set -u\n"
		"ro() { ! (: >\"$1/new\") 2>&- || echo \"$1: rw\"; }\n"
		"rw() { (: >\"$1/new\") || echo \"$1: ro\"; }\n"
		"has() { [ \"$(cat \"$1\")\" = \"$2\" ] || echo \"$1: not $2\"; }\n";
	char text[4096];

	FORMAT(text, "%s exec 2>&1; %s", helper, script);
	int p[2];
	char said[2048] = "";
	if (pipe(p))
		return false;
	pid_t pid = fork();
	if (pid == 0) {
		(void)dup2(p[1], STDOUT_FILENO);
		(void)execl("/bin/sh", "sh", "-c", text, (char *)NULL);
		_exit(127);
	}
	(void)close(p[1]);
	size_t at = 0;
	for (ssize_t n; (n = read(p[0], said + at, sizeof(said) - 1 - at)) > 0;)
		at += (size_t)n;
	int status;
	if (waitpid(pid, &status, 0) != pid || status != 0 || at)
		print_message("status %#x: %s\n", (unsigned)status, said);
	return status == 0 && at == 0;
}

/* Text is records of core/abi.h; a small system to run a shell in is in the share already. */
static void run(const char *records, size_t len, const char *script)
{
	static char text[8192];
	const char *why = NULL;
	struct spec spec;
	int status;

	memcpy(text, records, len);
	assert_int_equal(spec_parse(&spec, text, len, &why), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (!separate())
			_exit(77);
		_exit(make_all(&spec) == 0 && check(script) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	spec_free(&spec);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("skipped: no mount namespace for this user, or no overlayfs\n");
		skip();
	}
	assert_int_equal(status, 0);
}

#define RUN(records, script)                                       \
	run("share=root:/\0uid=54321\0gid=54322\0arg=x\0" records, \
	    sizeof("share=root:/\0uid=54321\0gid=54322\0arg=x\0" records) - 1, script)

static int set_up(void **state)
{
	char command[1024];

	(void)state;
	tree_make(&tree);
	tree_mkdir(&tree, "/private");
	tree_write(&tree, "/share/var/file", "host", 4);
	tree_write(&tree, "/share/var/lib/sub/file", "host", 4);
	tree_mkdir(&tree, "/share/home/me");
	tree_mkdir(&tree, "/share/tmp");
	tree_write(&tree, "/vol/0/file", "volume", 6);
	tree_write(&tree, "/vol/0/deep/er/file", "volume", 6);
	tree_write(&tree, "/vol/1", "a file", 6);
	/* A shell and its libraries. */
	FORMAT(command,
	       "cd %s/share && chmod 1777 tmp && for f in /bin/sh /bin/cat /bin/mkdir "
	       "/bin/stat $(ldd /bin/sh /bin/cat /bin/mkdir /bin/stat | grep -o '/[^ :]*'); do "
	       "mkdir -p .${f%%/*} && cp -Ln $f .$f; done",
	       tree.root);
	return system(command) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	tree_remove(&tree);
	return 0;
}

static void test_volumes_where_there_is_a_place(void **state)
{
	(void)state;
	RUN("mount=ro:vol/0:/home\0mount=rw:vol/1:/var/file\0mount=rw:vol/0:/var/lib\0",
	    "ro /home; has /home/file volume; has /var/file 'a file'; rw /var/lib; has /home/new "
	    "''; "
	    "echo more >/var/file; has /var/file more; ro /var; ro /");
	assert_int_equal(access(tree_path(&tree, "/vol/0/new"), F_OK), 0);
}

static void test_places_that_do_not_exist(void **state)
{
	(void)state;
	RUN("overlay=/home\0overlay=/tmp\0overlay=/nothing\0mount=ro:vol/0:/var/new\0"
	    "mount=ro:vol/1:/home/file\0mount=ro:vol/1:/var/lib/x/y\0mount=ro:vol/0:/home/me/a/b\0"
	    "mount=rw:vol/0:/var/lib/x/z\0",
	    "has /var/new/file volume; has /var/lib/x/y 'a file'; rw /var/lib/x/z; ro /var; "
	    "ro /var/lib/x; ro /var/lib; ro /; has /var/lib/sub/file host; has /home/file 'a "
	    "file'; "
	    "has /home/me/a/b/file volume; ro /home/me/a/b; rw /home/me/a; rw /tmp");
	assert_int_equal(access(tree_path(&tree, "/share/var/new"), F_OK), -1);
}

static void test_places_in_the_root(void **state)
{
	(void)state;
	RUN("overlay=/home\0mount=ro:vol/0:/data\0mount=tmpfs:/scratch/a\0",
	    "has /data/file volume; rw /scratch/a; ro /; ro /scratch; ro /var; rw /home; "
	    "has /var/file host");
}

static void test_an_overlay_over_the_root(void **state)
{
	(void)state;
	RUN("mount=overlay:/\0mount=overlay:/var\0mount=ro:vol/0:/data\0",
	    "rw /; rw /var; rw /var/lib; mkdir /x; ro /data; echo new >/var/file; has /var/file "
	    "new");
	assert_int_equal(access(tree_path(&tree, "/share/x"), F_OK), -1);
}

static void test_overlays_and_tmpfs(void **state)
{
	(void)state;
	RUN("overlay=/home\0mount=overlay:/var\0mount=overlay:/home/me\0mount=tmpfs:/tmp\0"
	    "mount=tmpfs:/var/a/b\0",
	    "rw /var; has /var/lib/sub/file host; rw /home/me; rw /tmp; rw /var/a/b; "
	    "[ $(stat -c %u:%g:%a /tmp) = 54321:54322:1777 ] || stat /tmp; "
	    "[ $(stat -c %u:%g:%a /var/a/b) = 54321:54322:755 ] || stat /var/a/b");
}

static void test_volumes_in_volumes(void **state)
{
	(void)state;
	RUN("mount=ro:vol/0:/var\0mount=ro:vol/1:/var/deep/er/file\0mount=tmpfs:/var/deep/new/a\0"
	    "mount=rw:vol/0:/var/new/b\0mount=overlay:/var/new/b/deep\0",
	    "has /var/deep/er/file 'a file'; rw /var/deep/new/a; ro /var/deep/new; ro /var/deep; "
	    "rw /var/new/b; rw /var/new/b/deep; ro /var; has /var/new/b/deep/er/file volume");
	assert_int_equal(access(tree_path(&tree, "/vol/0/deep/new"), F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_below),
		cmocka_unit_test(test_parents),
		cmocka_unit_test(test_bases),
		cmocka_unit_test(test_bases_do_not_cover_each_other),
		cmocka_unit_test_setup_teardown(test_volumes_where_there_is_a_place, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_places_that_do_not_exist, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_places_in_the_root, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_overlay_over_the_root, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_overlays_and_tmpfs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_volumes_in_volumes, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
