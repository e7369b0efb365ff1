/* SPDX-License-Identifier: Apache-2.0 */
/* Each test plays in a child of its own, whose standard descriptors it may bend. */
#include "tests/unit/tree.h"

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

#include "launcher/stdio.h"

/* In a child, a false condition ends it with the line it stands on. */
#define EXPECT(condition)                       \
	do {                                    \
		if (!(condition))               \
			_exit(__LINE__ & 0xff); \
	} while (0)

static void in_child(void (*play)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		play();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("the child failed on line %d (mod 256)", WEXITSTATUS(status));
}

static bool is_dev_null(int fd)
{
	struct stat st, null;

	return fstat(fd, &st) == 0 && stat("/dev/null", &null) == 0 && st.st_rdev == null.st_rdev;
}

static void play_closed(void)
{
	struct stdio stdio;

	(void)close(0);
	(void)close(2);
	EXPECT(stdio_begin(&stdio) == 0);
	EXPECT(stdio.closed[0] && !stdio.closed[1] && stdio.closed[2]);
	EXPECT(is_dev_null(0) && is_dev_null(2));
	EXPECT((fcntl(0, F_GETFL) & O_ACCMODE) == O_RDONLY);
	EXPECT((fcntl(2, F_GETFL) & O_ACCMODE) == O_WRONLY);
	int next = open("/dev/null", O_RDONLY);
	EXPECT(next > 2);
	EXPECT(!stdio.tty);
}

static void closed_descriptors_are_filled(void **state)
{
	(void)state;
	in_child(play_closed);
}

static void play_all_closed(void)
{
	struct stdio stdio;

	for (int fd = 0; fd <= 2; fd++)
		(void)close(fd);
	EXPECT(stdio_begin(&stdio) == 0);
	EXPECT(stdio.closed[0] && stdio.closed[1] && stdio.closed[2]);
	EXPECT(is_dev_null(0) && is_dev_null(1) && is_dev_null(2));
}

static void all_closed(void **state)
{
	(void)state;
	in_child(play_all_closed);
}

static void play_pipes(void)
{
	struct stdio stdio;
	int in[2], out[2];
	char byte = 0;

	EXPECT(pipe(in) == 0 && pipe(out) == 0);
	EXPECT(dup2(in[0], 0) == 0 && dup2(out[1], 1) == 1);
	EXPECT(stdio_begin(&stdio) == 0);
	EXPECT(!stdio.tty && !stdio.closed[0]);
	stdio_reopen(&stdio);
	EXPECT(fcntl(0, F_GETFL) & O_NONBLOCK);
	EXPECT(fcntl(1, F_GETFL) & O_NONBLOCK);
	EXPECT((fcntl(1, F_GETFL) & O_ACCMODE) == O_WRONLY);
	EXPECT(!(fcntl(0, F_GETFD) & FD_CLOEXEC));
	/* The caller's own are as they were. */
	EXPECT(!(fcntl(in[0], F_GETFL) & O_NONBLOCK));
	EXPECT(!(fcntl(out[1], F_GETFL) & O_NONBLOCK));
	/* And they are the same pipes. */
	EXPECT(write(in[1], "x", 1) == 1 && read(0, &byte, 1) == 1 && byte == 'x');
	EXPECT(write(1, "y", 1) == 1 && read(out[0], &byte, 1) == 1 && byte == 'y');
	EXPECT(read(0, &byte, 1) == -1 && errno == EAGAIN);
	/* Nothing keeps a second writer open: the end of stdout is seen. */
	EXPECT(close(out[1]) == 0 && close(1) == 0);
	EXPECT(read(out[0], &byte, 1) == 0);
}

static void pipes_get_a_description_of_their_own(void **state)
{
	(void)state;
	in_child(play_pipes);
}

static void play_broken_pipe(void)
{
	struct stdio stdio;
	int out[2];

	EXPECT(pipe(out) == 0 && dup2(out[1], 1) == 1);
	EXPECT(close(out[0]) == 0);
	EXPECT(stdio_begin(&stdio) == 0);
	stdio_reopen(&stdio);
	EXPECT(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	EXPECT(write(1, "x", 1) == -1 && errno == EPIPE);
}

static void a_broken_pipe_stays_broken(void **state)
{
	(void)state;
	in_child(play_broken_pipe);
}

/* A FIFO nobody reads cannot be opened again without waiting: ENXIO. */
static void play_fifo(void)
{
	char dir[] = "/tmp/snug-unit-XXXXXX", path[64];
	struct stdio stdio;

	EXPECT(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof(path), "%s/fifo", dir);
	EXPECT(mkfifo(path, 0600) == 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK);
	int writer = open(path, O_WRONLY);
	EXPECT(unlink(path) == 0 && rmdir(dir) == 0);
	EXPECT(reader >= 0 && writer >= 0 && close(reader) == 0 && dup2(writer, 1) == 1);
	EXPECT(stdio_begin(&stdio) == 0);
	stdio_reopen(&stdio);
	EXPECT(!(fcntl(1, F_GETFL) & O_NONBLOCK));
	EXPECT((fcntl(1, F_GETFL) & O_ACCMODE) == O_WRONLY);
}

static void what_cannot_be_opened_again_stays(void **state)
{
	(void)state;
	in_child(play_fifo);
}

static void play_file(void)
{
	char path[] = "/tmp/snug-unit-XXXXXX";
	struct stdio stdio;
	int pair[2];
	int fd = mkstemp(path);

	EXPECT(fd >= 0 && unlink(path) == 0);
	EXPECT(fcntl(fd, F_SETFL, O_APPEND) == 0);
	EXPECT(write(fd, "12345", 5) == 5);
	EXPECT(dup2(fd, 1) == 1);
	EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && dup2(pair[0], 0) == 0);
	EXPECT(stdio_begin(&stdio) == 0);
	stdio_reopen(&stdio);
	EXPECT(fcntl(1, F_GETFL) & O_APPEND);
	EXPECT(!(fcntl(1, F_GETFL) & O_NONBLOCK) && !(fcntl(0, F_GETFL) & O_NONBLOCK));
	EXPECT(lseek(1, 0, SEEK_CUR) == 5);
	EXPECT(lseek(fd, 2, SEEK_SET) == 2 && lseek(1, 0, SEEK_CUR) == 2);
}

static void files_and_sockets_stay(void **state)
{
	(void)state;
	in_child(play_file);
}

/* A terminal of its own on 0, 1 and 2; returns the master. */
static int use_terminal(unsigned short rows, unsigned short columns)
{
	struct winsize size = {.ws_row = rows, .ws_col = columns};
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	char name[64];

	EXPECT(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	EXPECT(ptsname_r(master, name, sizeof(name)) == 0);
	int slave = open(name, O_RDWR | O_NOCTTY);
	EXPECT(slave >= 0 && ioctl(slave, TIOCSWINSZ, &size) == 0);
	for (int fd = 0; fd <= 2; fd++)
		EXPECT(dup2(slave, fd) == fd);
	return master;
}

static void play_terminal(void)
{
	struct stdio stdio;
	int before;

	(void)use_terminal(50, 132);
	before = dup(0);
	EXPECT(stdio_begin(&stdio) == 0);
	EXPECT(stdio.tty && stdio.stderr_is_tty);
	EXPECT(stdio.rows == 50 && stdio.columns == 132);
	stdio_reopen(&stdio);
	for (int fd = 0; fd <= 2; fd++)
		EXPECT(isatty(fd) && (fcntl(fd, F_GETFL) & O_NONBLOCK));
	EXPECT(!(fcntl(before, F_GETFL) & O_NONBLOCK));
}

static void a_terminal(void **state)
{
	(void)state;
	in_child(play_terminal);
}

static void play_sizeless_terminal(void)
{
	struct stdio stdio;

	(void)use_terminal(0, 0);
	EXPECT(stdio_begin(&stdio) == 0);
	EXPECT(stdio.rows == 24 && stdio.columns == 80);
}

static void a_terminal_without_a_size(void **state)
{
	(void)state;
	in_child(play_sizeless_terminal);
}

static void play_redirected_stderr(void)
{
	struct stdio stdio;
	int out[2];

	(void)use_terminal(1, 1);
	EXPECT(pipe(out) == 0 && dup2(out[1], 2) == 2);
	EXPECT(stdio_begin(&stdio) == 0);
	EXPECT(stdio.tty && !stdio.stderr_is_tty);
	EXPECT(dup2(out[1], 1) == 1);
	EXPECT(stdio_begin(&stdio) == 0);
	EXPECT(!stdio.tty && !stdio.stderr_is_tty);
}

static void redirected_output_is_no_terminal(void **state)
{
	(void)state;
	in_child(play_redirected_stderr);
}

/* Opening a master again would give another terminal altogether. */
static void play_master(void)
{
	struct stdio stdio;
	unsigned number, same;
	int master = use_terminal(1, 1);

	EXPECT(ioctl(master, TIOCGPTN, &number) == 0);
	EXPECT(dup2(master, 0) == 0);
	EXPECT(stdio_begin(&stdio) == 0);
	stdio_reopen(&stdio);
	EXPECT(ioctl(0, TIOCGPTN, &same) == 0 && same == number);
}

static void a_master_side_stays(void **state)
{
	(void)state;
	in_child(play_master);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closed_descriptors_are_filled),
		cmocka_unit_test(all_closed),
		cmocka_unit_test(pipes_get_a_description_of_their_own),
		cmocka_unit_test(a_broken_pipe_stays_broken),
		cmocka_unit_test(what_cannot_be_opened_again_stays),
		cmocka_unit_test(files_and_sockets_stay),
		cmocka_unit_test(a_terminal),
		cmocka_unit_test(a_terminal_without_a_size),
		cmocka_unit_test(redirected_output_is_no_terminal),
		cmocka_unit_test(a_master_side_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
