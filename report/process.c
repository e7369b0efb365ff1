/* SPDX-License-Identifier: Apache-2.0 */
#include "report/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/exit_code.h"

/* How long a group has from being asked to being made to end. */
#define GRACE_MS 5000

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* --- starting --------------------------------------------------------------------------------------- */

static int add_files(posix_spawn_file_actions_t *files, int captured, int pipe)
{
	const int other = captured == STDOUT_FILENO ? STDERR_FILENO : STDOUT_FILENO;
	int err = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (!err)
		err = posix_spawn_file_actions_addopen(files, other, "/dev/null", O_WRONLY, 0);
	return err ? err : posix_spawn_file_actions_adddup2(files, pipe, captured);
}

/* As a shell would start it: signals as this program found them. */
static int add_attributes(posix_spawnattr_t *attributes, const struct signals *signals)
{
	const short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	sigset_t defaults;
	int err = posix_spawnattr_setflags(attributes, flags);

	(void)sigemptyset(&defaults);
	(void)sigaddset(&defaults, SIGPIPE);
	(void)sigaddset(&defaults, SIGXFSZ);
	if (!err)
		err = posix_spawnattr_setpgroup(attributes, 0);
	if (!err)
		err = posix_spawnattr_setsigmask(attributes, &signals->outer);
	return err ? err : posix_spawnattr_setsigdefault(attributes, &defaults);
}

static int spawn(const struct process *process, const struct signals *signals, int pipe, pid_t *pid,
		 uint64_t *start)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int err = posix_spawn_file_actions_init(&files);

	if (err)
		return -err;
	err = posix_spawnattr_init(&attributes);
	if (!err) {
		err = add_files(&files, process->captured, pipe);
		if (!err)
			err = add_attributes(&attributes, signals);
		*start = now_ns();
		if (!err)
			err = posix_spawn(pid, process->file, &files, &attributes, process->argv,
					  process->envp);
		(void)posix_spawnattr_destroy(&attributes);
	}
	(void)posix_spawn_file_actions_destroy(&files);
	return -err;
}

/* --- waiting ---------------------------------------------------------------------------------------- */

static void keep_head(struct process *process, const char *data, size_t len)
{
	const size_t room = PROCESS_HEAD_MAX - process->head_len;

	if (len > room)
		len = room;
	memcpy(process->head + process->head_len, data, len);
	process->head_len += len;
	process->head[process->head_len] = '\0';
}

/* Keeps the end of it: what a program says last is why it ends. Warnings come first. */
static void keep(struct process *process, const char *data, size_t len)
{
	keep_head(process, data, len);
	if (len > PROCESS_TEXT_MAX) {
		data += len - PROCESS_TEXT_MAX;
		len = PROCESS_TEXT_MAX;
	}
	if (process->text_len + len > PROCESS_TEXT_MAX) {
		const size_t gone = process->text_len + len - PROCESS_TEXT_MAX;
		memmove(process->text, process->text + gone, process->text_len - gone);
		process->text_len -= gone;
	}
	memcpy(process->text + process->text_len, data, len);
	process->text_len += len;
	process->text[process->text_len] = '\0';
}

/* False: nobody will write any more. */
static bool read_some(struct process *process, int pipe)
{
	char buffer[4096];
	const ssize_t n = read(pipe, buffer, sizeof(buffer));

	if (n > 0)
		keep(process, buffer, (size_t)n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* What is in the pipe now: what still writes there is none of the program any more. */
static void read_rest(struct process *process, int pipe)
{
	const size_t capacity = 1 << 20;
	char buffer[4096];
	ssize_t n;

	for (size_t total = 0; total < capacity; total += (size_t)n) {
		n = read(pipe, buffer, sizeof(buffer));
		if (n <= 0)
			break;
		keep(process, buffer, (size_t)n);
	}
}

static int remaining_ms(uint64_t deadline)
{
	const uint64_t now = now_ns();

	if (!deadline)
		return -1;
	return now >= deadline ? 0 : (int)((deadline - now) / 1000000 + 1);
}

/* Until it has ended (0), or is to be: -EINTR, -ETIMEDOUT, or -errno. */
static int wait_for_end(struct process *process, struct signals *signals, int pidfd, int pipe,
			uint64_t deadline)
{
	struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN},
			       {.fd = pipe, .events = POLLIN},
			       {.fd = signals->fd, .events = POLLIN}};

	if (signals_caught(signals))
		return -EINTR;
	for (;;) {
		const int ready = poll(fds, 3, remaining_ms(deadline));
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready == 0)
			return -ETIMEDOUT;
		if (ready < 0)
			continue;
		if (fds[0].revents)
			return 0;
		if (fds[2].revents && signals_caught(signals))
			return -EINTR;
		if (fds[1].revents && !read_some(process, pipe))
			fds[1].fd = -1;
	}
}

static void reap(struct process *process, pid_t pid)
{
	siginfo_t info = {0};

	while (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0 && errno == EINTR)
		;
	process->status =
		info.si_code == CLD_EXITED ? info.si_status : EXIT_SIGNAL_BASE + info.si_status;
}

/* The whole group, before its leader is waited for: until then its number is nobody else's. */
static void end_group(pid_t pid, int pidfd)
{
	struct pollfd end = {.fd = pidfd, .events = POLLIN};
	const uint64_t deadline = now_ns() + (uint64_t)GRACE_MS * 1000000;

	(void)kill(-pid, SIGTERM);
	(void)kill(-pid, SIGCONT);
	if (pidfd >= 0) {
		while (poll(&end, 1, remaining_ms(deadline)) < 0 && errno == EINTR)
			;
	}
	(void)kill(-pid, SIGKILL);
}

int process_run(struct process *process, struct signals *signals)
{
	int pipe[2];
	uint64_t start = 0;
	pid_t pid;

	process->text_len = 0;
	process->text[0] = '\0';
	process->head_len = 0;
	process->head[0] = '\0';
	process->ns = 0;
	if (signals_caught(signals))
		return -EINTR;
	if (pipe2(pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	_cleanup_close_ int reading = pipe[0];
	_cleanup_close_ int writing = pipe[1];
	/* Only this end is non-blocking: the other is the program's, which does not expect it. */
	if (fcntl(writing, F_SETFL, 0) < 0)
		return -errno;
	int err = spawn(process, signals, writing, &pid, &start);
	if (err)
		return err;
	(void)close(steal_fd(&writing));
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	const uint64_t deadline =
		process->timeout_s ? start + (uint64_t)process->timeout_s * 1000000000 : 0;
	err = pidfd < 0 ? -errno : wait_for_end(process, signals, pidfd, reading, deadline);
	if (err)
		end_group(pid, pidfd);
	reap(process, pid);
	process->ns = now_ns() - start;
	read_rest(process, reading);
	return err;
}

bool process_find_line(const struct process *process, const char *prefix, char *line, size_t size)
{
	const size_t len = strlen(prefix);
	const char *at = process->head;

	while (at && strncmp(at, prefix, len) != 0) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	if (!at)
		return false;
	at += len;
	(void)snprintf(line, size, "%.*s", (int)strcspn(at, "\r\n"), at);
	return true;
}

const char *process_last_line(struct process *process)
{
	char *text = process->text;
	size_t len = process->text_len;

	while (len && strchr("\r\n \t", text[len - 1]))
		len--;
	text[len] = '\0';
	char *newline = memrchr(text, '\n', len);
	return newline ? newline + 1 : text;
}
