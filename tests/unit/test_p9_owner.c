/* SPDX-License-Identifier: Apache-2.0 */
/* 9P: whose the files are that a guest makes, and the bits that give rights away. */
#include "tests/unit/p9_client.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "core/util.h"
#include "virtio/p9/creds.h"

#define NOBODY  65534u
#define USER    1000u
#define GROUP   1001u
#define FOREIGN 4242u /* a group that nobody here is in, but where it is said */

/* Fid USER_FID is the root for the guest's user USER. */
enum {
	USER_FID = 100
};

static int setup_root(void **state)
{
	int r = setup_writable(state);
	struct client *c = *state;

	if (geteuid() == 0)
		assert_int_equal(attach_as(c, USER_FID, USER), 0);
	return r;
}

#define need_root()                                                       \
	do {                                                              \
		if (geteuid() != 0)                                       \
			skip_because("only root makes files for others"); \
	} while (0)

/* A number of this thread's in /proc, in hexadecimal or decimal, the `which`th of its line. */
static uint64_t status_of_thread(const char *key, int which, int base)
{
	FILE *f = fopen("/proc/thread-self/status", "re");
	char line[256], *at = NULL;
	uint64_t value = UINT64_MAX;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		at = line + strlen(key);
		for (int i = 0; i <= which; i++)
			value = strtoull(at, &at, base);
	}
	(void)fclose(f);
	assert_non_null(at);
	return value;
}

/* The server is itself again, and without the one right it is to do without. */
static void assert_server_is_itself(void)
{
	uint64_t effective = status_of_thread("CapEff:", 0, 16);

	if (&confined_workers)
		return; /* another thread's rights */
	assert_int_equal(status_of_thread("Uid:", 3, 10), 0);
	assert_int_equal(status_of_thread("Gid:", 3, 10), 0);
	assert_true(effective & CAP_TO_MASK(CAP_DAC_OVERRIDE));
	assert_true(effective & CAP_TO_MASK(CAP_FOWNER));
	assert_false(effective & CAP_TO_MASK(CAP_FSETID));
}

static void assert_owner(struct client *c, const char *name, uid_t uid, gid_t gid)
{
	struct stat st = stat_of(c, name);

	assert_int_equal(st.st_uid, uid);
	assert_int_equal(st.st_gid, gid);
}

static int create_as(struct client *c, uint32_t root, const char *name, uint32_t mode, uint32_t gid)
{
	int r = walk(c, root, 50, "");

	if (r == 0)
		r = lcreate(c, 50, name, P9_DOTL_RDWR | P9_DOTL_EXCL, mode, gid);
	assert_int_equal(clunk(c, 50), 0);
	return r;
}

static int symlink_as(struct client *c, uint32_t root, const char *name, uint32_t gid)
{
	start(c, P9_TSYMLINK);
	p9_put_u32(&c->out, root);
	put_name(c, name);
	put_name(c, "target");
	p9_put_u32(&c->out, gid);
	return call_made(c, P9_QTSYMLINK);
}

static int mknod_as(struct client *c, uint32_t root, const char *name, uint32_t gid)
{
	start(c, P9_TMKNOD);
	p9_put_u32(&c->out, root);
	put_name(c, name);
	p9_put_u32(&c->out, S_IFIFO | 0644);
	p9_put_u64(&c->out, 0);
	p9_put_u32(&c->out, gid);
	return call_made(c, P9_QTFILE);
}

static void what_is_made_is_the_guests_users(void **state)
{
	struct client *c = *state;

	need_root();
	/* Of a directory that is not the user's: whether that is allowed, the guest has decided. */
	assert_int_equal(fchmodat(c->dir_fd, ".", 0700, 0), 0);
	assert_int_equal(create_as(c, USER_FID, "f", 0640, GROUP), 0);
	assert_owner(c, "f", USER, GROUP);
	assert_int_equal(tmkdir(c, USER_FID, "d", 0750, GROUP), 0);
	assert_owner(c, "d", USER, GROUP);
	assert_int_equal(symlink_as(c, USER_FID, "l", GROUP), 0);
	assert_owner(c, "l", USER, GROUP);
	assert_int_equal(mknod_as(c, USER_FID, "p", GROUP), 0);
	assert_owner(c, "p", USER, GROUP);
	assert_server_is_itself();
	/* A fid inherits its user on every walk. */
	assert_int_equal(walk(c, USER_FID, 1, "d"), 0);
	assert_int_equal(walk(c, 1, 2, ""), 0);
	assert_int_equal(tmkdir(c, 2, "e", 0755, GROUP), 0);
	assert_owner(c, "d/e", USER, GROUP);
	/* Root in the guest, and nobody in particular. */
	assert_int_equal(attach_as(c, 3, 0), 0);
	assert_int_equal(create_as(c, 3, "root", 0644, 0), 0);
	assert_owner(c, "root", 0, 0);
	assert_int_equal(create_as(c, 3, "roots", 0644, GROUP), 0);
	assert_owner(c, "roots", 0, GROUP);
	assert_int_equal(create_as(c, 0, "none", 0644, ~0u), 0);
	assert_owner(c, "none", 0, 0);
	assert_int_equal(create_as(c, USER_FID, "no-group", 0644, ~0u), 0);
	assert_owner(c, "no-group", USER, 0);
}

static void a_failure_leaves_the_server_itself(void **state)
{
	struct client *c = *state;

	need_root();
	make_file(c, "f", "x");
	assert_int_equal(create_as(c, USER_FID, "f", 0644, GROUP), -EEXIST);
	assert_server_is_itself();
	assert_int_equal(tmkdir(c, USER_FID, "f", 0755, GROUP), -EEXIST);
	assert_server_is_itself();
	assert_int_equal(symlink_as(c, USER_FID, "f", GROUP), -EEXIST);
	assert_server_is_itself();
	assert_int_equal(mknod_as(c, USER_FID, "f", GROUP), -EEXIST);
	assert_server_is_itself();
	assert_int_equal(walk(c, USER_FID, 1, "f"), 0);
	assert_int_equal(set_mode(c, 1, 06755), 0);
	assert_server_is_itself();
	assert_int_equal(walk(c, USER_FID, 2, ""), 0);
	assert_int_equal(lcreate(c, 2, "f", P9_DOTL_RDWR, 0644, GROUP), 0);
	assert_server_is_itself();
}

/* A new file there has the directory's group, and must not run with it. */
static void assert_no_group_is_granted(struct client *c, uint32_t root, const char *name,
				       gid_t group)
{
	static const uint32_t modes[] = {02755, 02711, 06777, 02010};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct stat st;

		assert_int_equal(create_as(c, root, "new", modes[i], GROUP), 0);
		st = stat_of(c, name);
		assert_int_equal(st.st_gid, group);
		assert_int_equal(st.st_mode & S_ISGID, 0);
		assert_int_equal(tunlinkat(c, root, "new", 0), 0);
		assert_int_equal(tmknod(c, root, "new", S_IFREG | modes[i]), 0);
		assert_int_equal(stat_of(c, name).st_mode & S_ISGID, 0);
		assert_int_equal(tunlinkat(c, root, "new", 0), 0);
	}
}

static void a_setgid_directory_grants_no_foreign_group(void **state)
{
	struct client *c = *state;
	static const gid_t groups[] = {FOREIGN, 0};

	need_root();
	make_dir(c, "d");
	assert_int_equal(walk(c, USER_FID, 1, "d"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		assert_int_equal(fchownat(c->dir_fd, "d", 0, groups[i], 0), 0);
		assert_int_equal(set_mode(c, 1, 02777), 0);
		assert_no_group_is_granted(c, 1, "d/new", groups[i]);
		assert_int_equal(tmkdir(c, 1, "sub", 0755, GROUP), 0);
		assert_owner(c, "d/sub", USER, groups[i]);
		assert_int_equal(tunlinkat(c, 1, "sub", P9_DOTL_AT_REMOVEDIR), 0);
	}
}

/* Where the directory's group is the user's own, the bit is the user's to set. */
static void a_group_of_the_users_own_may_be_granted(void **state)
{
	struct client *c = *state;

	need_root();
	make_dir(c, "d");
	assert_int_equal(fchownat(c->dir_fd, "d", 0, GROUP, 0), 0);
	assert_int_equal(walk(c, USER_FID, 1, "d"), 0);
	for (mode_t setgid = 0; setgid <= S_ISGID; setgid += S_ISGID) {
		assert_int_equal(set_mode(c, 1, 0777 | setgid), 0);
		assert_int_equal(create_as(c, 1, "f", 02751, GROUP), 0);
		assert_int_equal(stat_of(c, "d/f").st_mode, S_IFREG | 02751);
		assert_owner(c, "d/f", USER, GROUP);
		assert_int_equal(tunlinkat(c, 1, "f", 0), 0);
	}
	assert_server_is_itself();
}

/* Groups of the server's are none of the guest's user's. */
static void nor_does_it_grant_one_of_the_servers(void **state)
{
	struct client *c;
	gid_t groups[64], more[] = {0, FOREIGN};
	int count = getgroups(64, groups);

	need_root();
	if (&confined_workers)
		skip_because("a confined worker may not change groups");
	assert_true(count >= 0);
	if (setgroups(2, more))
		skip_because("no right to change groups");
	c = client_new_temporary(true);
	assert_int_equal(attach_as(c, USER_FID, USER), 0);
	make_dir(c, "d");
	assert_int_equal(walk(c, USER_FID, 1, "d"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		assert_int_equal(fchownat(c->dir_fd, "d", 0, more[i], 0), 0);
		assert_int_equal(set_mode(c, 1, 02777), 0);
		assert_no_group_is_granted(c, 1, "d/new", more[i]);
	}
	client_free(c);
	assert_int_equal(setgroups((size_t)count, groups), 0);
	(void)state;
}

/* "f" is set-user-ID and set-group-ID, and has something to be truncated. */
static void make_dangerous(struct client *c, uid_t uid, gid_t gid)
{
	make_file(c, "f", "0123456789");
	assert_int_equal(fchownat(c->dir_fd, "f", uid, gid, 0), 0);
	assert_int_equal(fchmodat(c->dir_fd, "f", 0777, 0), 0);
	assert_int_equal(walk(c, 0, 60, "f"), 0);
	assert_int_equal(set_mode(c, 60, 06777), 0); /* as chmod(2): on purpose */
	assert_int_equal(clunk(c, 60), 0);
	assert_int_equal(stat_of(c, "f").st_mode, S_IFREG | 06777);
}

static void drop_by_write(struct client *c, uint32_t root)
{
	assert_int_equal(walk(c, root, 60, "f"), 0);
	assert_int_equal(lopen(c, 60, P9_DOTL_RDWR), 0);
	assert_int_equal(stat_of(c, "f").st_mode, S_IFREG | 06777);
	assert_int_equal(twrite(c, 60, 0, "x", 1), 1);
}

static void drop_by_truncate(struct client *c, uint32_t root)
{
	assert_int_equal(walk(c, root, 60, "f"), 0);
	assert_int_equal(set_size(c, 60, 3), 0);
}

static void drop_by_truncate_of_what_is_open(struct client *c, uint32_t root)
{
	assert_int_equal(walk(c, root, 60, "f"), 0);
	assert_int_equal(lopen(c, 60, P9_DOTL_WRONLY), 0);
	assert_int_equal(set_size(c, 60, 3), 0);
}

static void drop_by_open(struct client *c, uint32_t root)
{
	assert_int_equal(walk(c, root, 60, "f"), 0);
	assert_int_equal(lopen(c, 60, P9_DOTL_WRONLY | P9_DOTL_TRUNC), 0);
}

static void drop_by_create(struct client *c, uint32_t root)
{
	assert_int_equal(walk(c, root, 60, ""), 0);
	assert_int_equal(lcreate(c, 60, "f", P9_DOTL_WRONLY | P9_DOTL_TRUNC, 0644, ~0u), 0);
}

static void drop_by_append(struct client *c, uint32_t root)
{
	assert_int_equal(walk(c, root, 60, "f"), 0);
	assert_int_equal(lopen(c, 60, P9_DOTL_RDWR | P9_DOTL_APPEND), 0);
	assert_int_equal(twrite(c, 60, 10, "x", 1), 1);
}

static void a_write_drops_the_bits_that_give_rights(void **state)
{
	static void (*const ways[])(struct client *, uint32_t) = {
		drop_by_write, drop_by_truncate, drop_by_truncate_of_what_is_open,
		drop_by_open,  drop_by_create,   drop_by_append};
	struct client *c = *state;
	bool root = geteuid() == 0;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		for (uint32_t user = 0; user < (root ? 3 : 1); user++) {
			if (root && user == 2)
				assert_int_equal(attach_as(c, 70, 0), 0);
			make_dangerous(c, root ? USER : (uid_t)-1, root ? FOREIGN : (gid_t)-1);
			ways[i](c, user == 0 ? 0 : user == 1 ? USER_FID : 70);
			assert_int_equal(stat_of(c, "f").st_mode, S_IFREG | 0777);
			assert_int_equal(clunk(c, 60), 0);
			if (root && user == 2)
				assert_int_equal(clunk(c, 70), 0);
		}
	}
}

/* Nothing has been set through the server yet: it is without that right from the first request on. */
static void the_first_write_drops_them(void **state)
{
	struct client *c = *state;

	client_stop(c);
	p9_creds_fsetid(true); /* this thread has served before */
	make_file(c, "f", "0123456789");
	assert_int_equal(fchmodat(c->dir_fd, "f", 06777, 0), 0);
	c->exports[0].fd = dup(c->dir_fd);
	client_serve(c, 1, NULL);
	assert_int_equal(stat_of(c, "f").st_mode, S_IFREG | 06777);
	drop_by_write(c, 0);
	assert_int_equal(stat_of(c, "f").st_mode, S_IFREG | 0777);
}

static void a_new_owner_drops_them_too(void **state)
{
	struct client *c = *state;

	need_root();
	make_dangerous(c, USER, FOREIGN);
	assert_int_equal(walk(c, USER_FID, 1, "f"), 0);
	assert_int_equal(setattr(c, 1, (struct wish){.valid = P9_SETATTR_UID, .uid = 0}), 0);
	assert_int_equal(stat_of(c, "f").st_mode, S_IFREG | 0777);
	assert_owner(c, "f", 0, FOREIGN);
}

/* In a process of its own: ends it where a condition does not hold. */
#define must(condition)                         \
	do {                                    \
		if (!(condition))               \
			_exit(__LINE__ & 0xff); \
	} while (0)

/* A server that is nobody's, with one group more. */
static void serve_as_nobody(const char *dir)
{
	gid_t groups[] = {NOBODY, GROUP};
	struct client *c;

	must(setgroups(2, groups) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0);
	must(setresuid(NOBODY, NOBODY, NOBODY) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0);
	c = client_prepare(dir);
	c->exports[0].writable = true;
	client_serve(c, 1, NULL);
	must(attach_as(c, USER_FID, USER) == 0);
	/* Its own, and in a group of its own where the guest asks for one. */
	must(create_as(c, USER_FID, "own", 0644, GROUP) == 0);
	must(stat_of(c, "own").st_uid == NOBODY && stat_of(c, "own").st_gid == GROUP);
	must(tmkdir(c, USER_FID, "dir", 0755, GROUP) == 0);
	must(stat_of(c, "dir").st_gid == GROUP);
	must(symlink_as(c, USER_FID, "link", GROUP) == 0);
	must(stat_of(c, "link").st_gid == GROUP);
	must(mknod_as(c, USER_FID, "fifo", GROUP) == 0);
	must(stat_of(c, "fifo").st_gid == GROUP);
	/* Another's group is not to be had, which is no error. */
	must(create_as(c, USER_FID, "foreign", 0644, FOREIGN) == 0);
	must(stat_of(c, "foreign").st_gid == NOBODY);
	must(walk(c, USER_FID, 1, "setgid") == 0);
	must(create_as(c, 1, "new", 02755, GROUP) == 0);
	must((stat_of(c, "setgid/new").st_mode & S_ISGID) == 0);
	/* What it has just made it can use, though it could not open it. */
	must(walk(c, USER_FID, 4, "") == 0);
	must(lcreate(c, 4, "without", P9_DOTL_RDWR | P9_DOTL_EXCL, 0, GROUP) == 0);
	must(twrite(c, 4, 0, "x", 1) == 1 && set_size(c, 4, 0) == 0);
	must(walk(c, 4, 5, "") == 0 && lopen(c, 5, P9_DOTL_RDONLY) == -EACCES);
	/* Nothing that its user may not do. */
	must(walk(c, USER_FID, 2, "roots") == 0);
	must(lopen(c, 2, P9_DOTL_RDWR) == -EACCES);
	must(set_mode(c, 2, 0777) == -EPERM);
	must(set_size(c, 2, 0) == -EACCES);
	must(setattr(c, 2, (struct wish){.valid = P9_SETATTR_UID, .uid = NOBODY}) == -EPERM);
	must(walk(c, USER_FID, 3, "rootdir") == 0);
	must(tmkdir(c, 3, "x", 0755, ~0u) == -EACCES);
	must(tunlinkat(c, 3, "x", 0) < 0);
	_exit(0);
}

static void a_server_that_is_not_roots(void **state)
{
	struct client *c = *state;
	int status;
	pid_t pid;

	need_root();
	assert_int_equal(fchmodat(c->dir_fd, ".", 0777, 0), 0);
	make_file(c, "roots", "x");
	make_dir(c, "rootdir");
	make_dir(c, "setgid");
	assert_int_equal(fchownat(c->dir_fd, "setgid", 0, FOREIGN, 0), 0);
	assert_int_equal(fchmodat(c->dir_fd, "setgid", 02777, 0), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		serve_as_nobody(c->dir);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		print_message("the condition in line %d, or 256 more\n", WEXITSTATUS(status));
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_root, teardown_client)
		T(what_is_made_is_the_guests_users),
		T(a_failure_leaves_the_server_itself),
		T(a_setgid_directory_grants_no_foreign_group),
		T(a_group_of_the_users_own_may_be_granted),
		T(nor_does_it_grant_one_of_the_servers),
		T(a_write_drops_the_bits_that_give_rights),
		T(the_first_write_drops_them),
		T(a_new_owner_drops_them_too),
		T(a_server_that_is_not_roots),
#undef T
	};

	return cmocka_run_group_tests_name("p9 owner", tests, NULL, NULL);
}
