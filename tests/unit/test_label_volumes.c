/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of volumes: remembered, given, taken back, whatever happens in between. */
#include "tests/unit/fake_selinux.h"

#include <signal.h>
#include <sys/xattr.h>

#include "label/state.h"
#include "label/volumes.h"

#define ALONE "system_u:object_r:snug_file_t:s0:c1,c2"
#define ALL   "system_u:object_r:snug_file_t:s0"

static struct tree tree;
static char state_path[PATH_MAX], top_path[PATH_MAX];
static struct captured captured;

static int set_up(void **state)
{
	(void)state;
	fake_reset();
	tree_make(&tree);
	tree_write(&tree, "/top/dir/file", "x", 1);
	tree_write(&tree, "/top/other", "x", 1);
	tree_write(&tree, "/outside", "x", 1);
	assert_int_equal(symlink("../outside", tree_path(&tree, "/top/link")), 0);
	FORMAT(state_path, "%s/state/labels", tree.root);
	FORMAT(top_path, "%s/top", tree.root);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_reset();
	tree_remove(&tree);
	return 0;
}

static int open_object(const char *below)
{
	const int fd = open(tree_path(&tree, below), O_PATH | O_NOFOLLOW | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void set_label(const char *below, const char *context)
{
	const int fd = open_object(below);

	assert_int_equal(fake_label_fd(fd, context), 0);
	(void)close(fd);
}

static void assert_labelled(const char *below, const char *context)
{
	const int fd = open_object(below);
	char *now;

	assert_int_equal(fake_of_fd(fd, &now), 0);
	assert_string_equal(now, context);
	free(now);
	(void)close(fd);
}

static void open_state(struct state *opened)
{
	assert_int_equal(state_open(opened, state_path, STATE_MAKE), 0);
}

/* As a run: a descriptor that stands for it. */
static int give(const char *path, const char *level, bool alone)
{
	struct state opened;
	const int top = open(path, O_PATH | O_CLOEXEC);
	const struct state_tree wanted = {top, path, level, alone};

	open_state(&opened);
	stderr_begin(&captured);
	const int fd = state_give(&opened, &fake_selinux, &wanted);
	stderr_end(&captured);
	state_close(&opened);
	(void)close(top);
	return fd;
}

static unsigned mend(int wanted)
{
	struct state opened;
	unsigned count;

	open_state(&opened);
	stderr_begin(&captured);
	assert_int_equal(state_mend(&opened, &fake_selinux, &count), wanted);
	stderr_end(&captured);
	state_close(&opened);
	return count;
}

static void given_and_taken_back(void **state)
{
	(void)state;
	set_label("/top/other", "root:object_r:etc_t:s0:c5");
	set_label("/top/dir/file", ALL);
	const int run = give(top_path, "s0:c1,c2", true);
	assert_true(run >= 0);
	assert_labelled("/top", ALONE);
	assert_labelled("/top/dir/file", ALONE);
	assert_labelled("/top/link", ALONE);
	assert_labelled("/top/other", "root:object_r:snug_file_t:s0:c1,c2");
	assert_labelled("/outside", FILE_CONTEXT);
	/* Nothing is done while the run is there. */
	assert_int_equal(mend(0), 0);
	assert_labelled("/top", ALONE);
	(void)close(run);
	assert_int_equal(mend(0), 1);
	assert_labelled("/top", FILE_CONTEXT);
	assert_labelled("/top/dir", FILE_CONTEXT);
	assert_labelled("/top/dir/file", ALL);
	assert_labelled("/top/link", FILE_CONTEXT);
	assert_labelled("/top/other", "root:object_r:etc_t:s0:c5");
	assert_int_equal(mend(0), 0);
}

/* What a guest and others did meanwhile. */
static void what_changed_meanwhile(void **state)
{
	char from[PATH_MAX];

	(void)state;
	set_label("/top/dir", "a:object_r:dir_t:s0");
	set_label("/top/other", "a:object_r:other_t:s0");
	const int run = give(top_path, "s0:c1,c2", true);
	tree_write(&tree, "/top/dir/new/deep", "x", 1);
	set_label("/top/dir/new", ALONE);
	set_label("/top/dir/new/deep", ALL);
	FORMAT(from, "%s/top/other", tree.root);
	assert_int_equal(rename(from, tree_path(&tree, "/top/dir/moved")), 0);
	assert_int_equal(unlink(tree_path(&tree, "/top/link")), 0);
	set_label("/top/dir/file", "a:object_r:chosen_t:s0");
	(void)close(run);
	assert_int_equal(mend(0), 1);
	assert_labelled("/top/dir/new", "a:object_r:dir_t:s0");
	assert_labelled("/top/dir/new/deep", "a:object_r:dir_t:s0");
	assert_labelled("/top/dir/moved", "a:object_r:other_t:s0");
	assert_labelled("/top/dir/file", "a:object_r:chosen_t:s0");
}

static void who_may_have_what(void **state)
{
	char below[PATH_MAX];

	(void)state;
	FORMAT(below, "%s/dir", top_path);
	const int run = give(top_path, "s0:c1,c2", true);
	assert_true(run >= 0);
	assert_int_equal(give(top_path, "s0:c3,c4", true), -EBUSY);
	assert_one_line(captured.text);
	assert_contains(captured.text, "another run has");
	assert_int_equal(give(below, "s0:c3,c4", true), -EBUSY);
	assert_int_equal(give(below, "s0", false), -EBUSY);
	assert_int_equal(give(tree.root, "s0", false), -EBUSY);
	(void)close(run);
	assert_int_equal(mend(0), 1);
	/* Beside it is something else, also if it begins alike. */
	tree_mkdir(&tree, "/top2");
	FORMAT(below, "%s2", top_path);
	const int beside[] = {give(top_path, "s0:c1,c2", true), give(below, "s0:c3,c4", true)};
	assert_true(beside[0] >= 0 && beside[1] >= 0);
	(void)close(beside[0]);
	(void)close(beside[1]);
	assert_int_equal(mend(0), 2);
}

static void the_last_of_several_takes_back(void **state)
{
	(void)state;
	const int first = give(top_path, "s0", false);
	const int second = give(top_path, "s0", false);
	assert_true(first >= 0 && second >= 0);
	assert_labelled("/top", ALL);
	assert_int_equal(give(top_path, "s0:c1,c2", true), -EBUSY);
	(void)close(first);
	assert_int_equal(mend(0), 0);
	assert_labelled("/top", ALL);
	(void)close(second);
	assert_int_equal(mend(0), 1);
	assert_labelled("/top", FILE_CONTEXT);
}

/* It stops half-way, as if it was killed, or may not go on. */
static void half_given(void **state)
{
	(void)state;
	fake.labels_left = 2;
	fake.label_error = -EPERM;
	assert_int_equal(give(top_path, "s0:c1,c2", true), -EPERM);
	assert_one_line(captured.text);
	fake.label_error = -EOPNOTSUPP;
	assert_int_equal(mend(-EOPNOTSUPP), 0);
	assert_contains(captured.text, "not all labels");
	fake.labels_left = UINT32_MAX;
	assert_int_equal(mend(0), 1);
	assert_labelled("/top", FILE_CONTEXT);
	assert_labelled("/top/dir/file", FILE_CONTEXT);
	fake.labels_left = 0;
	assert_int_equal(give(top_path, "s0", false), -EOPNOTSUPP);
	assert_contains(captured.text, "its file system has no labels");
}

static void write_file(const char *below, const char *text)
{
	tree_write(&tree, below, text, strlen(text));
}

static void journals_that_are_none(void **state)
{
	char text[PATH_MAX + 64];

	(void)state;
	tree_mkdir(&tree, "/state/labels");
	write_file("/state/labels/labels-1", "");
	FORMAT(text, "snug labels 1\ntree 1 %s\ngiven a:b:c:s0\n5 x", top_path);
	write_file("/state/labels/labels-2", text);
	/* Never completed: no label was changed. */
	assert_int_equal(mend(0), 2);
	FORMAT(text, "snug labels 1\ntree 1 %s\ngiven a:b:c:s0\nend\n", top_path);
	write_file("/state/labels/labels-3", text); /* another directory is there now */
	assert_int_equal(mend(0), 1);
	assert_contains(captured.text, "is gone");
	write_file("/state/labels/labels-4", "snug labels 2\n");
	assert_int_equal(mend(-EBADMSG), 0);
	assert_int_equal(unlink(tree_path(&tree, "/state/labels/labels-4")), 0);
	/* What another user could have put there is not followed. */
	assert_int_equal(symlink("../../outside", tree_path(&tree, "/state/labels/labels-5")), 0);
	assert_int_equal(mend(-ELOOP), 0);
}

static void places_that_are_not_safe(void **state)
{
	struct state opened;

	(void)state;
	tree_mkdir(&tree, "/state/labels");
	assert_int_equal(chmod(state_path, 0777), 0);
	stderr_begin(&captured);
	assert_int_equal(state_open(&opened, state_path, STATE_MAKE), -EPERM);
	stderr_end(&captured);
	assert_one_line(captured.text);
	assert_int_equal(rmdir(state_path), 0);
	assert_int_equal(symlink("/tmp", state_path), 0);
	stderr_begin(&captured);
	assert_true(state_open(&opened, state_path, STATE_MAKE) < 0);
	stderr_end(&captured);
	assert_int_equal(unlink(state_path), 0);
	assert_int_equal(state_open(&opened, state_path, STATE_IF_FREE), -ENOENT);
}

static void nobody_waits_without_need(void **state)
{
	struct state first, second;

	(void)state;
	open_state(&first);
	assert_int_equal(state_open(&second, state_path, STATE_IF_FREE), -EWOULDBLOCK);
	state_close(&first);
	assert_int_equal(state_open(&second, state_path, STATE_IF_FREE), 0);
	state_close(&second);
}

/* Labels that other processes see: in attributes, where this user may have such. */
static int attribute_of_fd(int fd, char **context)
{
	char name[32], value[256];

	FORMAT(name, "/proc/self/fd/%d", fd);
	const ssize_t len = getxattr(name, "trusted.snug-test", value, sizeof(value) - 1);
	if (len < 0 && errno != ENODATA)
		return -errno;
	value[len < 0 ? 0 : len] = '\0';
	return fake_copy(len < 0 ? FILE_CONTEXT : value, context);
}

static int attribute_label_fd(int fd, const char *context)
{
	char name[32];

	FORMAT(name, "/proc/self/fd/%d", fd);
	return setxattr(name, "trusted.snug-test", context, strlen(context), 0) < 0 ? -errno : 0;
}

static const struct selinux attribute_selinux = {
	.mode = fake_mode,
	.of_fd = attribute_of_fd,
	.label_fd = attribute_label_fd,
};

static bool file_is(const char *below, const char *context)
{
	for (unsigned i = 0; i < 100; i++) {
		const int fd = open_object(below);
		char *now = NULL;

		assert_int_equal(attribute_of_fd(fd, &now), 0);
		const bool same = strcmp(now, context) == 0;
		free(now);
		(void)close(fd);
		if (same)
			return true;
		(void)usleep(50000);
	}
	return false;
}

static bool attributes_can_be_had(void)
{
	const int top = open_object("/top");
	const bool can = attribute_label_fd(top, FILE_CONTEXT) == 0;

	(void)close(top);
	return can;
}

/* Of a run, in a process of its own: whatever ends it, another one takes its labels back. */
static void the_end_of_a_run(void **state)
{
	struct label_request request = {.state_path = state_path, .volume_count = 1};
	struct kept_fds kept = {.count = 0};
	int said[2];
	char c = 0;

	(void)state;
	if (!attributes_can_be_had()) {
		printf("skipped: no trusted attributes here, or not for this user\n");
		skip();
	}
	const int top = open_object("/top");
	assert_int_equal(pipe(said), 0);
	request.volumes[0] = (struct label_volume){top, true, RELABEL_ALONE, "top"};
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		c = volumes_label(&attribute_selinux, &request, "u:r:snug_t:s0:c1,c2", &kept) ==
			    0 &&
		    kept.count == 1;
		(void)!write(said[1], &c, 1);
		(void)pause();
	}
	assert_int_equal(read(said[0], &c, 1), 1);
	assert_int_equal(c, 1);
	assert_true(file_is("/top/link", ALONE));
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(file_is("/top/link", FILE_CONTEXT));
	assert_true(file_is("/top/dir/file", FILE_CONTEXT));
	(void)close(top);
	(void)close(said[0]);
	(void)close(said[1]);
}

static void what_is_never_labelled(void **state)
{
	struct label_request request = {.state_path = state_path, .volume_count = 1};
	struct kept_fds kept = {.count = 0};
	const int fd = open("/usr", O_PATH | O_CLOEXEC);

	(void)state;
	request.volumes[0] = (struct label_volume){fd, true, RELABEL_ALL, "/usr"};
	stderr_begin(&captured);
	assert_int_equal(volumes_label(&fake_selinux, &request, "u:r:snug_t:s0:c1,c2", &kept),
			 -EPERM);
	stderr_end(&captured);
	assert_one_line(captured.text);
	assert_contains(captured.text, "/usr is not to be labelled");
	request.state_path = NULL;
	stderr_begin(&captured);
	assert_int_equal(volumes_label(&fake_selinux, &request, "u:r:snug_t:s0:c1,c2", &kept),
			 -ENOENT);
	stderr_end(&captured);
	assert_one_line(captured.text);
	assert_int_equal(fake.label_count, 0);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(given_and_taken_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_changed_meanwhile, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_may_have_what, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_last_of_several_takes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(half_given, set_up, tear_down),
		cmocka_unit_test_setup_teardown(journals_that_are_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(places_that_are_not_safe, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_waits_without_need, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_end_of_a_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_never_labelled, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
