/* SPDX-License-Identifier: Apache-2.0 */
/* Which label a run gets, and what is said where it can have none; its command line; its streams. */
#include "tests/unit/fake_selinux.h"

#include <sys/socket.h>

#include "core/util.h"
#include "label/access.h"
#include "label/choose.h"
#include "label/context.h"
#include "label/request.h"

static struct captured captured;
static unsigned reservations; /* until -EADDRINUSE */

static int reserve(const struct pair *pair)
{
	(void)pair;
	if (reservations == 0)
		return -EADDRINUSE;
	reservations--;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int set_up(void **state)
{
	(void)state;
	fake_reset();
	reservations = UINT32_MAX;
	return 0;
}

static struct label_request dynamic(void)
{
	return (struct label_request){.source = LABEL_DYNAMIC, .monitor = "/proc/self/exe"};
}

static int choose(const struct label_request *request, struct label *label)
{
	stderr_begin(&captured);
	int err = label_choose(&fake_selinux, fake.mode, request, reserve, label);
	stderr_end(&captured);
	return err;
}

static void assert_label(const struct label_request *request, const char *context, bool reserved)
{
	struct label label;

	assert_int_equal(choose(request, &label), 0);
	assert_string_equal(captured.text, "");
	assert_string_equal(label.context, context);
	assert_int_equal(label.reservation >= 0, reserved);
	label_free(&label);
}

static void a_label_of_ones_own(void **state)
{
	struct label_request request = dynamic();

	(void)state;
	fake.own = "staff_u:staff_r:staff_t:s0-s0:c8,c7";
	assert_label(&request, "staff_u:staff_r:snug_t:s0:c7,c8", true);
	/* Files are made with the lower end. */
	request.volumes[request.volume_count++] =
		(struct label_volume){.rw = true, .relabel = RELABEL_ALONE, .path = "/a"};
	assert_label(&request, "staff_u:staff_r:snug_t:s0:c7,c8", true);
	request.volumes[request.volume_count++] = (struct label_volume){.rw = true, .path = "/b"};
	assert_label(&request, "staff_u:staff_r:snug_t:s0-s0:c7,c8", true);
	request.source = LABEL_INHERIT;
	assert_label(&request, fake.own, false);
}

static void a_label_that_is_given(void **state)
{
	struct label_request request = dynamic();

	(void)state;
	request.source = LABEL_STATIC;
	request.label = "a:b:snug_t:s0-s0:c1,c2";
	assert_label(&request, request.label, true);
	/* Two runs may be given the same. */
	reservations = 0;
	assert_label(&request, request.label, false);
	request.label = "a:b:snug_t:s0";
	assert_label(&request, request.label, false);
	request.label = "a:b:snug_t";
	assert_label(&request, request.label, false);
}

static void assert_refused(const struct label_request *request, const char *why)
{
	struct label label;

	assert_true(choose(request, &label) < 0);
	assert_one_line(captured.text);
	assert_contains(captured.text, "snug: SELinux: ");
	assert_contains(captured.text, why);
	assert_null(label.context);
	label_free(&label);
	/* The same is a warning where nothing is enforced, and the run goes on without. */
	fake.mode = SELINUX_PERMISSIVE;
	assert_int_equal(choose(request, &label), 0);
	assert_one_line(captured.text);
	assert_contains(captured.text,
			"warning: SELinux is permissive, and this run gets no label");
	assert_contains(captured.text, why);
	assert_null(label.context);
	assert_int_equal(label.reservation, -1);
	fake.mode = SELINUX_ENFORCING;
}

static void labels_that_cannot_be_had(void **state)
{
	struct label_request request = dynamic();

	(void)state;
	fake.own = "u:r:t:s0";
	assert_refused(&request, "semanage login");
	fake.own = "u:r:t";
	assert_refused(&request, "without MCS");
	fake.own = USER_CONTEXT;
	reservations = 0;
	assert_refused(&request, "in use by another run");
	reservations = UINT32_MAX;
	fake.unknown = "snug_";
	assert_refused(&request, "make install-policy");
	fake.unknown = "unconfined_r:snug_t";
	assert_refused(&request, "newrole");
	fake.unknown = NULL;
	fake.forbidden = "transition";
	assert_refused(&request, "may not become");
	fake.forbidden = "entrypoint";
	assert_refused(&request, "restorecon");
	request.source = LABEL_STATIC;
	request.label = "a:b:c:s0";
	fake.unknown = "a:b:c";
	assert_refused(&request, "knows no label a:b:c:s0");
}

static void permissive_is_said_once(void **state)
{
	const struct label_request request = dynamic();
	struct label label;

	(void)state;
	fake.mode = SELINUX_PERMISSIVE;
	assert_int_equal(choose(&request, &label), 0);
	assert_one_line(captured.text);
	assert_contains(captured.text, "warning: SELinux is permissive");
	assert_non_null(label.context);
	label_free(&label);
}

static void levels(void **state)
{
	static const struct {
		const char *context, *lowest, *upper;
	} rows[] = {
		{"u:r:t-x:s0:c1,c2", "s0", "s0:c1,c2"},
		{"u:r:t:s0-s0:c1,c2", "s0", "s0:c1,c2"},
		{"u:r:t:s1:c4-s3:c4.c8", "s1", "s3:c4.c8"},
		{"u:r:t:s0", "s0", "s0"},
	};
	char *lowest = NULL, *upper = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(context_levels(rows[i].context, &lowest, &upper), 0);
		assert_string_equal(lowest, rows[i].lowest);
		assert_string_equal(upper, rows[i].upper);
		free(lowest);
		free(upper);
	}
	assert_int_equal(context_levels("u:r:t", &lowest, &upper), -EOPNOTSUPP);
	assert_int_equal(context_levels("no context", &lowest, &upper), -EINVAL);
}

static int parse(struct label_request *request, char *const words[], size_t count)
{
	static char copies[16][128];
	char *argv[17] = {NULL};

	assert_true(count <= ARRAY_SIZE(copies));
	for (size_t i = 0; i < count; i++) {
		FORMAT(copies[i], "%s", words[i]);
		argv[i] = copies[i];
	}
	stderr_begin(&captured);
	int err = label_request_parse(request, argv);
	stderr_end(&captured);
	return err;
}
#define PARSE(request, ...)                                                            \
	parse(request, (char *const[]){(char *)(uintptr_t) "snug-label", __VA_ARGS__}, \
	      sizeof((const char *const[]){"", __VA_ARGS__}) / sizeof(char *))
#define W(text) ((char *)(uintptr_t)(text))

static void the_command_line(void **state)
{
	struct label_request request;

	(void)state;
	assert_int_equal(PARSE(&request, W("run"), W("--security=dynamic"),
			       W("--volume=11:rw:Z:/a:b"), W("--volume=12:ro:no:/c"),
			       W("--state=/s"), W("--proc=7"), W("--verbose"), W("--"), W("/m"),
			       W("m"), W("--kvm=3")),
			 0);
	assert_int_equal(request.action, LABEL_RUN);
	assert_int_equal(request.volume_count, 2);
	assert_int_equal(request.volumes[0].fd, 11);
	assert_true(request.volumes[0].rw);
	assert_int_equal(request.volumes[0].relabel, RELABEL_ALONE);
	assert_string_equal(request.volumes[0].path, "/a:b");
	assert_false(request.volumes[1].rw);
	assert_int_equal(request.proc_fd, 7);
	assert_string_equal(request.state_path, "/s");
	assert_string_equal(request.monitor, "/m");
	assert_string_equal(request.argv[1], "--kvm=3");
	assert_null(request.argv[2]);
	assert_int_equal(PARSE(&request, W("mend"), W("--state=/s")), 0);
	assert_int_equal(request.action, LABEL_MEND);
	assert_int_equal(PARSE(&request, W("show"), W("--security=static"), W("--label=x"), W("--"),
			       W("/m"), W("m")),
			 0);
	assert_string_equal(request.label, "x");
}

static void wrong_command_lines(void **state)
{
	static char *const wrong[] = {
		W("--security=other"),
		W("--volume=x:rw:no:/a"),
		W("--volume=3:rx:no:/a"),
		W("--volume=3:rw:y:/a"),
		W("--volume=3:rw:/a"),
		W("--proc=-1"),
		W("--else"),
		W("--security=static"),
		W("--label=x"),
	};
	struct label_request request;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_true(PARSE(&request, W("run"), wrong[i], W("--"), W("/m"), W("m")) < 0);
		assert_one_line(captured.text);
	}
	assert_true(PARSE(&request, W("run"), W("--")) < 0);
	assert_true(PARSE(&request, W("mend")) < 0);
	assert_true(PARSE(&request, W("else")) < 0);
	assert_true(PARSE(&request) < 0);
}

/* Whatever it is on here, fake_selinux says of its label what the test wants. */
static int streams_on(int fd)
{
	const int saved = dup(STDIN_FILENO);

	assert_true(saved >= 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	stderr_begin(&captured);
	int err = access_streams(&fake_selinux, "u:r:snug_t:s0:c1,c2");
	stderr_end(&captured);
	assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	(void)close(saved);
	return err;
}

static void pipes_are_lowered(void **state)
{
	char *context;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fake_label_fd(fds[0], USER_CONTEXT), 0);
	fake.forbidden = "read";
	fake.forbidden_for = "c1023";
	assert_int_equal(streams_on(fds[0]), 0);
	assert_int_equal(fake_of_fd(fds[0], &context), 0);
	assert_string_equal(context, "unconfined_u:unconfined_r:unconfined_t:s0");
	free(context);
	/* It does not help, or may not be done. */
	fake.forbidden_for = "unconfined_t";
	assert_int_equal(streams_on(fds[0]), -EACCES);
	assert_one_line(captured.text);
	assert_contains(captured.text, "standard input");
	fake.forbidden_for = "c1023";
	assert_int_equal(fake_label_fd(fds[0], USER_CONTEXT), 0);
	fake.labels_left = 0;
	fake.label_error = -EACCES;
	assert_int_equal(streams_on(fds[0]), -EACCES);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void sockets_are_lowered_and_files_are_not(void **state)
{
	char *context;
	int fds[2];

	(void)state;
	fake.forbidden = "read";
	fake.forbidden_for = "c1023";
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(fake_label_fd(fds[0], USER_CONTEXT), 0);
	assert_int_equal(streams_on(fds[0]), 0);
	(void)close(fds[0]);
	(void)close(fds[1]);
	fds[0] = memfd_create("file", MFD_CLOEXEC);
	assert_true(fds[0] >= 0);
	assert_int_equal(fake_label_fd(fds[0], USER_CONTEXT), 0);
	assert_int_equal(streams_on(fds[0]), -EACCES);
	assert_int_equal(fake_of_fd(fds[0], &context), 0);
	assert_string_equal(context, USER_CONTEXT);
	free(context);
	(void)close(fds[0]);
}

static void volumes_that_will_not_do(void **state)
{
	struct label_request request = dynamic();
	const int fd = open("/", O_PATH | O_CLOEXEC);

	(void)state;
	request.volumes[0] = (struct label_volume){.fd = fd, .rw = true, .path = "/data"};
	request.volume_count = 1;
	fake.forbidden = "add_name";
	stderr_begin(&captured);
	access_volumes(&fake_selinux, "x", &request);
	stderr_end(&captured);
	assert_one_line(captured.text);
	assert_contains(captured.text, "volume /data: SELinux will not let CMD write to it");
	request.volumes[0].rw = false;
	stderr_begin(&captured);
	access_volumes(&fake_selinux, "x", &request);
	fake.forbidden = "search";
	request.volumes[0].relabel = RELABEL_ALL;
	access_volumes(&fake_selinux, "x", &request);
	stderr_end(&captured);
	assert_string_equal(captured.text, "");
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_label_of_ones_own, set_up),
		cmocka_unit_test_setup(a_label_that_is_given, set_up),
		cmocka_unit_test_setup(labels_that_cannot_be_had, set_up),
		cmocka_unit_test_setup(permissive_is_said_once, set_up),
		cmocka_unit_test(levels),
		cmocka_unit_test(the_command_line),
		cmocka_unit_test(wrong_command_lines),
		cmocka_unit_test_setup(pipes_are_lowered, set_up),
		cmocka_unit_test_setup(sockets_are_lowered_and_files_are_not, set_up),
		cmocka_unit_test_setup(volumes_that_will_not_do, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
